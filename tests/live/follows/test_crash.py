"""kill -9 of the server, of OpenSearch, or of both: what was answered is kept, what is repeated is done once, and the
index agrees in the end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import func, select

from accounts.audit import Audit
from accounts.claims.models import Claim
from accounts.database import Database
from accounts.follows.models import Follow
from accounts.invitations.models import Invitation, Message
from accounts.login.models import Account, ApiToken
from accounts.secrets import digest
from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames
from peerscope import embedding
from peerscope.engine import EngineSettings, connect, wait_until_ready
from peerscope.settings import Settings
from tests.live.mortal_node import MortalNode
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensearchpy import OpenSearch

#: Researchers to follow, and messages to send (below the limit of a minute).
PEOPLE, MESSAGES = 12, 9


class MortalServer:
    """A server that is started again as often as it is killed."""

    def __init__(self, port: int, log: Path) -> None:
        self.port, self.log = port, log.open("wb")
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "peerscope", "serve", "--port", str(self.port)]
        environ = {**os.environ, "PEERSCOPE_WORKERS": "1"}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environ, start_new_session=True)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def persist(self, method: str, path: str, token: str, **body: Any) -> requests.Response:
        """Ask until there is an answer, as a program does that does not know what became of its request."""
        deadline = time.monotonic() + 90
        while True:
            headers = {"Authorization": f"Bearer {token}"}
            address = f"http://127.0.0.1:{self.port}{path}"
            try:
                answer = requests.request(method, address, headers=headers, timeout=10, **body)
                if answer.status_code < 500:
                    return answer
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="module")
def node(node_folder: Path) -> Iterator[MortalNode]:
    mortal = MortalNode(EngineSettings(heap=512, port=free_port(), folder=node_folder / "mortal"))
    yield mortal
    mortal.node.stop()


@pytest.fixture(scope="module")
def opensearch(node: MortalNode) -> Iterator[OpenSearch]:
    """In place of the one that all other tests share."""
    client = connect(replace(node.node.settings, url=node.url))
    wait_until_ready(client)
    yield client
    client.close()


@pytest.fixture
def opensearch_url(node: MortalNode, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PEERSCOPE_OPENSEARCH_URL", node.url)
    return node.url


@pytest.fixture
def accounts(prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Two owners of profiles in a conversation, each with a token that is its name."""
    assert prefix
    url = f"sqlite:///{tmp_path / 'accounts.sqlite'}"
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", url)
    database = Database(url)
    database.migrate()
    with database.begin() as session:
        for name in ("ada", "bob"):
            session.add(Account(id=name, name=name))
            session.add(Claim(account_id=name, researcher_id=f"r-{name}", status="verified", proof="orcid"))
            scopes = ["follow", "collaborate"]
            session.add(ApiToken(account_id=name, digest=digest(name), name="test", scopes=scopes))
        session.flush()
        sides = {"sender_id": "ada", "recipient_id": "bob"}
        researchers = {"sender_researcher_id": "r-ada", "recipient_researcher_id": "r-bob"}
        session.add(Invitation(id="0" * 32, **sides, **researchers, purpose="talk", message="?", status="accepted"))
    yield database
    database.close()


@pytest.fixture
def researchers(prefix: str, opensearch: OpenSearch, silent: Any, tmp_path: Path) -> list[str]:
    """Index one work of each of a dozen people; gives their ids."""
    file = tmp_path / "works.jsonl"
    works = [
        {"id": f"arxiv:2001.{n:05}", "title": f"Work {n}", "authors": [{"name": f"Ada {chr(65 + n)}ovelace"}]}
        for n in range(PEOPLE)
    ]
    file.write_text("".join(json.dumps(one) + "\n" for one in works), encoding="utf-8")
    names = IndexNames(prefix)
    run.index(opensearch, names, embedding.load(Settings.load()), open_sources([str(file)]), tmp_path / "home", silent)
    opensearch.indices.refresh(index=names.researchers)
    hits = opensearch.search(index=names.researchers, body={"size": PEOPLE, "_source": False})["hits"]["hits"]
    return sorted(hit["_id"] for hit in hits)


#: Times that the server is killed in the trial of it alone; KILLS=10 in the environment is a harder trial.
KILLS = int(os.environ.get("KILLS", "4"))


@pytest.mark.kill
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "victims",
    [
        pytest.param(["server"] * KILLS, id="server", marks=pytest.mark.deep),
        pytest.param(["OpenSearch"] * 2, id="OpenSearch", marks=pytest.mark.deep),
        pytest.param(["OpenSearch", "server", "both"], id="one after the other"),
    ],
)
def test_nothing_is_lost_or_doubled_by_whoever_is_killed(
    accounts: Database,
    researchers: list[str],
    prefix: str,
    opensearch: OpenSearch,
    node: MortalNode,
    tmp_path: Path,
    unused_port: int,
    victims: list[str],
) -> None:
    server = MortalServer(unused_port, tmp_path / "log")
    killed: dict[str, list[MortalServer | MortalNode]] = {
        "server": [server],
        "OpenSearch": [node],
        "both": [node, server],
    }
    answered: list[str] = []
    finished = threading.Event()

    def ask() -> None:
        talk = f"/api/v1/me/invitations/{'0' * 32}/messages"
        for number, id_ in enumerate(researchers):
            follow = f"/api/v1/me/follows/researcher/{id_}"
            assert server.persist("PUT", follow, "ada").status_code == 200
            if number < MESSAGES:
                body = {"body": f"Message {number}", "key": f"m{number}"}
                assert server.persist("POST", talk, "bob", json=body).status_code == 201
            if number % 3 == 2:
                assert server.persist("DELETE", follow, "ada").status_code == 204
            answered.append(id_)
        finished.set()

    person = threading.Thread(target=ask)
    person.start()
    try:
        for death, victim in enumerate(victims):
            # Each a little later than the last one, so that it dies before, while and after it answers.
            before = len(answered)
            while not finished.is_set() and len(answered) == before:
                time.sleep(0.001)
            time.sleep(0.004 * death)
            for one in killed[victim]:
                one.kill()
            for one in killed[victim]:
                one.start()
        person.join(timeout=200)
        assert finished.is_set(), (tmp_path / "log").read_text()[-3_000:]
        kept = [id_ for number, id_ in enumerate(researchers) if number % 3 != 2]
        with accounts.read() as session:
            assert sorted(session.scalars(select(Follow.target))) == kept
            said = session.scalars(select(Message.body).order_by(Message.sent_at)).all()
            assert said == [f"Message {number}" for number in range(MESSAGES)]
            counted = session.execute(select(Audit.action, func.count()).group_by(Audit.action)).all()
        removed = PEOPLE - len(kept)
        assert dict(counted) == {
            "follow.add": PEOPLE,
            "follow.remove": removed,
            "message.send": MESSAGES,
        }
        agree(opensearch, IndexNames(prefix), set(kept))
    finally:
        server.kill()
        person.join(timeout=100)
        server.log.close()


def agree(opensearch: OpenSearch, names: IndexNames, followed: set[str]) -> None:
    """Wait until the index counts one follower for each of these, and none for the others."""
    deadline = time.monotonic() + 30
    while True:
        opensearch.indices.refresh(index=names.researchers)
        hits = opensearch.search(index=names.researchers, body={"size": 100})["hits"]["hits"]
        found = {hit["_id"] for hit in hits if hit["_source"]["followers_count"] == 1}
        if found == followed:
            return
        assert time.monotonic() < deadline, found ^ followed
        time.sleep(0.2)
