"""Every row of the contract about researchers, asked over HTTP: what is promised, what is refused, what is hostile."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from indexer.identity import researcher_id
from peerscope import embedding
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import KEY, Services
from search_api.retrieval.vectors import VectorStore

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

API = "/api/v1/researchers"
KORDING = "konrad-p-kording-4bafdee5"
RELU = "arxiv:1910.00744"
SYNTAX = "how language models learn syntax"
SUMMARY = {
    *("id", "name", "name_variants", "orcid", "tagline", "affiliations", "open_to_collaborate", "trust", "counts"),
    *("topics", "suggested_topics", "institutions", "links"),
}


@pytest.fixture
def get(client: FlaskClient) -> Any:
    def get(path: str = "", expected: int = 200, **params: Any) -> dict[str, Any]:
        response = client.get(f"{API}{path}", query_string=params)
        answer: dict[str, Any] = response.get_json(force=True)
        assert response.status_code == expected, answer
        return answer

    return get


@pytest.fixture
def rank(client: FlaskClient) -> Any:
    def rank(expected: int = 200, params: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
        response = client.post(f"{API}/rank", json=body, query_string=params or {})
        answer: dict[str, Any] = response.get_json(force=True)
        assert response.status_code == expected, answer
        return answer

    return rank


@pytest.fixture
def without_model(sample_app: Flask) -> FlaskClient:
    def broken() -> embedding.Embedder:
        raise embedding.EmbeddingError("the model is out of order")

    there = sample_app.extensions[KEY]
    return create_app(services=Services(there.client, there.names, broken)).test_client()


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["results"]]


def assert_ranked(answer: dict[str, Any]) -> None:
    keys = [(-one["score"], one["id"]) for one in answer["results"]]
    assert keys == sorted(keys)
    assert all(0 <= one["score"] <= 1 for one in answer["results"])


# Who works on this


def test_experts_come_with_the_works_that_speak_for_them(client: FlaskClient, get: Any) -> None:
    answer = get(about=SYNTAX, facets="topic,institution,verification")
    assert set(answer) == {"meta", "results", "facets", "links"}
    assert answer["meta"]["mode"] == "hybrid"
    assert set(answer["facets"]) == {"topic", "institution", "verification"}
    assert_ranked(answer)
    for expert in answer["results"]:
        assert set(expert) == {*SUMMARY, "score", "works"}
        assert 1 <= len(expert["works"]) <= 3
        own = client.get(f"{API}/{expert['id']}/works?per_page=100").get_json()
        assert {one["id"] for one in expert["works"]} <= set(ids(own))
        scores = [one["score"] for one in expert["works"]]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


def test_a_body_of_work_comes_before_one_work(get: Any) -> None:
    first = get(about="recording the activity of many neurons at once")["results"][:3]
    assert KORDING in [one["id"] for one in first]
    assert all(len(one["works"]) == 3 for one in first)


def test_pages_of_experts_partition_the_list(get: Any) -> None:
    whole = get(about="neural networks", per_page=60)
    pages = [get(about="neural networks", per_page=20, page=page) for page in (1, 2, 3)]
    assert [id_ for page in pages for id_ in ids(page)] == ids(whole)
    assert len(set(ids(whole))) == 60
    assert get(about="neural networks", page=400)["results"] == []


@pytest.mark.parametrize("sort", ["relevance", "works_count", "name", "recent"])
def test_every_sort_of_experts_finds_the_same_people(get: Any, sort: str) -> None:
    by_score, ordered = get(about="networks", per_page=100), get(about="networks", sort=sort, per_page=100)
    assert ordered["meta"]["count"] == by_score["meta"]["count"]
    keys = {
        "works_count": lambda one: -one["counts"]["works"],
        "name": lambda one: one["name"].lower(),
        "relevance": lambda one: -one["score"],
        "recent": lambda one: 0,
    }
    values = [keys[sort](one) for one in ordered["results"]]
    if sort != "name":
        assert values == sorted(values)
    assert all(0 <= one["score"] <= 1 and one["works"] for one in ordered["results"])


@pytest.mark.parametrize(
    "params",
    [
        {"topic": "cs.CL"},
        {"topic": "!cs.CL"},
        {"topic": ["cs.CL", "q-bio.NC"]},
        {"year": "2016"},
        {"verification": "L1"},
    ],
)
def test_filters_hold_for_experts_and_never_widen(get: Any, params: dict[str, Any]) -> None:
    answer = get(about=SYNTAX, per_page=100, **params)
    assert answer["meta"]["count"] > 0
    assert_ranked(answer)
    for one in answer["results"]:
        topics = {topic["id"] for topic in one["topics"]}
        if "topic" in params:
            wanted = set([params["topic"]] if isinstance(params["topic"], str) else params["topic"])
            assert not topics & {"cs.CL"} if wanted == {"!cs.CL"} else topics & wanted
        assert one["trust"]["verification_level"] == 1


def test_nobody_who_passes_a_narrow_filter_is_lost_to_works_of_others(get: Any) -> None:
    answer = get(about=SYNTAX, q="Kording")
    assert ids(answer) == [KORDING]
    assert answer["results"][0]["works"]


def test_a_facets_own_selection_does_not_shrink_it(get: Any) -> None:
    free = get(about=SYNTAX, facets="topic")["facets"]["topic"]
    chosen = get(about=SYNTAX, facets="topic", topic=free[0]["key"])["facets"]["topic"]
    assert {v["key"]: v["count"] for v in free} == {v["key"]: v["count"] for v in chosen}
    assert [v["key"] for v in chosen if v["is_selected"]] == [free[0]["key"]]


def test_without_the_model_words_alone_find_experts(without_model: FlaskClient) -> None:
    answers = [
        without_model.get(API, query_string={"about": SYNTAX}).get_json(),
        without_model.post(f"{API}/rank", json={"text": SYNTAX}).get_json(),
        without_model.post(f"{API}/rank", json={"text": SYNTAX, "candidates": [KORDING]}).get_json(),
    ]
    for answer in answers:
        assert (answer["meta"]["mode"], answer["meta"]["degraded"]) == ("keyword", ["semantic"])
        assert answer["results"]
    by_work = without_model.post(f"{API}/rank", json={"work": RELU}).get_json()
    assert by_work["meta"]["mode"] == "hybrid"


# Rank


def test_a_text_is_ranked_as_about_ranks_it(get: Any, rank: Any) -> None:
    ranked, listed = rank(text=SYNTAX), get(about=SYNTAX)
    assert ids(ranked) == ids(listed)
    assert [one["score"] for one in ranked["results"]] == [one["score"] for one in listed["results"]]
    assert_ranked(ranked)


def test_all_candidates_are_scored_whatever_they_score(get: Any, rank: Any) -> None:
    everyone = [*ids(get(per_page=100)), *ids(get(per_page=100, page=2))]
    answer = rank(text=SYNTAX, candidates=[*everyone, everyone[0]])
    assert sorted(ids(answer)) == sorted(everyone)
    assert answer["meta"]["count"] == 200
    assert_ranked(answer)
    assert all(one["works"] for one in answer["results"] if one["score"])
    assert len(rank(params={"per_page": 30}, text=SYNTAX, candidates=everyone)["results"]) == 30
    assert rank(text=SYNTAX, candidates=[])["results"] == []


def test_a_score_does_not_depend_on_who_else_is_a_candidate(get: Any, rank: Any) -> None:
    some = ids(get(per_page=20))
    together = {one["id"]: one["score"] for one in rank(text=SYNTAX, candidates=some)["results"]}
    for id_ in some[:5]:
        assert rank(text=SYNTAX, candidates=[id_])["results"][0]["score"] == pytest.approx(together[id_], abs=1e-6)


def test_a_work_has_no_vote_and_its_authors_stay_unless_excluded(get: Any, rank: Any) -> None:
    answer = rank(work="https://arxiv.org/abs/1910.00744", params={"per_page": 100})
    assert KORDING in ids(answer)
    assert RELU not in {work["id"] for one in answer["results"] for work in one["works"]}
    assert KORDING not in ids(rank(work=RELU, exclude=[KORDING], params={"per_page": 100}))


def test_conflicts_of_interest_are_left_out(get: Any, rank: Any) -> None:
    together = {one["id"] for one in get(f"/{KORDING}/collaborators", per_page=100)["results"]}
    answer = rank(text="neural data analysis", exclude_collaborators_of=[KORDING], params={"per_page": 100})
    assert not together & set(ids(answer))
    assert KORDING in ids(answer)
    assert together & set(ids(rank(text="neural data analysis", params={"per_page": 100})))


def test_who_is_excluded_is_left_out_of_the_candidates_too(get: Any, rank: Any) -> None:
    mate = get(f"/{KORDING}/collaborators")["results"][0]["id"]
    both = [KORDING, mate]
    assert ids(rank(text="x", candidates=both, exclude=[mate])) == [KORDING]
    assert ids(rank(text="x", candidates=both, exclude_collaborators_of=[KORDING])) == [KORDING]
    assert ids(rank(text="x", candidates=both, exclude_collaborators_of=both)) == []


def test_any_id_of_a_researcher_will_do(rank: Any) -> None:
    neubig = ids(rank(text="x", candidates=["acl:graham-neubig"]))
    assert len(neubig) == 1
    merged = researcher_id("name:konrad kording")
    assert ids(rank(text="x", candidates=[merged, KORDING])) == [KORDING]
    assert ids(rank(text="x", candidates=["https://aclanthology.org/people/g/graham-neubig/"])) == neubig


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"text"}),
        ({"text": "x", "work": RELU}, {"text", "work"}),
        ({"text": "  "}, {"text"}),
        ({"text": 3}, {"text"}),
        ({"text": "a" * 20_001}, {"text"}),
        ({"work": "arxiv:0000.00000"}, {"work"}),
        ({"work": ""}, {"work"}),
        ({"text": "x", "candidates": "me"}, {"candidates"}),
        ({"text": "x", "candidates": [KORDING] * 1_001}, {"candidates"}),
        ({"text": "x", "candidates": [None]}, {"candidates"}),
        ({"text": "x", "candidates": ["nobody"], "exclude": ["no one", KORDING]}, {"candidates", "exclude"}),
        ({"text": "x", "colour": "blue"}, {"colour"}),
    ],
)
def test_a_body_that_cannot_be_used_says_what_is_wrong(rank: Any, body: dict[str, Any], fields: set[str]) -> None:
    problem = rank(expected=422, **body)
    assert set(problem["errors"]) == fields
    assert all(problem["errors"].values())


def test_unknown_researchers_beside_known_ones_are_listed(rank: Any) -> None:
    body = {"text": "neural decoding", "candidates": ["nobody", KORDING], "exclude": ["no one"]}
    answer = rank(**body, exclude_collaborators_of=["nobody", "somebody"])
    assert answer["meta"]["unknown"] == ["nobody", "no one", "somebody"]
    assert [person["id"] for person in answer["results"]] == [KORDING]
    assert "unknown" not in rank(text="neural decoding", candidates=[KORDING])["meta"]


def test_what_is_no_request_to_rank_is_refused(client: FlaskClient) -> None:
    assert client.post(f"{API}/rank?colour=blue", json={"text": "x"}).status_code == 400
    assert client.get(f"{API}/rank").status_code == 404


# Researchers like this


def test_researchers_like_this_have_reasons(client: FlaskClient, get: Any) -> None:
    answer = get(f"/{KORDING}/similar", per_page=50)
    assert_ranked(answer)
    assert KORDING not in ids(answer)
    mine = {topic["id"] for topic in get(f"/{KORDING}")["topics"]}
    for one in answer["results"][:20]:
        assert set(one["reasons"]) == {
            *("shared_topics", "closest_works", "joint_works", "titles", "works_together", "semantic", "keyword"),
        }
        assert {topic["id"] for topic in one["reasons"]["shared_topics"]} <= mine
        joint = set(ids(client.get(f"/api/v1/works?researcher={KORDING}&per_page=100").get_json()))
        theirs = set(ids(client.get(f"{API}/{one['id']}/works?per_page=100").get_json()))
        for left, right, score in one["reasons"]["closest_works"]:
            assert left in joint - theirs
            assert right in theirs - joint
            assert 0 <= score <= 1
        assert one["reasons"]["works_together"] == len(joint & theirs)


def test_similar_researchers_can_be_filtered_and_paged(get: Any) -> None:
    for one in get(f"/{KORDING}/similar", topic="cs.LG", year="2016-")["results"]:
        assert "cs.LG" in [topic["id"] for topic in one["topics"]]
    whole = ids(get(f"/{KORDING}/similar", per_page=20))
    assert ids(get(f"/{KORDING}/similar", per_page=10, page=2)) == whole[10:]
    together = {one["id"] for one in get(f"/{KORDING}/collaborators", per_page=100)["results"]}
    assert not together & set(ids(get(f"/{KORDING}/similar", exclude="collaborators", per_page=50)))


def test_someone_with_one_work_has_similar_researchers_too(get: Any) -> None:
    total = get()["meta"]["count"]
    last = get(sort="works_count", page=total, per_page=1)["results"][0]
    assert last["counts"]["works"] == 1
    answer = get(f"/{last['id']}/similar")
    assert answer["results"][0]["score"] > 0
    assert answer["results"][0]["reasons"]["closest_works"]


# Graph


@pytest.mark.parametrize(("depth", "limit"), [(1, 60), (2, 60), (1, 1), (2, 200), (1, 7)])
def test_a_graph_holds_together(get: Any, depth: int, limit: int) -> None:
    graph = get(f"/{KORDING}/graph", depth=depth, limit=limit)
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert len(nodes) == len(graph["nodes"]) <= limit
    assert (graph["nodes"][0]["id"], graph["nodes"][0]["kind"]) == (KORDING, "researcher")
    assert {node["kind"] for node in nodes.values()} <= {"work", "researcher", "topic", "institution"}
    assert all(node["label"] and 0 <= node["weight"] <= 1 for node in nodes.values())
    for edge in graph["edges"]:
        assert {edge["source"], edge["target"]} <= set(nodes)
        assert edge["kind"] in {"wrote", "collaborates", "about", "affiliated"}
        assert edge["weight"] >= 1
    assert limit < 60 or {node["kind"] for node in nodes.values()} >= {"work", "researcher", "topic"}


def test_a_graph_goes_further_at_depth_two_and_can_keep_to_a_kind(get: Any) -> None:
    near, far = ({node["id"] for node in get(f"/{KORDING}/graph", depth=d, limit=200)["nodes"]} for d in (1, 2))
    assert far - near
    people = get(f"/{KORDING}/graph", kind="researcher,topic")["nodes"]
    assert {node["kind"] for node in people} == {"researcher", "topic"}
    assert all(edge["kind"] == "collaborates" for edge in get(f"/{KORDING}/graph", kind="researcher")["edges"])


# By name, profile, and the list


@pytest.mark.parametrize(
    "name",
    [
        *("Konrad P. Kording", "konrad kording", "KORDING", "Kording, Konrad", "Kording, K. P.", "K Kording"),
        *("K. P. Kording", "KP Kording", "Körding", "Koerding", "Kordign", "Kordng", "konrad-kording", "Konrad Kordin"),
    ],
)
def test_a_name_is_found_however_it_is_written(get: Any, name: str) -> None:
    assert ids(get(q=name))[:1] == [KORDING]


@pytest.mark.parametrize("sort", ["works_count", "name", "recent"])
def test_lists_are_in_total_order(get: Any, sort: str) -> None:
    pages = [ids(get(sort=sort, per_page=40, page=page)) for page in (1, 2, 3)]
    assert len({id_ for page in pages for id_ in page}) == 120
    assert [id_ for page in pages[:2] for id_ in page] == ids(get(sort=sort, per_page=80))


def test_being_active_is_from_the_first_work_to_the_last(get: Any) -> None:
    total = get()["meta"]["count"]
    assert get(year="1000-3000")["meta"]["count"] == total
    assert get(year="-1900")["meta"]["count"] == 0
    for one in get(year="2012", per_page=20)["results"]:
        years = [year["year"] for year in get(f"/{one['id']}")["counts_by_year"]]
        assert min(years) <= 2012 <= max(years)
    assert get(year="2012")["meta"]["count"] + get(year="!2012")["meta"]["count"] == total


def test_who_is_open_to_collaborate_can_be_told_apart(get: Any) -> None:
    total = get()["meta"]["count"]
    assert get(open_to_collaborate="true")["meta"]["count"] == 0
    assert (
        get(open_to_collaborate="false")["meta"]["count"] == get(open_to_collaborate="!true")["meta"]["count"] == total
    )


def test_select_limits_the_fields(get: Any) -> None:
    assert all(set(one) == {"id", "name"} for one in get(select="id,name")["results"])
    assert all(set(one) == {"id", "works"} for one in get(about=SYNTAX, select="id,works")["results"])
    assert set(get(f"/{KORDING}", select="orcid,trust")) == {"orcid", "trust"}
    assert all(set(one) == {"score"} for one in get(f"/{KORDING}/similar", select="score")["results"])


@pytest.mark.parametrize("part", ["", "/works", "/similar", "/collaborators", "/graph"])
def test_a_merged_id_leads_on_with_its_query(client: FlaskClient, part: str) -> None:
    old = researcher_id("name:konrad kording")
    query = "?select=id" if not part else ("?limit=5" if part == "/graph" else "?per_page=3&page=2")
    response = client.get(f"{API}/{old}{part}{query}")
    assert response.status_code == 301
    assert response.headers["Location"] == f"{API}/{KORDING}{part}{query}"
    assert client.get(response.headers["Location"]).status_code == 200


@pytest.mark.parametrize("part", ["", "/works", "/similar", "/collaborators", "/graph"])
def test_a_source_id_or_its_address_answers_on_every_route(client: FlaskClient, part: str) -> None:
    own = client.get(f"{API}/acl:graham-neubig").get_json()["id"]
    for spelling in (own, "acl:graham-neubig", "https://aclanthology.org/people/g/graham-neubig/"):
        assert client.get(f"{API}/{spelling}{part}").status_code == 200, spelling
    assert client.get(f"{API}/nobody{part}").status_code == 404


def test_a_profile_links_to_every_part_of_itself(client: FlaskClient, get: Any) -> None:
    links = get(f"/{KORDING}")["links"]
    assert set(links) == {"self", "html", "works", "similar", "collaborators", "graph", "feed"}
    assert all(client.get(link).status_code == 200 for link in links.values())


# What is wrong, and what is hostile


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("", {"colour": "blue"}),
        ("", {"sort": "height"}),
        ("", {"year": "soon"}),
        ("", {"verification": "L9"}),
        ("", {"open_to_collaborate": "maybe"}),
        ("", {"facets": "venue"}),
        ("", {"select": "embedding"}),
        ("", {"per_page": "0"}),
        ("", {"page": "1000", "per_page": "100"}),
        ("", {"about": "x", "page": "1000", "per_page": "100"}),
        (f"/{KORDING}", {"q": "x"}),
        (f"/{KORDING}/similar", {"exclude": "friends"}),
        (f"/{KORDING}/graph", {"depth": "3"}),
        (f"/{KORDING}/graph", {"limit": "201"}),
        (f"/{KORDING}/graph", {"limit": "0"}),
        (f"/{KORDING}/graph", {"kind": "venue"}),
    ],
)
def test_what_cannot_be_asked_is_named(client: FlaskClient, path: str, params: dict[str, str]) -> None:
    response = client.get(f"{API}{path}", query_string=params)
    problem = response.get_json(force=True)
    assert (response.status_code, response.content_type) == (400, "application/problem+json")
    assert set(problem) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert set(problem["errors"]) & {*params, "page"}


HOSTILE = [
    '"unclosed',
    "a AND (b OR",
    "name:[* TO *]",
    "*" * 400,
    "\0",
    "\u202etxt",
    "\ud800",
    "<script>alert(1)</script>",
    '{"match_all": {}}',
    "a " * 250,
    "x" * 500,
    "!",
    "-",
    "..",
    ".",
    " ",
    "%2e%2e%2f",
    "\N{MATHEMATICAL DOUBLE-STRUCK CAPITAL K}onrad",
    "王",
    "' OR 1=1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_breaks_the_server(client: FlaskClient, text: str) -> None:
    sendable = text.encode("utf-8", "replace").decode()
    names = ("q", "about", "topic", "institution", "verification", "year", "open_to_collaborate", "sort", "facets")
    for name in (*names, "select", "page", "per_page", "colour"):
        for extra in ({}, {"about": "neurons"}):
            response = client.get(API, query_string={name: sendable, **extra} if name != "about" else {name: sendable})
            assert response.status_code in {200, 400}, (name, response.data)
    for part, name in (("similar", "exclude"), ("similar", "topic"), ("graph", "depth"), ("graph", "kind")):
        assert client.get(f"{API}/{KORDING}/{part}", query_string={name: sendable}).status_code in {200, 400}
    for part in ("", "/works", "/similar", "/graph", "/collaborators"):
        assert client.get(f"{API}/{sendable.replace('/', '')}x{part}").status_code == 404


@pytest.mark.parametrize("value", [*HOSTILE, 1, True, None, {}, [], [[]], {"a": 1}, 1e308, "a" * 1_001])
def test_hostile_bodies_never_break_the_server(client: FlaskClient, value: Any) -> None:
    names = ("candidates", "exclude", "exclude_collaborators_of")
    bodies = [{"text": value}, {"work": value}, *({"text": "x", name: value} for name in names)]
    for body in [*bodies, *({"text": "x", name: [value]} for name in names)]:
        assert client.post(f"{API}/rank", json=body).status_code in {200, 400, 422}, body


def test_orders_of_similar_researchers_do_not_change_between_requests(get: Any) -> None:
    answers = [ids(get(f"/{KORDING}/similar", per_page=50)) for _ in range(3)]
    assert all(a == b for a, b in pairwise(answers))


def test_researchers_are_the_same_with_works_in_memory_and_without(sample_app: Flask, get: Any) -> None:
    there = sample_app.extensions[KEY]
    few = Settings(vectors_in_memory=0)
    with_works = Services(there.client, there.names, settings=few)
    with_works.shared(VectorStore).load(with_works)
    assert with_works.shared(VectorStore).known is not None
    in_memory, requested = (
        create_app(services=services, extensions=[]).test_client()
        for services in (with_works, Services(there.client, there.names, settings=few))
    )
    people = ids(get(per_page=30))
    body = {"like": people[:3], "unlike": people[3:5], "text": SYNTAX}
    for id_ in people:
        path = f"{API}/{id_}/similar"
        assert in_memory.get(path).get_json()["results"] == requested.get(path).get_json()["results"]
    groups = [client.post(f"{API}/similar", json=body).get_json()["results"] for client in (in_memory, requested)]
    assert groups[0] == groups[1] != []
