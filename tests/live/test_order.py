"""Pages of a ranked list partition it also where many results have one score."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames, drop
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

#: More than lie on a page and are looked at beyond it.
ALIKE = [f"arxiv:2001.{number:05}" for number in range(80)]
LIKE = "arxiv:2002.00001"


@pytest.fixture(scope="module")
def client(opensearch: OpenSearch, silent: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Works with one title and no abstract, those with higher ids indexed first, and one that is like them."""
    folder: Path = tmp_path_factory.mktemp("order")
    titles = dict.fromkeys(ALIKE, "Notes on glial calcium waves") | {LIKE: "More notes on glial calcium waves"}
    works = [{"id": id_, "title": title, "authors": [{"name": "Ada Lovelace"}]} for id_, title in titles.items()]
    names = IndexNames(f"order-{uuid4().hex[:8]}-")
    for part in (works[40:], works):
        (folder / "works.jsonl").write_text("".join(json.dumps(work) + "\n" for work in part), encoding="utf-8")
        run.index(
            opensearch,
            names,
            embedding.load(Settings.load()),
            open_sources([str(folder / "works.jsonl")]),
            folder,
            silent,
        )
    opensearch.indices.refresh(index=names.works)
    yield create_app(services=Services(opensearch, names)).test_client()
    drop(opensearch, names)


@pytest.mark.parametrize("url", ["/works?q=glial+notes&", f"/works/{LIKE}/similar?"])
def test_pages_partition_a_list_of_ties(client: FlaskClient, url: str) -> None:
    pages = [client.get(f"/api/v1{url}select=id&per_page=10&page={page}").get_json() for page in range(1, 10)]
    seen = [result["id"] for page in pages for result in page["results"] if result["id"] in ALIKE]
    assert seen == ALIKE
