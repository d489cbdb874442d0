"""Abbreviations that the collection defines, searched with their long forms."""

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

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

    from indexer.run.progress import NoProgress

LONG = "Generative Adversarial Networks"
WORKS = {
    "Boundary-seeking GAN": "We study generative adversarial networks (GANs) on text.",
    "Mode regularized GAN": "Generative adversarial networks (GANs) collapse.",
    LONG: "A new framework with two models.",
    "Gallium": "diodes",
    "Deep learning for images": "convolutional networks",
}
PAIR = {"short": "GAN", "long": "generative adversarial network"}


@pytest.fixture(scope="module")
def pages(
    opensearch: OpenSearch, silent: NoProgress, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    names, home = IndexNames(f"abbreviations-{uuid4().hex[:8]}-"), tmp_path_factory.mktemp("abbreviations")
    drop(opensearch, names)
    records = [
        {"id": f"local:{number}", "title": title, "abstract": abstract, "authors": [{"name": f"Ada Birch {number}"}]}
        for number, (title, abstract) in enumerate(WORKS.items())
    ]
    (home / "works.jsonl").write_text("\n".join(map(json.dumps, records)))
    run.index(
        opensearch, names, embedding.load(Settings.load()), open_sources([str(home / "works.jsonl")]), home, silent
    )
    opensearch.indices.refresh(index=f"{names.prefix}*")
    yield create_app({"SECRET_KEY": "a key for tests"}, Services(opensearch, names), extensions=[]).test_client()
    drop(opensearch, names)


def search(pages: FlaskClient, q: str, **params: Any) -> tuple[list[str], dict[str, Any]]:
    answer = pages.get("/api/v1/works", query_string={"q": q, **params}).get_json()
    return [work["title"] for work in answer["results"]], answer["meta"]


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize(
    "query", ["GAN", "gan", "GANs", "generative adversarial networks", "Generative Adversarial Network"]
)
def test_both_forms_find_the_same_works_the_long_title_first(pages: FlaskClient, query: str, mode: str) -> None:
    titles, meta = search(pages, query, mode=mode)
    assert titles[0] == LONG
    assert {"Boundary-seeking GAN", "Mode regularized GAN"} <= set(titles[:3])
    assert meta["expanded"] == [PAIR]


def test_it_can_be_turned_off(pages: FlaskClient) -> None:
    titles, meta = search(pages, "GAN", mode="keyword", expand="false")
    assert LONG not in titles
    assert "expanded" not in meta
    page = pages.get("/search?q=GAN").text
    assert "GAN = generative adversarial network" in page
    assert "/search?q=GAN&amp;expand=false" in page
    assert "GAN = " not in pages.get("/search?q=GAN&expand=false").text


def test_words_and_literal_queries_are_not_expanded(pages: FlaskClient) -> None:
    for query in ("deep learning", '"GAN"', "networks"):
        assert "expanded" not in search(pages, query)[1]


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
def test_among_other_words_a_form_counts_as_the_word_that_it_stands_for(pages: FlaskClient, mode: str) -> None:
    titles, meta = search(pages, "GAN collapse", mode=mode)
    assert meta["expanded"] == [PAIR]
    assert titles[0] == "Mode regularized GAN"
    # The long form alone is one of two words, which is not enough.
    assert mode == "keyword" or LONG not in titles or titles.index(LONG) > 0
    titles, _ = search(pages, "generative adversarial networks text", mode=mode)
    assert titles[0] == "Boundary-seeking GAN"
