"""The server is killed with a state on its way; the one after it delivers it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from accounts.claims import lifecycle, profile
from accounts.database import Database
from accounts.delivery.service import Delivery
from accounts.login.models import Account
from accounts.outbox import Outbox
from mappings import IndexNames
from peerscope import engine
from peerscope.cli import main
from peerscope.settings import Settings
from tests.people import signer

if TYPE_CHECKING:
    from pathlib import Path

#: Times that the server is killed; KILLS=10 in the environment is a harder trial.
KILLS = int(os.environ.get("KILLS", "3"))
ADA = "0000-0001-0000-0009"


def serve(port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PEERSCOPE_WORKERS": "2", "PEERSCOPE_LOG": "off"}
    command = [sys.executable, "-m", "peerscope", "serve", "--port", str(port)]
    return subprocess.Popen(command, env=environment, start_new_session=True)


def wait(holds: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


@pytest.mark.kill
def test_kill_9_of_the_server_loses_no_state(prefix: str, unused_port: int, tmp_path: Path) -> None:
    work = {"id": "arxiv:1", "title": "On engines", "authors": [{"name": "Ada Lovelace", "orcid": ADA}]}
    (tmp_path / "works.jsonl").write_text(json.dumps(work), encoding="utf-8")
    assert CliRunner().invoke(main, ["index", str(tmp_path / "works.jsonl")]).exit_code == 0
    client, names, database = (
        engine.connect(Settings.load()),
        IndexNames(prefix),
        Database.from_settings(Settings.load()),
    )
    database.migrate()
    delivery = Delivery(database, client, names, signer())
    (hit,) = client.search(index=names.researchers, body={"query": {"match_all": {}}})["hits"]["hits"]
    record = hit["_source"]

    def stored() -> dict[str, Any]:
        found: dict[str, Any] = client.get(index=names.researchers, id=record["id"])["_source"]
        return found

    with database.begin() as session:
        session.add(ada := Account(name="Ada", orcid=ADA))
        session.flush()
        lifecycle.make_claim(session, ada.id, record)
    for round_ in range(KILLS):
        server = serve(unused_port)
        try:
            wait(delivery.is_complete, 60)
            wait(lambda: stored()["claimed"], 10)
            with database.begin() as session:
                profile.update_profile(session, ada.id, {"bio": f"Round {round_}."})
            # Somewhere between the noting of it and the end of its delivery.
            time.sleep(round_ % 5 * 0.3)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        with database.read() as session:
            noted = session.scalars(select(Outbox)).all()
        assert noted or stored()["owner"]["bio"] == f"Round {round_}."
    # Nobody serves: the lease is free, and by hand it is done too.
    answer = CliRunner().invoke(main, ["people", "sync"])
    assert answer.output == "1 researchers have a state; the index is up to date.\n"
    assert stored()["owner"]["bio"] == f"Round {KILLS - 1}."
    server = serve(unused_port)
    try:
        wait(delivery.is_complete, 60)
        with database.begin() as session:
            profile.update_profile(session, ada.id, {"bio": "Delivered by the server."})
        began = time.monotonic()
        wait(lambda: stored()["owner"]["bio"] == "Delivered by the server.", 30)
        assert "The running server has delivered" in CliRunner().invoke(main, ["people", "sync"]).output
        assert time.monotonic() - began < 30
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    client.close()
    database.close()
