"""Where results end: made-up words find nothing, and words that the collection lacks do not find half of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

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


@pytest.mark.parametrize("params", [{}, {"year": "2010-"}])
@pytest.mark.parametrize("text", ["zxqwv blorptang", "asdfghjkl", "xkcdish florbin quazzle zxqwv blorptang wwwwq"])
def test_a_text_of_made_up_words_has_no_similar_works(client: FlaskClient, text: str, params: dict[str, str]) -> None:
    answer = client.post("/api/v1/works/similar", json={"text": text}, query_string=params).get_json()
    assert (answer["results"], answer["meta"]["count"]) == ([], 0)
    page = client.get("/related", query_string={"text": text, "show": "works", **params})
    assert page.status_code == 200
    assert "No results" in page.text
    assert 'href="/works/' not in page.text
    assert "No works found" in client.get("/related", query_string={"text": text}).text


@pytest.mark.parametrize("text", ["how the brain controls movements of the arm", "neural decoding", "protein folding"])
def test_similar_works_are_near_or_have_a_word_of_the_text(client: FlaskClient, text: str) -> None:
    url = "/api/v1/works/similar?per_page=100&select=id,reasons"
    found: list[dict[str, Any]] = []
    while url:
        answer = client.post(url, json={"text": text}).get_json()
        found += answer["results"]
        url = answer["links"]["next"]
    assert 0 < len(found) == answer["meta"]["count"]
    near = [work["reasons"]["semantic"] for work in found if not work["reasons"]["keyword"]]
    assert all(cosine >= 0.2 for cosine in near)
