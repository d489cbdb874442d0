"""Names in the one search box: of people, topics and institutions, alone and with other words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

KORDING = "konrad-p-kording-4bafdee5"
MODES = ["hybrid", "semantic", "keyword"]


def named(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entity["kind"], entity["id"]) for entity in answer["meta"].get("entities", [])]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["Konrad Kording", "kording", "Kording, Konrad", "K. Kording", "konrad p. körding"])
def test_a_person_is_named_and_their_works_are_found(get: Any, name: str, mode: str) -> None:
    answer = get("/works", q=name, mode=mode)
    assert named(answer)[0] == ("researcher", KORDING)
    assert answer["meta"]["count"] == get("/works", researcher=KORDING)["meta"]["count"]
    assert all(KORDING in [author["researcher_id"] for author in work["authors"]] for work in answer["results"])
    person = answer["meta"]["entities"][0]
    assert person["label"] == "Konrad P. Kording"
    assert "21 works" in person["hint"]
    assert person["links"]["html"] == f"/researchers/{KORDING}"


@pytest.mark.parametrize("mode", ["hybrid", "keyword"])
@pytest.mark.parametrize("query", ["kording decoding", "decoding kording", "konrad kording neural decoding"])
def test_a_name_and_a_topic_are_combined(get: Any, query: str, mode: str) -> None:
    answer = get("/works", q=query, mode=mode)
    assert ("researcher", KORDING) in named(answer)
    assert "kording" in answer["meta"]["author"]
    assert all(KORDING in [author["researcher_id"] for author in work["authors"]] for work in answer["results"])
    assert "decod" in answer["results"][0]["title"].lower()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", ["kording zxqwv", "photosynthesis kording", "KP Kording", "kording zxqwv blorptang"])
def test_words_that_no_work_of_the_person_has_exclude_nothing(get: Any, query: str, mode: str) -> None:
    answer = get("/works", q=query, mode=mode, per_page=50, facets="year")
    assert answer["meta"]["author"].lower() == "kording"
    everything = get("/works", researcher=KORDING, per_page=50)
    assert {work["id"] for work in answer["results"]} == {work["id"] for work in everything["results"]}
    assert sum(year["count"] for year in answer["facets"]["year"]) <= answer["meta"]["count"]


@pytest.mark.parametrize("mode", MODES)
def test_two_names_are_the_joint_works(get: Any, mode: str) -> None:
    [other, *_] = get(f"/researchers/{KORDING}")["collaborators"]
    both = {work["id"] for work in get("/works", researcher=[KORDING], per_page=50)["results"]} & {
        work["id"] for work in get("/works", researcher=[other["id"]], per_page=50)["results"]
    }
    for query in (f"kording {other['name']}", f"{other['name']} Konrad Kording"):
        answer = get("/works", q=query, mode=mode, per_page=50)
        assert {work["id"] for work in answer["results"]} == both
        assert {("researcher", KORDING), ("researcher", other["id"])} <= set(named(answer))


def test_two_names_without_a_joint_work_are_the_works_of_both(get: Any) -> None:
    known = {person["id"] for person in get(f"/researchers/{KORDING}")["collaborators"]}
    others = [person for person in get("/researchers", per_page=50)["results"] if person["id"] not in {KORDING, *known}]
    [stranger, *_] = [
        person
        for person in others
        if not get("/works", researcher=[KORDING], q=f'author:"{person["name"]}"', mode="keyword")["meta"]["count"]
    ]
    answer = get("/works", q=f"konrad kording {stranger['name']}", per_page=50)
    found = {author["researcher_id"] for work in answer["results"] for author in work["authors"]}
    assert {KORDING, stranger["id"]} <= found


@pytest.mark.parametrize(("query", "entity"), [("machine learning", ("topic", "cs.LG")), ("CS.LG", ("topic", "cs.LG"))])
def test_a_topic_is_named(get: Any, query: str, entity: tuple[str, str]) -> None:
    answer = get("/works", q=query)
    assert entity in named(answer)
    assert "author" not in answer["meta"]


def test_an_institution_is_named_without_its_generic_words(get: Any) -> None:
    largest = get("/institutions", per_page=1)["results"][0]
    answer = get("/works", q=largest["name"])
    assert ("institution", largest["id"]) in named(answer)


@pytest.mark.parametrize(
    "query",
    [
        *("neural networks", "recording the activity of many neurons at once", "learning", "long short term", "zxqwv"),
        *('"Konrad Kording"', "author:kording", "-kording", "title:decoding", ""),
    ],
)
def test_words_and_operators_name_nobody(get: Any, query: str) -> None:
    answer = get("/works", q=query)
    assert not [kind for kind, _ in named(answer) if kind == "researcher"]
    assert "author" not in answer["meta"]


def test_entities_are_at_most_three_with_hints_that_distinguish_them(get: Any) -> None:
    for person in get("/researchers", per_page=20)["results"]:
        entities = get("/works", q=person["name"].split()[-1])["meta"].get("entities", [])
        assert len(entities) <= 3
        shown = [(entity["label"], entity["hint"]) for entity in entities]
        assert len(set(shown)) == len(shown)


def test_every_person_is_found_by_their_whole_name(get: Any) -> None:
    people = get("/researchers", per_page=60)["results"]
    missing = [
        person["name"]
        for person in people
        if ("researcher", person["id"]) not in named(get("/works", q=person["name"], per_page=1))
    ]
    assert missing == []


def test_filters_and_facets_count_within_the_works_of_the_person(get: Any) -> None:
    answer = get("/works", q="kording decoding", facets="year")
    year = answer["facets"]["year"][0]
    assert get("/works", q="kording decoding", year=year["key"])["meta"]["count"] == year["count"]


def test_the_page_shows_a_card_above_the_works(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": "kording decoding"}).text
    assert page.index('class="entities"') < page.index('aria-label="Results"')
    assert f'href="/researchers/{KORDING}"' in page
    assert "Showing works by people named “kording”" in page
    assert "%22kording%22+decoding" in page
    assert 'class="entities"' not in client.get("/search", query_string={"q": "neural networks"}).text
