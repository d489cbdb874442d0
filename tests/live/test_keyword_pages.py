"""Pages of keyword search, whose hits and count come from two searches, against one search that scores all works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from search_api.http.services import KEY
from search_api.retrieval.syntax import parse
from search_api.works import queries
from search_api.works.fields import SORTS

if TYPE_CHECKING:
    from flask import Flask

WORDS = (
    "neurons",
    "neuron",
    "learning the motor cortex",
    "universities university universal",
    "general generally generations",
    "author:kording recordings",
    '"neural networks" muscle',
    "title:model translation",
    "recording from many neurons",
)


@pytest.mark.parametrize("text", WORDS)
@pytest.mark.parametrize("facets", [None, "year"])
def test_all_pages_together_are_the_list_that_one_search_ranks(
    get: Any, sample_app: Flask, text: str, facets: str | None
) -> None:
    asked: dict[str, Any] = {"q": text, "mode": "keyword", "expand": "false", "per_page": 7}
    if facets:
        asked["facets"] = facets
    body = {"query": queries.any_word(parse(text)), "sort": SORTS["relevance"].order, "size": 1_000}
    services = sample_app.extensions[KEY]
    ranked = [hit["_id"] for hit in services.search(services.names.works, body)["hits"]["hits"]]
    first = get("/works", **asked)
    assert first["meta"]["count"] == len(ranked) > 0
    last = (len(ranked) - 1) // 7 + 1
    for page in {1, 2, (last + 1) // 2, last - 1, last} & set(range(1, last + 1)):
        results = get("/works", **asked, page=page)["results"]
        assert [work["id"] for work in results] == ranked[7 * (page - 1) : 7 * page]
    if facets:
        assert 0 < sum(bucket["count"] for bucket in first["facets"]["year"]) <= len(ranked)


def test_a_filter_on_a_counted_field_narrows_hits_and_count_alike(get: Any) -> None:
    asked: dict[str, Any] = {"q": "neurons", "mode": "keyword", "facets": "year", "per_page": 100}
    whole = get("/works", **asked)
    year = whole["facets"]["year"][0]["key"]
    part = get("/works", **asked, year=year)
    of_year = [work["id"] for work in whole["results"] if work["year"] == int(year)]
    assert [work["id"] for work in part["results"]] == of_year
    assert part["meta"]["count"] == len(part["results"]) < whole["meta"]["count"] <= 100
    counts = [[(bucket["key"], bucket["count"]) for bucket in found["facets"]["year"]] for found in (part, whole)]
    assert counts[0] == counts[1]
