"""Where results end: made-up words find nothing, and words that the collection lacks do not find half of it."""

from __future__ import annotations

from typing import Any

import pytest

MODES = ("hybrid", "semantic", "keyword")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", ["zxqwv blorptang", "qqqq wwww eeee", "xkcdish florbin quazzle", "asdfghjkl"])
def test_made_up_words_find_nothing(get: Any, query: str, mode: str) -> None:
    response = get("/works", q=query, mode=mode)
    assert (response["results"], response["meta"]["count"]) == ([], 0)
    nearest = response["meta"].get("nearest", [])
    assert len(nearest) == (0 if mode == "keyword" else 5)
    cosines = [work["semantic"] for work in nearest]
    assert cosines == sorted(cosines, reverse=True)
    assert all(set(work) == {"id", "title", "semantic"} for work in nearest)


@pytest.mark.parametrize("query", ["quantum computing", "COVID-19", "protein folding", "volcano eruption"])
def test_what_the_collection_is_not_about_finds_little(get: Any, query: str) -> None:
    assert get("/works", q=query)["meta"]["count"] <= 20


def test_nearest_works_pass_the_filters(get: Any) -> None:
    nearest = get("/works", q="zxqwv blorptang", topic="q-bio.NC")["meta"]["nearest"]
    assert nearest
    for work in nearest:
        assert "q-bio.NC" in [topic["id"] for topic in get(f"/works/{work['id']}")["topics"]]


def test_what_is_found_offers_no_nearest(get: Any) -> None:
    assert "nearest" not in get("/works", q="neural recording")["meta"]


def test_one_common_word_of_a_query_is_no_match(get: Any) -> None:
    words = ["people", "combine", "what", "they", "see", "when", "moving", "their", "arm"]
    enough, one = (get("/works", q=by.join(words))["meta"]["count"] for by in (" ", " OR "))
    assert 0 < enough < one


def test_a_match_by_one_word_is_explained_by_it(get: Any) -> None:
    results = get("/works", q="neurons syntax", mode="keyword", explain="true", per_page=100)["results"]
    assert results
    assert all(work["match"]["keyword"] > 0 for work in results)


def test_words_may_be_scattered_over_text_and_authors(get: Any) -> None:
    found = get("/works", q="kording recordings", mode="keyword")["results"]
    assert found
    assert all("Kording" in str(work["authors"]) for work in found)
