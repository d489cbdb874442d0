"""Filters narrow: a query has one result set, and every filter returns exactly its part of it.

Random queries, modes, facets and values over the sample; the seed is in the name of a failing test.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from search_api.researchers.fields import FACETS as FACETS_OF_RESEARCHERS
from search_api.works.fields import FACETS as FACETS_OF_WORKS

if TYPE_CHECKING:
    from flask.testing import FlaskClient


WORDS = (
    *("neurons", "learning", "the motor cortex", "language models", "muscle", "translation of sentences", "bayesian"),
    *(
        "recording from many neurons at once",
        "estimation",
        "-neural",
        "title:model",
        '"neural networks"',
        "zxqwv",
        "of",
    ),
    *("how do people combine what they see with what they feel when they move their arm to reach for a cup", "kording"),
)
MODES = ("hybrid", "semantic", "keyword")
SEEDS = range(12)


def all_ids(get: Any, path: str, **params: Any) -> set[str]:
    """Return the ids of all results, read page by page."""
    ids: set[str] = set()
    for page in range(1, 101):
        response = get(path, **{**params, "page": page, "per_page": 100, "select": "id"})
        ids |= {result["id"] for result in response["results"]}
        if response["links"]["next"] is None:
            assert len(ids) == response["meta"]["count"], params
            return ids
    raise AssertionError("The list has no end.")


def drawn_values(chance: random.Random, facets: dict[str, list[dict[str, Any]]], name: str, count: int) -> list[Any]:
    return chance.sample(facets[name], min(count, len(facets[name])))


@pytest.mark.parametrize("seed", SEEDS)
def test_filters_of_works_return_their_part(get: Any, seed: int) -> None:
    chance = random.Random(seed)
    query = {
        "q": chance.choice(WORDS),
        "mode": MODES[seed % len(MODES)],
        "sort": chance.choice(("relevance", "newest")),
    }
    check_parts(get, "/works", query, FACETS_OF_WORKS, chance)


@pytest.mark.parametrize("seed", SEEDS)
def test_filters_of_researchers_return_their_part(get: Any, seed: int) -> None:
    chance = random.Random(seed)
    name = chance.choice(("", "", "kording", "chen", "j smith"))
    query = ({"about": chance.choice(WORDS), "q": name}, {"q": name})[seed % 2]
    check_parts(get, "/researchers", query, FACETS_OF_RESEARCHERS, chance)


def check_parts(get: Any, path: str, query: dict[str, Any], facets: tuple[str, ...], chance: random.Random) -> None:
    """Check counts, unions and subsets for drawn values of every facet, also under a filter on another one."""
    everything = all_ids(get, path, **query)
    counted = get(path, facets=",".join(facets), per_page=1, **query)["facets"]
    fixed: dict[str, Any] = {}
    for name in chance.sample(facets, len(facets)):
        parts: list[set[str]] = []
        for value in drawn_values(chance, counted, name, 2):
            part = all_ids(get, path, **query, **fixed, **{name: value["key"]})
            assert len(part) == value["count"], (query, fixed, name, value)
            assert part <= everything
            parts.append(part)
        if len(parts) == 2:
            values = [value["key"] for value in drawn_values(chance, counted, name, 2)]
            single = [all_ids(get, path, **query, **fixed, **{name: key}) for key in values]
            assert all_ids(get, path, **query, **fixed, **{name: values}) == single[0] | single[1]
        if parts and not fixed and parts[0]:
            fixed = {name: drawn_values(chance, counted, name, 1)[0]["key"]}
            others = ",".join(other for other in facets if other != name)
            counted = counted | get(path, facets=others, per_page=1, **query, **fixed)["facets"]


@pytest.mark.parametrize("mode", MODES)
def test_an_excluded_value_leaves_the_others(get: Any, mode: str) -> None:
    query = {"q": "recording from many neurons", "mode": mode}
    value = get("/works", facets="topic", per_page=1, **query)["facets"]["topic"][0]["key"]
    chosen, others = all_ids(get, "/works", topic=value, **query), all_ids(get, "/works", topic=f"!{value}", **query)
    assert chosen | others == all_ids(get, "/works", **query)
    assert not chosen & others


@pytest.mark.parametrize("mode", MODES)
def test_exports_feeds_and_sorts_read_the_same_set(client: FlaskClient, get: Any, mode: str) -> None:
    query = {"q": "learning to move", "mode": mode, "topic": "q-bio.NC"}
    found = all_ids(get, "/works", **query)
    exported = client.get("/api/v1/works", query_string={**query, "format": "jsonl", "select": "id"})
    assert {line.split('"')[3] for line in exported.get_data(as_text=True).splitlines()} == found
    for sort in ("newest", "title", "most_cited"):
        assert all_ids(get, "/works", **query, sort=sort) == found
    latest = {work["id"] for work in get("/works", **query, sort="latest", per_page=50)["results"]}
    feed = client.get("/feeds/works.atom", query_string=query).get_data(as_text=True)
    assert feed.count("<entry>") == len(latest)


@pytest.mark.parametrize("mode", MODES)
def test_filters_keep_the_order_and_the_scores(get: Any, mode: str) -> None:
    query = {"q": "recording from many neurons", "mode": mode, "per_page": 100}
    whole = {work["id"]: work.get("score") for work in get("/works", **query)["results"]}
    narrowed = [work["id"] for work in get("/works", topic="q-bio.NC", **query)["results"]]
    shared = [id_ for id_ in narrowed if id_ in whole]
    assert shared == [id_ for id_ in whole if id_ in set(shared)]
    assert len(shared) > 5
