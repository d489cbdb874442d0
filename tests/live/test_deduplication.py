"""One work is one work: records of several files and runs in OpenSearch, over HTTP and on pages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from indexer.run import run
from indexer.sources import open_sources
from indexer.sources.stored import StoredWorks
from mappings import live
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services

if TYPE_CHECKING:
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.staging.report import Report
    from mappings import IndexNames

BIB = """@inproceedings{quist2020, author = {Quist, Orla and Thal, Benedikt},
 title = {Parsing Rivers with Finite-State Boats}, booktitle = {Proceedings of ACL}, year = {2020}, doi = {10.1000/a}}
"""
PEOPLE = [{"name": "Orla Quist", "id": "acl:orla-quist"}, {"name": "Benedikt Thal"}]


@pytest.fixture
def index(opensearch: OpenSearch, names: IndexNames, silent: Any, tmp_path: Path) -> Any:
    embedder = embedding.load(Settings.load())

    def index(*paths: Path, **options: Any) -> Report:
        sources = open_sources([str(path) for path in paths])
        return run.index(opensearch, names, embedder, sources, tmp_path / "home", silent, run.Options(**options))

    return index


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    library, curated, preprints = (tmp_path / name for name in ("library.bib", "curated.jsonl", "preprints.jsonl"))
    library.write_text(BIB, encoding="utf-8")
    title = "Parsing rivers with finite-state boats"
    record = {"id": "acl:2099.test-1.1", "title": title, "authors": PEOPLE, "year": 2020, "doi": "10.1000/a"}
    curated.write_text(json.dumps(record) + "\n", encoding="utf-8")
    preprint = {"id": "arxiv:1912.00001", "title": title, "authors": PEOPLE, "year": 2019, "topics": ["cs.CL"]}
    other = {"id": "arxiv:1912.00002", "title": "Sails", "authors": PEOPLE[:1], "year": 2019, "venue": "arXiv"}
    preprint["venue"] = "arXiv"
    preprints.write_text(json.dumps(preprint) + "\n" + json.dumps(other) + "\n", encoding="utf-8")
    return [library, curated, preprints]


def everything(client: OpenSearch, names: IndexNames) -> dict[str, dict[str, Any]]:
    """All works and researchers, without times and vectors."""
    found: dict[str, dict[str, Any]] = {}
    for index in (names.works, names.researchers):
        hits = client.search(index=index, body={"size": 100, "query": {"match_all": {}}})["hits"]["hits"]
        found |= {f"{index} {hit['_id']}": hit["_source"] for hit in hits}
    for document in found.values():
        for name in ("added_at", "indexed_at", "embedding"):
            document.pop(name, None)
    return found


def test_several_sources_and_versions_are_one_result(
    index: Any, opensearch: OpenSearch, names: IndexNames, files: list[Path]
) -> None:
    for path in files:
        index(path)
    split = everything(opensearch, names)
    works = [key for key in split if key.startswith(names.works)]
    assert len(works) == 2
    report = index(*reversed(files))
    assert report.counts.unchanged == 4
    index(*reversed(files), rebuild=True)
    together = everything(opensearch, names)
    assert {key for key in together if key.startswith(names.works)} == set(works)
    assert all(together[key] == split[key] for key in works)
    people = [one for key, one in together.items() if key.startswith(names.researchers)]
    assert {one["name"]: one["works_count"] for one in people} == {"Orla Quist": 2, "Benedikt Thal": 1}
    # A rebuild from the index alone keeps every record.
    generation = live(opensearch, names)
    assert generation
    assert len(list(StoredWorks(opensearch, generation))) == 4


def test_pages_and_api_show_sources_and_versions_and_redirect_merged_ids(
    index: Any, names: IndexNames, opensearch: OpenSearch, files: list[Path]
) -> None:
    index(*files)
    client = create_app(services=Services(opensearch, names), extensions=[]).test_client()
    listed = client.get("/api/v1/works?q=finite-state+boats&facets=year,type&mode=keyword").json
    assert listed
    assert [work["id"] for work in listed["results"]] == ["acl:2099.test-1.1"]
    (work,) = listed["results"]
    assert [source["source"] for source in work["sources"]] == ["json", "bibtex", "json"]
    assert [version["id"] for version in work["versions"]] == ["acl:2099.test-1.1", "arxiv:1912.00001"]
    assert "file" not in work["sources"][0]
    for value in listed["facets"]["year"]:
        same = client.get(f"/api/v1/works?q=finite-state+boats&mode=keyword&year={value['key']}").json
        assert same
        assert same["meta"]["count"] == value["count"]
    for merged in ("doi:10.1000/a", "arxiv:1912.00001"):
        for path in (f"/api/v1/works/{merged}", f"/api/v1/works/{merged}/similar", f"/works/{merged}"):
            answer = client.get(path)
            assert answer.status_code == 301, path
            assert answer.headers["Location"].startswith(path.replace(merged, "acl:2099.test-1.1"))
    page = client.get("/works/acl:2099.test-1.1").text
    assert "Versions" in page
    assert "https://arxiv.org/abs/1912.00001" in page
