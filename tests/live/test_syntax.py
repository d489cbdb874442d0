"""The query syntax over the sample: what it requires holds for every result, in every mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from search_api.http.services import KEY
from search_api.retrieval.terms import term_ends

if TYPE_CHECKING:
    from flask import Flask

MODES = ["hybrid", "semantic", "keyword"]
KORDING = "konrad-p-kording-4bafdee5"


@pytest.fixture
def find(sample_app: Flask) -> Any:
    client = sample_app.test_client()

    def find(q: str, **params: Any) -> dict[str, Any]:
        response = client.get("/api/v1/works", query_string={"q": q, "per_page": 100, **params})
        answer: dict[str, Any] = response.get_json(force=True)
        assert response.status_code == 200, answer
        return answer

    return find


def ids(answer: dict[str, Any]) -> set[str]:
    return {result["id"] for result in answer["results"]}


def text(work: dict[str, Any]) -> str:
    names = " ".join(author["name"] for author in work["authors"])
    return re.sub(r"\W+", " ", f"{work['title']} {work['abstract'] or ''} {names}".casefold())


@pytest.mark.parametrize("mode", MODES)
def test_a_phrase_is_in_every_result(find: Any, mode: str) -> None:
    answer = find('"neural networks" learning', mode=mode)
    assert answer["meta"]["count"] > 5
    assert all("neural networks" in text(work) for work in answer["results"])
    assert answer["meta"]["count"] < find("neural networks learning", mode="keyword")["meta"]["count"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("excluded", ["-neural", '-"neural network"', "-title:neural", "-author:kording"])
def test_what_is_excluded_is_in_no_result(find: Any, mode: str, excluded: str) -> None:
    answer = find(f"brain recordings {excluded}", mode=mode)
    banned = excluded.rpartition(":")[2].strip('-"')
    assert answer["results"]
    for work in answer["results"]:
        where = work["title"].casefold() if "title" in excluded else text(work)
        where = " ".join(author["name"] for author in work["authors"]).casefold() if "author" in excluded else where
        assert banned not in where, work["title"]


@pytest.mark.parametrize("mode", MODES)
def test_prefixes_hold_for_every_result(find: Any, mode: str) -> None:
    titled = find("title:decoding", mode=mode)
    assert titled["results"]
    assert all("decod" in work["title"].casefold() for work in titled["results"])
    written = find('author:"Konrad Kording" neurons', mode=mode)
    own = ids(find("", researcher=KORDING))
    # By meaning alone, only the works that are near enough to the other words.
    assert written["results"]
    assert ids(written) <= own if mode == "semantic" else ids(written) == own
    assert all(0 <= work["score"] <= 1 for work in written["results"])


@pytest.mark.parametrize("name", ["author:kording", 'author:"kording konrad"', 'author:"Körding"'])
def test_an_author_is_found_in_every_spelling(find: Any, name: str) -> None:
    assert find(name, mode="keyword")["meta"]["count"] == 21


def test_alternatives_find_what_each_finds(find: Any) -> None:
    either = find("title:decoding OR title:language", mode="keyword")
    assert ids(either) == ids(find("title:decoding", mode="keyword")) | ids(find("title:language", mode="keyword"))
    mixed = find('"language model" OR spikes', mode="keyword")
    assert ids(mixed) >= ids(find('"language model"', mode="keyword"))
    assert ids(find("spikes OR syntax", mode="keyword")) == ids(find("spikes syntax", mode="keyword"))


@pytest.mark.parametrize("mode", MODES)
def test_only_exclusions_find_all_but_those(find: Any, mode: str) -> None:
    without = find("-neural", mode=mode)
    assert without["meta"]["count"] == 320 - find("neural", mode="keyword")["meta"]["count"]
    assert {work["score"] for work in without["results"]} == {1.0}
    assert find("-neural", mode=mode, cursor="*")["meta"]["next_cursor"]


def test_a_phrase_of_stop_words_is_found(find: Any) -> None:
    assert find('title:"the"', mode="keyword")["results"]
    assert all(" of the " in f" {text(work)} " for work in find('"of the"', mode="keyword")["results"])


def test_what_is_broken_finds_what_it_would_repaired(find: Any) -> None:
    whole = ids(find("neural decoding", mode="keyword"))
    for broken in ('"neural decoding', "neural OR decoding OR", "neural decoding title:", "(neural [decoding* -"):
        assert ids(find(broken, mode="keyword")) == whole, broken
    assert find("***")["meta"]["count"] == 0


def test_operators_take_part_in_facets_sorts_and_explanations(find: Any) -> None:
    answer = find('"neural networks" -title:deep', facets="topic,year", topic="cs.LG", sort="newest", explain="true")
    assert answer["facets"]["topic"][0]["count"] <= find('"neural networks"')["meta"]["count"]
    assert all(work["match"]["keyword"] > 0 for work in answer["results"])
    (chosen,) = [value for value in answer["facets"]["topic"] if value["is_selected"]]
    assert chosen["count"] == answer["meta"]["count"]


HAN = "\u7814\u7a76"
#: Different characters: equal ones are one clause.
MANY = "".join(chr(0x4E00 + 7 * number) for number in range(600))
LATEX = "$\\alpha_{i,j}^{2}$ "


@pytest.mark.parametrize("text", [MANY, *(300 * part for part in (HAN, LATEX, "a\u30ab", "a\u0e01", "e\u0301\u3005 "))])
def test_long_texts_without_spaces_are_searched_for_by_their_beginning(sample_app: Flask, text: str) -> None:
    client = sample_app.test_client()
    short = text[:500]
    for path, params in (
        ("works", {"q": text}),
        ("works", {"q": text, "mode": "keyword", "highlight": "true"}),
        ("works", {"q": f'"{text}" title:{text.split()[0]}'}),
        ("researchers", {"about": text}),
        ("researchers", {"q": short}),
        ("topics", {"q": short}),
        ("institutions", {"q": short}),
        ("autocomplete", {"q": short}),
    ):
        response = client.get(f"/api/v1/{path}", query_string=params)
        assert response.status_code == 200, (path, response.text)
    assert client.post("/api/v1/researchers/rank", json={"text": text}).status_code == 200
    assert client.post("/api/v1/works/similar", json={"text": text}).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        *(HAN * 3, LATEX, "a\u30aba \u30ab\u30bf\u30ca", "a\u0e01a", "\u3005\u3007\u3041", "it's 3.5 m/s", "x" * 600),
        *(
            "\U0001f600\U0001f468\u200d\U0001f469",
            "\uac00\ub098 a\uac00",
            '\u05d0"\u05d1',
            "\U00020000\U00017000",
            "a_b c-d",
        ),
    ],
)
def test_the_analyzer_makes_no_more_terms_than_are_counted(sample_app: Flask, text: str) -> None:
    services = sample_app.extensions[KEY]
    body = {"field": "title.exact", "text": text}
    tokens = services.client.indices.analyze(index=services.names.works, body=body)["tokens"]
    assert len(tokens) <= len(list(term_ends(text)))
