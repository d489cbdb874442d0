"""Institutions over several runs: names that get an id later are replaced on the works that have them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from accounts.follows.activity import new_works
from accounts.follows.models import Follow
from indexer.institutions.ror import load
from indexer.run import run
from indexer.sources import open_sources
from peerscope import embedding
from peerscope.settings import Settings
from search_api.http.errors import Problem
from search_api.http.services import Services
from search_api.institutions.search import find

if TYPE_CHECKING:
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.staging.report import Report
    from mappings import IndexNames

DUMP = [
    {
        "id": "https://ror.org/0a2222222",
        "status": "active",
        "names": [{"value": "University of California, Los Angeles", "types": ["ror_display", "label"], "lang": "en"}],
    }
]


def work(number: int, affiliation: str) -> dict[str, Any]:
    author = {"name": f"Author Number{chr(65 + number)}", "affiliation": affiliation}
    return {"id": f"arxiv:2001.{number:05}", "title": f"Work {number} on spiking neurons", "authors": [author]}


def test_a_dump_and_decisions_apply_to_indexed_works(
    opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path
) -> None:
    embedder, home, file = embedding.load(Settings.load()), tmp_path / "home", tmp_path / "works.jsonl"
    works = [work(0, "UCLA"), work(1, "Dept. of CS, University of California at Los Angeles"), work(2, "Zyx Labs")]
    works += [work(3, "UCLA and Zyx Labs")]

    def index() -> Report:
        file.write_text("".join(json.dumps(item) + "\n" for item in works), encoding="utf-8")
        report = run.index(opensearch, names, embedder, open_sources([str(file)]), home, silent)
        opensearch.indices.refresh(index=f"{names.works},{names.researchers},{names.institutions}")
        return report

    def stored(index: str, field: str) -> dict[str, list[str]]:
        hits = opensearch.search(index=index, body={"size": 50, "sort": ["id"]})["hits"]["hits"]
        return {hit["_id"]: sorted(item["id"] for item in hit["_source"][field]) for hit in hits}

    def institutions() -> dict[str, int]:
        hits = opensearch.search(index=names.institutions, body={"size": 50})["hits"]["hits"]
        return {hit["_id"]: hit["_source"]["works_count"] for hit in hits}

    index()
    assert institutions() == {"university-of-california-los-angeles": 3, "zyx-labs": 2}
    (home / "ror.json").write_text(json.dumps(DUMP), encoding="utf-8")
    load(home / "ror.json", home)
    assert index().counts.changed == 0
    assert institutions() == {"ror:0a2222222": 3, "zyx-labs": 2}
    services, former = Services(opensearch, names), "university-of-california-los-angeles"
    assert find(services, former)["id"] == "ror:0a2222222"
    with pytest.raises(Problem):
        find(services, "university-of-california")
    follow = Follow(id="f", kind="institution", target=former, label="UCLA", created_at=datetime.now(UTC))
    assert new_works(services, [follow], None, datetime.now(UTC), 9)["count"] == 0  # they are older than the follow
    follow.created_at = datetime(2020, 1, 1, tzinfo=UTC)
    assert new_works(services, [follow], None, datetime.now(UTC), 0)["count"] == 3
    (home / "institutions.toml").write_text(
        '[[institution]]\nname = "Zyx University"\nid = "x:1"\nnames = ["Zyx Labs"]\n', encoding="utf-8"
    )
    index()
    assert institutions() == {"ror:0a2222222": 3, "x:1": 2}
    assert sorted(stored(names.works, "institutions").values()) == [
        ["ror:0a2222222"], ["ror:0a2222222"], ["ror:0a2222222", "x:1"], ["x:1"],
    ]  # fmt: skip
    researchers = stored(names.researchers, "institutions")
    assert sorted(researchers.values()) == [["ror:0a2222222"], ["ror:0a2222222"], ["ror:0a2222222"], ["x:1"]]
    generation = index().generation
    assert generation is None, "nothing is left to do"
