"""The API over the sample in a real OpenSearch: every route asked, and its answer held against the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy import OpenSearch

from indexer.identity import researcher_id
from mappings import IndexNames
from peerscope import embedding
from search_api.app import create_app
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

KORDING = "konrad-p-kording-4bafdee5"
RELU = "arxiv:1910.00744"
PROFILE = (
    "id ids name name_variants orcid tagline affiliations open_to_collaborate trust counts topics counts_by_year "
    "collaborators institutions identity links suggested_topics"
)


# Works


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_the_obvious_work_comes_first_in_every_mode(get: Any, mode: str) -> None:
    answer = get("/works", q="physical limits of recording from many neurons", mode=mode)
    assert answer["results"][0]["title"] == "Physical Principles for Scalable Neural Recording"
    assert answer["meta"]["mode"] == mode
    scores = [result["score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_list_has_its_envelope(get: Any) -> None:
    answer = get("/works", q="neurons", facets="topic", per_page=10)
    assert set(answer) == {"meta", "results", "facets", "links"}
    assert set(answer["meta"]) == {"count", "count_relation", "page", "per_page", "mode", "took_ms", "next_cursor"}
    assert set(answer["links"]) == {"self", "next", "prev"}
    assert answer["meta"]["per_page"] == len(answer["results"]) == 10
    assert set(answer["facets"]["topic"][0]) == {"key", "label", "count", "is_selected"}


@pytest.mark.parametrize("sort", ["newest", "oldest", "title", "most_cited"])
@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_every_sort_finds_the_same_works_with_their_scores(get: Any, mode: str, sort: str) -> None:
    by_score = get("/works", q="neural decoding", mode=mode, per_page=100)
    sorted_ = get("/works", q="neural decoding", mode=mode, sort=sort, per_page=100)
    assert by_score["meta"]["count"] == sorted_["meta"]["count"]
    assert all(0 <= result["score"] <= 1 for result in sorted_["results"])
    years = [result["year"] for result in sorted_["results"]]
    titles = [result["title"].lower() for result in sorted_["results"]]
    expected = {"newest": years == sorted(years, reverse=True), "oldest": years == sorted(years)}
    assert expected.get(sort, True)
    assert sort != "title" or titles[0][0] <= titles[-1][0]


def test_pages_partition_the_list_in_a_total_order(get: Any) -> None:
    whole = [result["id"] for result in get("/works", q="networks", per_page=60)["results"]]
    pages = [get("/works", q="networks", per_page=20, page=page)["results"] for page in (1, 2, 3)]
    assert [result["id"] for page in pages for result in page] == whole
    assert len(set(whole)) == 60


@pytest.mark.parametrize("params", [{}, {"q": "networks", "mode": "keyword"}, {"topic": "cs.CL", "sort": "title"}])
def test_a_cursor_reads_everything_once(client: FlaskClient, get: Any, params: dict[str, str]) -> None:
    answer = get("/works", cursor="*", per_page=50, select="id", **params)
    seen = [result["id"] for result in answer["results"]]
    while following := answer["links"]["next"]:
        answer = client.get(following).get_json()
        seen += [result["id"] for result in answer["results"]]
    assert len(seen) == len(set(seen)) == answer["meta"]["count"]


def test_filters_are_or_within_and_and_between_and_can_negate(get: Any) -> None:
    def count(**params: Any) -> int:
        return int(get("/works", per_page=1, **params)["meta"]["count"])

    everything = count()
    assert everything == 320
    assert count(topic=["cs.LG", "cs.CL"]) < count(topic="cs.LG") + count(topic="cs.CL")
    assert count(topic="cs.LG") + count(topic="!cs.LG") == everything
    assert count(year="-2012") + count(year="2013-2015") + count(year="2016-") == everything
    assert count(topic="cs.LG", year="2016-") < count(topic="cs.LG")
    assert count(researcher=KORDING) == 21
    assert count(has_abstract="true") == everything
    assert count(venue="arXiv") == count(source="arXiv") == count(type="preprint") == 302


def test_a_facets_own_selection_does_not_shrink_it(get: Any) -> None:
    free = get("/works", facets="topic,year", year="2016")["facets"]
    chosen = get("/works", facets="topic,year", year="2016", topic="cs.LG")["facets"]
    assert {v["key"]: v["count"] for v in free["topic"]} == {v["key"]: v["count"] for v in chosen["topic"]}
    assert [v["key"] for v in chosen["topic"] if v["is_selected"]] == ["cs.LG"]
    years = {v["key"]: v for v in chosen["year"]}
    assert years["2016"]["is_selected"]
    assert len(years) > 1
    assert next(v["label"] for v in chosen["topic"] if v["key"] == "cs.LG") == "Machine Learning"


def test_highlight_explain_and_select(get: Any) -> None:
    answer = get("/works", q="neural decoding", highlight="true", explain="true", per_page=5)
    assert any("<mark>" in text for result in answer["results"] for text in result["highlight"].get("title", []))
    for result in answer["results"]:
        assert set(result["match"]) == {"keyword", "semantic"}
        assert 0 <= result["match"]["keyword"] <= 1
    assert all(set(result) == {"id", "title"} for result in get("/works", select="id,title")["results"])


@pytest.mark.parametrize("spelling", [RELU, "1910.00744v2", "https://arxiv.org/abs/1910.00744", "arXiv:1910.00744"])
def test_a_work_is_found_under_every_spelling_of_its_id(get: Any, spelling: str) -> None:
    work = get(f"/works/{spelling}")
    assert work["title"] == "Reverse-Engineering Deep ReLU Networks"
    assert "embedding" not in work
    assert [author["name"] for author in work["authors"]] == ["David Rolnick", "Konrad P. Kording"]
    assert work["authors"][1]["researcher_id"] == KORDING


def test_a_work_is_found_by_its_doi(get: Any) -> None:
    known = next(work for work in get("/works", per_page=100)["results"] if work["doi"])
    assert get(f"/works/https://doi.org/{known['doi'].upper()}")["id"] == known["id"]


def test_similar_works_leave_itself_out_and_have_reasons(get: Any) -> None:
    answer = get("/works/arxiv:1402.3375/similar", per_page=5)
    assert answer["results"][0]["title"] == "Physical Principles for Scalable Neural Recording"
    for result in answer["results"]:
        assert result["id"] != "arxiv:1402.3375"
        assert set(result["reasons"]) == {"shared_topics", "shared_authors", "keyword", "semantic"}
    assert answer["results"][0]["reasons"]["keyword"] > 0
    assert get("/works/arxiv:1402.3375/similar", topic="cs.LG")["results"][0]["topics"]


# Researchers


@pytest.mark.parametrize(
    "name", ["Konrad P. Kording", "kording konrad", "K Kording", "Kording, K. P.", "Körding", "Kordng"]
)
def test_a_researcher_is_found_by_name_however_it_is_written(get: Any, name: str) -> None:
    assert KORDING in [person["id"] for person in get("/researchers", q=name)["results"][:3]]


def test_an_initial_alone_does_not_find_everyone(get: Any) -> None:
    assert all("ording" in person["name"] for person in get("/researchers", q="Kording")["results"])


def test_who_works_on_something(get: Any) -> None:
    answer = get("/researchers", about="how language models learn syntax", facets="topic,institution,verification")
    assert answer["meta"]["mode"] == "hybrid"
    assert {"cs.CL"} & {topic["id"] for topic in answer["results"][0]["topics"]}
    assert set(answer["facets"]) == {"topic", "institution", "verification"}
    narrowed = get("/researchers", about="how language models learn syntax", topic="cs.CL", verification="L1")
    assert all("cs.CL" in [topic["id"] for topic in person["topics"]] for person in narrowed["results"])


@pytest.mark.parametrize("sort", ["relevance", "works_count", "name", "recent"])
def test_researchers_sort(get: Any, sort: str) -> None:
    results = get("/researchers", about="networks", sort=sort, per_page=50)["results"]
    counts = [person["counts"]["works"] for person in results]
    assert sort != "works_count" or counts == sorted(counts, reverse=True)
    assert all(0 <= person["score"] <= 1 for person in results)


def test_a_profile_has_every_part(get: Any) -> None:
    profile = get(f"/researchers/{KORDING}")
    assert set(profile) == set(PROFILE.split())
    assert profile["counts"] == {"works": 21, "followers": 0, "topics": 12, "close_collaborators": 9}
    assert (profile["trust"]["score"], profile["trust"]["band"]) == (27, "Emerging")
    assert profile["collaborators"][0]["works"] == 4
    assert sum(year["works"] for year in profile["counts_by_year"]) == 21
    assert "embedding" not in profile
    assert "expertise" not in profile


def test_works_of_a_researcher_are_newest_first_then_by_title(get: Any) -> None:
    works = get(f"/researchers/{KORDING}/works")["results"]
    order = [(-work["year"], work["title"].lower()) for work in works]
    assert len(order) == 21
    assert order == sorted(order)
    assert all(work["type"] and work["source"] for work in works)


def test_a_researcher_is_found_by_the_id_of_a_source(get: Any) -> None:
    person = get("/researchers/acl:graham-neubig")
    assert person["name"] == "Graham Neubig"
    assert get("/works", researcher="acl:graham-neubig")["meta"]["count"] == person["counts"]["works"]


def test_the_id_of_a_name_that_was_merged_leads_on(client: FlaskClient, get: Any) -> None:
    old = researcher_id("name:konrad kording")
    response = client.get(f"/api/v1/researchers/{old}/works?per_page=3")
    assert response.status_code == 301
    assert response.headers["Location"] == f"/api/v1/researchers/{KORDING}/works?per_page=3"
    assert client.get(f"/researchers/{old}").headers["Location"] == f"/researchers/{KORDING}"
    assert get("/works", researcher=old)["meta"]["count"] == 21


def test_collaborators_can_be_paged(get: Any) -> None:
    first = get(f"/researchers/{KORDING}/collaborators", per_page=10)
    assert first["meta"]["count"] == 65
    assert set(first["results"][0]) == {"id", "name", "works", "first_year", "last_year"}
    second = get(f"/researchers/{KORDING}/collaborators", per_page=10, page=2)
    assert not {one["id"] for one in first["results"]} & {one["id"] for one in second["results"]}


def test_researchers_like_this_have_reasons_and_can_leave_collaborators_out(get: Any) -> None:
    everyone = get(f"/researchers/{KORDING}/similar")["results"]
    strangers = get(f"/researchers/{KORDING}/similar", exclude="collaborators")["results"]
    assert any(person["reasons"]["works_together"] for person in everyone)
    assert not any(person["reasons"]["works_together"] for person in strangers)
    assert KORDING not in {person["id"] for person in everyone}
    own = {work["id"] for work in get(f"/researchers/{KORDING}/works")["results"]}
    for person in strangers:
        for mine, theirs, score in person["reasons"]["closest_works"]:
            assert mine in own
            assert theirs in person["reasons"]["titles"]
            assert 0 <= score <= 1
    scores = [person["score"] for person in strangers]
    assert scores == sorted(scores, reverse=True)


# Topics, and the rest


def test_topics_can_be_browsed_and_found(get: Any) -> None:
    assert get("/topics")["results"][0]["works_count"] == 72
    assert [topic["id"] for topic in get("/topics", q="neurons cog")["results"]] == ["q-bio.NC"]
    names = [topic["name"].lower() for topic in get("/topics", sort="name", per_page=100)["results"]]
    assert names == sorted(names)


def test_a_topic_says_what_it_holds(get: Any) -> None:
    topic = get("/topics/q-bio.NC")
    assert (topic["name"], topic["parent"]) == ("Neurons and Cognition", "Quantitative Biology")
    assert sum(year["works"] for year in topic["counts_by_year"]) == topic["works_count"] == 65
    assert topic["researchers"][0]["works"] >= topic["researchers"][-1]["works"]
    assert "q-bio.NC" not in [related["id"] for related in topic["related_topics"]]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/works", {"colour": "blue"}, 400),
        ("/works", {"year": "soon"}, 400),
        ("/works", {"per_page": "1000"}, 400),
        ("/works", {"page": "101", "per_page": "100"}, 400),
        ("/works", {"q": "x", "cursor": "*"}, 400),
        ("/works", {"mode": "keyword", "q": "x", "cursor": "nonsense"}, 400),
        ("/works/arxiv:0000.00000", {}, 404),
        ("/works/arxiv:0000.00000/similar", {}, 404),
        ("/researchers/nobody", {}, 404),
        ("/researchers/nobody/works", {}, 404),
        ("/researchers/nobody/similar", {}, 404),
        ("/researchers/nobody/collaborators", {}, 404),
        ("/topics/nothing", {}, 404),
        ("/nowhere", {}, 404),
    ],
)
def test_errors_have_one_shape(client: FlaskClient, path: str, params: dict[str, str], status: int) -> None:
    response = client.get(f"/api/v1{path}", query_string=params, headers={"X-Request-ID": "mine-1"})
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = response.get_json(force=True)
    assert set(problem) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert (problem["status"], problem["request_id"]) == (status, "mine-1")
    assert response.headers["X-Request-ID"] == "mine-1"


def test_a_wrong_method_says_which_are_right(client: FlaskClient) -> None:
    response = client.post("/api/v1/works")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


HOSTILE = [
    '"unclosed',
    "a AND (b OR",
    "title:[* TO *]",
    "*" * 500,
    "\0",
    "\u202etxt",
    "<script>alert(1)</script>",
    '{"script": "1"}',
    "a" * 20_000,
    "word " * 4_000,
    "\N{SNOWMAN}",
    "!",
    "-",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("parameter", ["q", "about", "topic", "year", "researcher", "cursor"])
def test_hostile_text_never_breaks_the_server(client: FlaskClient, parameter: str, text: str) -> None:
    path = "/api/v1/researchers" if parameter == "about" else "/api/v1/works"
    for mode in ("hybrid", "keyword"):
        params = {parameter: text} | ({"mode": mode} if path.endswith("works") else {})
        assert client.get(path, query_string=params).status_code in {200, 400}
    assert client.get("/api/v1/researchers", query_string={"q": text[:500]}).status_code == 200
    assert client.get(f"/api/v1/works/{text[:500].replace('/', '')}x").status_code == 404


@pytest.mark.parametrize("path", [f"/works/{RELU}", "/works?q=neurons&facets=topic", f"/researchers/{KORDING}"])
def test_reads_can_be_revalidated(client: FlaskClient, path: str) -> None:
    first = client.get(f"/api/v1{path}")
    assert "max-age" in first.headers["Cache-Control"]
    again = client.get(f"/api/v1{path}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/api/v1/topics").headers["ETag"] != first.headers["ETag"]


def test_health_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json()["status"] == "ready"


def test_without_opensearch_the_answer_is_503_with_retry_after() -> None:
    away = OpenSearch(hosts=["http://127.0.0.1:9"], timeout=1.8, max_retries=0)
    client = create_app(services=Services(away, IndexNames("x-"))).test_client()
    for path in ("/works", "/works/arxiv:1", "/researchers", "/topics", "/works?q=x&mode=keyword"):
        response = client.get(f"/api/v1{path}")
        assert response.status_code == 503, path
        assert response.headers["Retry-After"]
        assert response.content_type == "application/problem+json"
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503


def test_before_anything_is_indexed_it_says_so(opensearch: OpenSearch) -> None:
    client = create_app(services=Services(opensearch, IndexNames("nothing-here-"))).test_client()
    response = client.get("/api/v1/works?q=x&mode=keyword")
    assert response.status_code == 503
    assert "peerscope index" in response.get_json(force=True)["detail"]


def test_without_the_model_keywords_answer(sample_app: Flask) -> None:
    def broken() -> embedding.Embedder:
        raise embedding.EmbeddingError("the model is out of order")

    there = sample_app.extensions[KEY]
    client = create_app(services=Services(there.client, there.names, broken)).test_client()
    for path, params in (("works", {"q": "neurons"}), ("researchers", {"about": "neurons"})):
        answer = client.get(f"/api/v1/{path}", query_string=params).get_json()
        assert answer["meta"]["degraded"] == ["semantic"]
        assert answer["meta"]["mode"] == "keyword"
        assert answer["results"]
