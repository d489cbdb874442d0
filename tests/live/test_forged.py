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


def test_an_orcid_written_into_the_records_of_a_work_is_left_out_when_they_are_merged_again(
    opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path
) -> None:
    embedder = embedding.load(Settings.load())

    def index(name: str, *works: dict[str, Any]) -> None:
        file = tmp_path / name
        file.write_text("".join(json.dumps(work) + "\n" for work in works), encoding="utf-8")
        sources = open_sources([str(file)])
        run.index(opensearch, names, embedder, sources, tmp_path / "home", silent, signer=signer())

    def engines() -> dict[str, Any]:
        opensearch.indices.refresh(index=names.works)
        body = {"query": {"term": {"ids": "acl:1"}}}
        (hit,) = opensearch.search(index=names.works, body=body)["hits"]["hits"]
        stored: dict[str, Any] = hit["_source"]
        return stored

    work = {"id": "acl:1", "doi": "10.1000/a", "title": "On engines", "authors": [{"name": "Ada Lovelace"}]}
    curated = {"name": "Ann Ash", "orcid": "0000-0001-5109-3700"}
    index("a.jsonl", work, {"id": "acl:2", "title": "On boats", "authors": [curated]})
    index("b.jsonl", {**work, "id": "openalex:W1", "venue": "ACL"})
    records = engines()["records"]
    assert len(records) == 2
    other = opensearch.get(index=names.works, id="acl:2")["_source"]
    for forgery in (None, "0" * 64, other["orcid_signature"], other["records_signature"]):
        forged = [{**record, "authors": [{"name": "Ada Lovelace", "orcid": EVE}]} for record in records]
        change = {"doc": {"records": forged, "records_signature": forgery}}
        opensearch.update(index=names.works, id=engines()["id"], body=change)
        # Another record of the work, for which the stored ones are merged again.
        index("c.jsonl", {**work, "id": "pmid:7", "venue": f"Notes {forgery}"})
        merged = engines()
        assert len(merged["sources"]) == 3
        assert [entry["orcid"] for entry in merged["researchers"]] == [None], forgery
        assert merged["orcid_signature"] is None
        assert not [author for record in merged["records"] for author in record["authors"] if author.get("orcid")]
        records = merged["records"]


def test_works_without_authors_are_found_and_have_no_researcher(
    opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path
) -> None:
    embedder, file = embedding.load(Settings.load()), tmp_path / "works.jsonl"
    anonymous = {"id": "local:1", "title": "A standard for engines", "year": 1843}
    placeholder = {"id": "local:2", "title": "Notes on boats", "authors": [{"name": "Anonymous"}]}
    named = {"id": "local:3", "title": "On engines", "authors": [{"name": "Ada Lovelace"}]}
    file.write_text("".join(json.dumps(work) + "\n" for work in (anonymous, placeholder, named)), encoding="utf-8")

    def index() -> Report:
        sources = open_sources([str(file)])
        return run.index(opensearch, names, embedder, sources, tmp_path / "home", silent, signer=signer())

    report = index()
    assert (report.counts.new, report.warnings["no authors"], report.warnings["unnamed author"]) == (3, 1, 1)
    assert index().counts.unchanged == 3
    opensearch.indices.refresh(index=f"{names.works},{names.researchers}")
    body = {"query": {"match": {"title": "standard"}}}
    (hit,) = opensearch.search(index=names.works, body=body)["hits"]["hits"]
    assert (hit["_source"]["id"], hit["_source"]["researchers"]) == ("local:1", [])
    people = opensearch.search(index=names.researchers, body={})["hits"]["hits"]
    assert [person["_source"]["name"] for person in people] == ["Ada Lovelace"]
    file.write_text(json.dumps(named) + "\n", encoding="utf-8")
    options = run.Options(prune=True)
    sources = open_sources([str(file)])
    removed = run.index(opensearch, names, embedder, sources, tmp_path / "home", silent, options, signer=signer())
    assert (removed.counts.removed, removed.counts.unchanged) == (2, 1)
