"""Did you mean, over the sample: what is suggested finds something, and nothing is suggested without need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask


@pytest.fixture
def meta(sample_app: Flask) -> Any:
    client = sample_app.test_client()

    def meta(q: str, mode: str = "keyword", **params: Any) -> dict[str, Any]:
        answer = client.get("/api/v1/works", query_string={"q": q, "mode": mode, "per_page": 1, **params})
        found: dict[str, Any] = answer.get_json()["meta"]
        return found

    return meta


@pytest.mark.parametrize("mode", ["keyword", "hybrid"])
@pytest.mark.parametrize(
    ("query", "suggested"),
    [
        ("nueral", "neural"),
        ("Nueral netwroks", "Neural networks"),
        ('"nueral  networks" -bran', '"neural  networks" -bran'),
        ("title:nueral", "title:neural"),
        ("author:Kordng", "author:Kording"),
        ("\U0001f600 nueral", "\U0001f600 neural"),
    ],
)
def test_a_misspelt_query_gets_one_that_finds_something(meta: Any, query: str, suggested: str, mode: str) -> None:
    assert meta(query, mode)["did_you_mean"] == suggested
    followed = meta(suggested, mode)
    assert followed["count"] > 0
    assert "did_you_mean" not in followed


def test_one_misspelt_word_among_others_is_corrected_by_keyword(meta: Any) -> None:
    assert meta("nueral networks of language")["did_you_mean"] == "neural networks of language"
    assert "did_you_mean" not in meta("nueral networks of language", "hybrid")


@pytest.mark.parametrize("query", ["neural decoding", "Kording", "xqzzwv", "-nueral", "***", "", "2019", '"'])
def test_nothing_is_suggested_without_need(meta: Any, query: str) -> None:
    for mode in ("keyword", "hybrid", "semantic"):
        assert "did_you_mean" not in meta(query, mode)


def test_what_would_find_nothing_under_the_filters_is_not_suggested(meta: Any) -> None:
    assert "did_you_mean" not in meta("nueral", topic="no.such")
    assert "did_you_mean" not in meta('"nueral xylophone"')


@pytest.mark.parametrize("mode", ["keyword", "hybrid", "semantic"])
@pytest.mark.parametrize(
    "query",
    [
        *("photosynthesis chlorophyll leaves sunlight plants", "cooking recipes", "football world cup", "cooking"),
        *("baysian infrence brain", "kordng decoding", "nueral netwroks", "decodign of movment", "volcanoe erruption"),
        "recipes for chocolate cake with vanilla use method of baking photosynthesis and a nueral network",
    ],
)
@pytest.mark.parametrize("filters", [{}, {"year": "2010-2016"}])
def test_what_is_suggested_finds_something_in_its_mode(
    meta: Any, query: str, mode: str, filters: dict[str, str]
) -> None:
    suggested = meta(query, mode, **filters).get("did_you_mean")
    if suggested:
        assert meta(suggested, mode, **filters)["count"] > 0
    stop_words = {"with", "of", "for", "and", "a"} & set(query.split())
    assert not suggested or stop_words <= set(suggested.split())
    assert mode != "semantic" or not suggested


def test_a_topic_that_is_not_here_is_not_taken_for_another(meta: Any) -> None:
    for query in ("football world cup", "cooking recipes", "photosynthesis chlorophyll leaves sunlight plants"):
        assert "did_you_mean" not in meta(query, "hybrid")


def test_a_misspelt_name_among_words_is_corrected_in_hybrid_mode(meta: Any) -> None:
    found = meta("kordng decoding", "hybrid")
    assert found["count"] > 0
    assert found["did_you_mean"] == "kording decoding"


def test_the_page_links_to_it(sample_app: Flask) -> None:
    page = sample_app.test_client().get("/search?q=nueral&mode=keyword&sort=title").get_data(as_text=True)
    assert '<a href="/search?mode=keyword&amp;sort=title&amp;q=neural"><b>neural</b></a>?' in page
