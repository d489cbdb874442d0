"""Rows of the contract that the sample cannot show: ORCID iDs, ROR ids, citations, languages, what is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import feedparser
import pytest

from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames, drop
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services
from tests.live.conftest import CheckedClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

ADA, BOB = "0000-0002-1825-0097", "0000-0001-5109-3700"
MCGILL = "ror:01pxwe438"
TOPICS = {"T10028": "Topic Modeling", "T11396": "Brain Computer Interfaces"}
API = "/api/v1"


def author(name: str, orcid: str | None = None) -> dict[str, Any]:
    place = {"name": "McGill University", "id": "openalex:I5023651", "ror": "https://ror.org/01pxwe438"}
    known = {"orcid": orcid, "institutions": [place]} if orcid == ADA else {"orcid": orcid}
    return {"name": name, **{part: value for part, value in known.items() if value}}


def works() -> list[dict[str, Any]]:
    """Twelve works; of every third something is missing."""
    made = []
    for n in range(12):
        topic = list(TOPICS)[n % 2]
        work: dict[str, Any] = {
            "id": f"doi:10.1000/work.{n}",
            "title": f"{'Grammar' if n % 2 else 'Neurons'} of kind {n:02}",
            "authors": [author("Ada Byron", ADA), *([author("Bob Stone", BOB)] if n < 4 else [])],
            "topics": [topic],
            "topic_names": [TOPICS[topic]],
            "doi": f"10.1000/work.{n}",
        }
        if n % 3:
            work |= {"abstract": f"On {topic} and its number {n}.", "year": 2010 + n, "cited_by_count": n * 10}
            work |= {"language": "en" if n % 2 else "de", "venue": "Journal of Numbers"}
        if n == 5:
            work["is_retracted"] = True
        made.append(work)
    return made


@pytest.fixture(scope="module")
def client(opensearch: OpenSearch, silent: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """The app over these works alone; every answer is held against its schema."""
    names, home = IndexNames(f"contract-known-{uuid4().hex[:8]}-"), tmp_path_factory.mktemp("known")
    source = home / "works.jsonl"
    source.write_text("\n".join(json.dumps(work) for work in works()), encoding="utf-8")
    model = embedding.load(Settings.load())
    run.index(opensearch, names, model, open_sources([str(source)]), home, silent)
    for name in (names.works, names.researchers, names.topics, names.institutions):
        opensearch.indices.refresh(index=name)
    app = create_app(services=Services(opensearch, names, lambda: model))
    app.test_client_class = CheckedClient
    yield app.test_client()
    drop(opensearch, names)


@pytest.fixture
def ada(get: Any) -> str:
    """Her own id."""
    (one,) = get("/researchers", q="Ada Byron")["results"]
    return str(one["id"])


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["results"]]


def count(get: Any, **params: Any) -> int:
    return int(get("/works", per_page=1, **params)["meta"]["count"])


OF_ADA = [
    *(ADA, ADA.replace("-", ""), f"orcid:{ADA}", f"https://orcid.org/{ADA}", f"http://www.ORCID.org/{ADA}/"),
    *(f"orcid.org/{ADA}", f" {ADA} ", f"https://orcid.org/{ADA}?lang=en"),
]


@pytest.mark.parametrize("given", OF_ADA)
def test_an_orcid_id_names_a_researcher_everywhere(client: FlaskClient, get: Any, ada: str, given: str) -> None:
    profile = get(f"/researchers/{quote(given, safe='')}")
    assert (profile["id"], profile["orcid"]) == (ada, ADA)
    assert get(f"/researchers/{quote(given, safe='')}/works")["meta"]["count"] == 12
    assert count(get, researcher=given) == 12
    assert count(get, researcher=f"!{given}") == 0
    assert get("/graph", researcher=given)["nodes"][0]["id"] == ada
    (shown, _) = get("/works", researcher=given, facets="researcher", per_page=1)["facets"]["researcher"]
    assert (shown["key"], shown["is_selected"]) == (ada, True)
    if "?" not in given:
        feed = feedparser.parse(client.get(f"/feeds/researchers/{quote(given, safe='')}.atom").data)
        assert len(feed.entries) == 12
    body = {"text": "neurons", "candidates": [given], "exclude_collaborators_of": [given]}
    assert ids(client.post(f"{API}/researchers/rank", json=body).get_json()) == [ada]
    excluded = client.post(f"{API}/researchers/rank", json={"text": "neurons", "exclude": [given]}).get_json()
    assert ada not in ids(excluded)


def test_an_orcid_id_finds_by_name_search_too(get: Any, ada: str) -> None:
    assert ids(get("/researchers", q=ADA)) == ids(get("/researchers", q=f"https://orcid.org/{ADA}")) == [ada]


@pytest.mark.parametrize(
    "given",
    [
        *(MCGILL, "01pxwe438", "https://ror.org/01pxwe438", "HTTPS://WWW.ROR.ORG/01pxwe438", "ror.org/01PXWE438/"),
        " ror:01pxwe438 ",
    ],
)
def test_a_ror_id_names_an_institution_everywhere(get: Any, ada: str, given: str) -> None:
    place = get(f"/institutions/{quote(given, safe='')}")
    assert (place["id"], place["ror"]) == (MCGILL, "https://ror.org/01pxwe438")
    assert [one["id"] for one in place["researchers"]] == [ada]
    answer = get("/works", institution=given, facets="institution", per_page=1)
    assert answer["meta"]["count"] == 12
    assert [(v["key"], v["is_selected"]) for v in answer["facets"]["institution"]] == [(MCGILL, True)]
    assert count(get, institution=f"!{given}") == 0
    people = get("/researchers", institution=given, facets="institution")
    assert ids(people) == [ada]
    assert people["facets"]["institution"][0]["is_selected"] is True
    assert ids(get("/institutions", q=given)) == [MCGILL]


@pytest.mark.parametrize(
    "given",
    ["T10028", "openalex:T10028", "https://openalex.org/T10028", "https://openalex.org/topics/t10028", " T10028 "],
)
def test_a_topic_of_openalex_is_found_by_its_address(client: FlaskClient, get: Any, given: str) -> None:
    assert get(f"/topics/{quote(given, safe='')}")["id"] == "T10028"
    assert count(get, topic=given) == 6
    assert count(get, topic=[given, f"!{given}"]) == 0
    (shown,) = [v for v in get("/works", topic=given, facets="topic")["facets"]["topic"] if v["key"] == "T10028"]
    assert (shown["label"], shown["is_selected"]) == ("Topic Modeling", True)
    assert len(get("/researchers", topic=given)["results"]) == 2
    assert get("/graph", topic=given)["nodes"][0]["id"] == "T10028"
    assert ids(get("/topics", q=given)) == ["T10028"]
    page = client.get(f"/topics/{quote(given, safe='')}")
    assert page.status_code == (200 if given == "T10028" else 301)


@pytest.mark.parametrize(
    "given",
    [
        *("10.1000/work.3", "doi:10.1000/WORK.3", "https://doi.org/10.1000/work.3", "http://dx.doi.org/10.1000/work.3"),
        *("https://www.doi.org/10.1000/work.3", "HTTPS://DOI.ORG/10.1000%2Fwork.3", "doi.org/10.1000/work.3?x=y"),
    ],
)
def test_a_doi_names_a_work_everywhere(client: FlaskClient, get: Any, given: str) -> None:
    assert get(f"/works/{quote(given, safe='')}")["id"] == "doi:10.1000/work.3"
    assert "doi:10.1000/work.3" not in ids(get(f"/works/{quote(given, safe='')}/similar"))
    liked = client.post(f"{API}/works/similar", json={"like": [given], "candidates": [given, "10.1000/work.4"]})
    assert set(ids(liked.get_json())) == {"doi:10.1000/work.3", "doi:10.1000/work.4"}
    ranked = client.post(f"{API}/researchers/rank", json={"work": given, "candidates": None}).get_json()
    assert "doi:10.1000/work.3" not in {work["id"] for one in ranked["results"] for work in one["works"]}
    assert get("/graph", work=given)["nodes"][0]["id"] == "doi:10.1000/work.3"


def test_most_cited_comes_first_and_what_nobody_counted_last(get: Any) -> None:
    cited = [work["cited_by_count"] for work in get("/works", sort="most_cited")["results"]]
    assert cited == [110, 100, 80, 70, 50, 40, 20, 10, None, None, None, None]


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_works_without_a_year_come_last_in_both_directions(client: FlaskClient, get: Any, sort: str) -> None:
    listed = get("/works", sort=sort)["results"]
    years = [work["year"] for work in listed]
    known = sorted((year for year in years if year), reverse=sort == "newest")
    assert years == [*known, None, None, None, None]
    answer, read = get("/works", sort=sort, cursor="*", per_page=3), []
    while True:
        read += answer["results"]
        if not answer["links"]["next"]:
            break
        answer = client.get(answer["links"]["next"]).get_json()
    assert read == listed
    assert count(get, year="!2010-2030") == 4
    assert ids(get("/works", sort="most_cited", cursor="*", per_page=100)) == ids(get("/works", sort="most_cited"))


def test_languages_and_missing_abstracts_are_filters(get: Any) -> None:
    assert count(get, language="en") == count(get, language="de") == 4
    assert count(get, language="!en") == 8
    assert count(get, language=["en", "de"]) == count(get, has_abstract="true") == 8
    for work in get("/works", has_abstract="false")["results"]:
        assert (work["abstract"], work["year"], work["cited_by_count"], work["language"]) == (None, None, None, None)
    assert count(get, has_abstract="!true") == count(get, has_abstract="false") == 4


def test_a_retracted_work_says_so_everywhere(client: FlaskClient, get: Any) -> None:
    (gone,) = get("/works", is_retracted="true")["results"]
    assert (gone["id"], gone["is_retracted"]) == ("doi:10.1000/work.5", True)
    assert count(get, is_retracted="false") == 11
    for page in ("/search?q=grammar", gone["links"]["html"]):
        assert client.get(page).get_data(as_text=True).count(">Retracted<") == 1
    for form in ("bibtex", "ris", "csl"):
        assert "Retracted" in client.get(f"{gone['links']['self']}?format={form}").get_data(as_text=True)


def test_a_facet_under_meaning_counts_what_was_found(get: Any) -> None:
    answer = get("/works", q="grammar", mode="semantic", facets="topic,type,year,researcher")
    counted = {value["key"]: value["count"] for value in answer["facets"]["topic"]}
    assert sum(counted.values()) == answer["meta"]["count"]
    chosen = get("/works", q="grammar", mode="semantic", facets="topic", topic="T11396")
    assert {value["key"]: value["count"] for value in chosen["facets"]["topic"]} == counted


def test_all_parts_of_a_wish_go_together(client: FlaskClient) -> None:
    body = {
        "text": "grammar",
        "like": ["10.1000/work.1", "10.1000/work.3"],
        "unlike": ["10.1000/work.2"],
        "candidates": [f"10.1000/work.{n}" for n in range(12)],
    }
    answer = client.post(f"{API}/works/similar?year=2010-2016&topic=T11396", json=body).get_json()
    assert sorted(ids(answer)) == ["doi:10.1000/work.1", "doi:10.1000/work.5"]
    assert all(0 <= one["score"] <= 1 and one["reasons"] for one in answer["results"])


def test_works_of_a_researcher_take_what_works_take(get: Any, ada: str) -> None:
    params = {"q": "grammar", "explain": "true", "highlight": "true", "facets": "topic,year", "mode": "keyword"}
    answer = get(f"/researchers/{ada}/works", **params)
    assert answer["meta"]["count"] == 6
    for work in answer["results"]:
        assert set(work["match"]) == {"keyword", "semantic"}
        assert "<mark>" in work["highlight"]["title"][0]
    assert set(answer["facets"]) == {"topic", "year"}
    plain = get(f"/researchers/{ada}/works")["results"]
    assert plain == sorted(plain, key=lambda work: (-(work["year"] or 0), work["title"]))


def test_trust_is_the_sum_of_its_parts(get: Any, ada: str) -> None:
    trust = get(f"/researchers/{ada}")["trust"]
    assert trust["score"] == round(sum(part["points"] for part in trust["parts"]))
    assert next(part for part in trust["parts"] if part["key"] == "orcid")["points"] == 10
    assert (trust["verification_level"], trust["claimed"]) == (1, False)


def test_a_graph_without_parameters_is_one_step_of_sixty_nodes(get: Any, ada: str) -> None:
    assert get(f"/researchers/{ada}/graph") | {"links": {}} == (
        get(f"/researchers/{ada}/graph", depth=1, limit=60) | {"links": {}}
    )


def test_a_feed_of_nothing_is_a_whole_feed(client: FlaskClient) -> None:
    response = client.get("/feeds/works.atom?topic=none")
    feed = feedparser.parse(response.data)
    assert (feed.bozo, len(feed.entries)) == (False, 0)
    assert feed.feed.id
    assert feed.feed.title == "Works, topic none"
    assert feed.feed.updated
    head = client.head("/feeds/works.atom?topic=none")
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", response.headers["ETag"])


def test_a_page_beyond_the_end_is_empty(client: FlaskClient, get: Any) -> None:
    ranked = client.post(f"{API}/researchers/rank?page=9", json={"text": "neurons"}).get_json()
    assert (ranked["results"], ranked["meta"]["count"]) == ([], 2)
    assert get("/works", page=9)["results"] == []
    assert get("/works", page=9)["links"]["next"] is None


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/x-bibtex", "application/x-bibtex"),
        ("application/bibtex", "application/x-bibtex"),
        ("application/x-jsonlines", "application/x-ndjson"),
        ("application/jsonl", "application/x-ndjson"),
        ("text/csv;q=0.9, application/json;q=0.1", "text/csv"),
        ("text/csv;q=0.1, application/json;q=0.9", "application/json"),
        ("application/json, */*;q=0.1", "application/json"),
    ],
)
def test_a_format_is_chosen_by_accept_as_it_weighs(client: FlaskClient, accept: str, media: str) -> None:
    assert client.get(f"{API}/works", headers={"Accept": accept}).mimetype == media
