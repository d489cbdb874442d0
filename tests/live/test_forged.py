"""Another user of the machine writes to an unprotected OpenSearch, to own a profile; see docs/security.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from accounts.claims import lifecycle
from accounts.claims.orcid_proof import with_proven_orcid
from accounts.delivery.service import Delivery
from accounts.login.models import Account
from indexer.run import run
from indexer.sources import open_sources
from peerscope import embedding
from peerscope.settings import Settings
from tests.people import signer

if TYPE_CHECKING:
    from pathlib import Path

    from opensearchpy import OpenSearch

    from accounts.database import Database
    from indexer.staging.report import Report
    from mappings import IndexNames

EVE = "0000-0002-1825-0097"


def test_a_written_orcid_gives_no_profile_and_the_next_run_repairs_the_works(
    opensearch: OpenSearch, names: IndexNames, database: Database, silent: Any, tmp_path: Path
) -> None:
    file, embedder = tmp_path / "works.jsonl", embedding.load(Settings.load())
    work = {"id": "arxiv:1", "title": "On engines", "authors": [{"name": "Ada Lovelace"}]}
    file.write_text(json.dumps(work) + "\n", encoding="utf-8")

    def index() -> Report:
        home = tmp_path / "home"
        return run.index(opensearch, names, embedder, open_sources([str(file)]), home, silent, signer=signer())

    def ada() -> dict[str, Any]:
        opensearch.indices.refresh(index=f"{names.works},{names.researchers}")
        (hit,) = opensearch.search(index=names.researchers, body={})["hits"]["hits"]
        source: dict[str, Any] = hit["_source"]
        return source

    index()
    record = ada()
    stored = opensearch.get(index=names.works, id="arxiv:1")["_source"]
    forged = [{**entry, "orcid": EVE} for entry in stored["researchers"]]
    change = {"doc": {"researchers": forged, "orcid_signature": "0" * 64}}
    opensearch.update(index=names.works, id="arxiv:1", body=change)
    opensearch.update(index=names.researchers, id=record["id"], body={"doc": {"orcid": EVE, "ids": [EVE]}})
    assert ada()["orcid"] == EVE

    with database.begin() as session:
        session.add(account := Account(name="Eve", orcid=EVE))
        session.flush()
        proven = with_proven_orcid(opensearch, names, signer(), ada())
        assert lifecycle.make_claim(session, account.id, proven).status == "pending"
    delivery = Delivery(database, opensearch, names, signer())
    delivery.deliver_all()
    with database.begin() as session:
        assert lifecycle.owner_of(session, record["id"]) is None
    assert ada()["claimed"] is False

    assert index().counts.changed == 1, "the work is not what the source says"
    assert ada()["orcid"] is None
    assert index().counts.unchanged == 1
    # The same iD from a source is a proof.
    work["authors"] = [{"name": "Ada Lovelace", "orcid": EVE}]
    file.write_text(json.dumps(work) + "\n", encoding="utf-8")
    index()
    delivery.deliver_all()
    with database.begin() as session:
        owner = lifecycle.owner_of(session, ada()["id"])
        assert owner is not None
        assert owner.proof == "orcid"
    assert index().counts.unchanged == 1
