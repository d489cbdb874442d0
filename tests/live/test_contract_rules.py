"""The rules that all of the API shares, asked over HTTP: cursors, fields, bodies, parameters, exports of a page."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from search_api.autocomplete.schemas import Suggestion
from search_api.institutions.schemas import Institution, InstitutionSummary
from search_api.overview.schemas import Overview
from search_api.researchers import documents
from search_api.researchers.schemas import Collaborator
from search_api.topics.schemas import Topic, TopicSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient
    from marshmallow import Schema

RELU = "arxiv:1910.00744"
KORDING = "konrad-p-kording-4bafdee5"
EDINBURGH = "university-of-edinburgh"
PROBLEM = "application/problem+json"


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["id"] for one in answer["results"]]


def pages(client: FlaskClient, get: Any, path: str, **params: Any) -> Iterator[dict[str, Any]]:
    """Read a list to its end by cursor."""
    answer = get(path, cursor="*", **params)
    while True:
        yield answer
        if not answer["links"]["next"]:
            assert answer["meta"]["next_cursor"] is None
            return
        answer = client.get(answer["links"]["next"]).get_json()


# Cursors

READ_TO_THE_END = [
    ("/researchers", {}),
    ("/researchers", {"sort": "name", "topic": "cs.LG", "facets": "topic"}),
    ("/researchers", {"sort": "recent"}),
    ("/researchers", {"q": "David"}),
    ("/researchers", {"q": "David", "sort": "works_count"}),
    ("/topics", {}),
    ("/topics", {"sort": "name"}),
    ("/topics", {"q": "learning"}),
    ("/institutions", {}),
    ("/institutions", {"sort": "name"}),
    (f"/researchers/{KORDING}/works", {}),
    (f"/researchers/{KORDING}/works", {"q": "neurons", "mode": "keyword", "highlight": "true", "facets": "year"}),
    ("/works", {"topic": "cs.CL", "facets": "year", "sort": "title"}),
]


@pytest.mark.parametrize(("path", "params"), READ_TO_THE_END)
def test_a_cursor_reads_every_list_to_its_end_as_pages_do(
    client: FlaskClient, get: Any, path: str, params: dict[str, str]
) -> None:
    by_page = get(path, per_page=100, **params)
    read = list(pages(client, get, path, per_page=30 if path == "/researchers" else 7, **params))
    results = [one for answer in read for one in answer["results"]]
    assert results[:100] == by_page["results"]
    assert len({one["id"] for one in results}) == len(results) == by_page["meta"]["count"]
    for answer in read:
        assert (answer["meta"]["page"], answer["meta"]["count"]) == (None, by_page["meta"]["count"])
        assert answer["facets"] == by_page["facets"]
        assert answer["links"]["prev"] is None


def test_scores_behind_a_cursor_are_those_of_pages(client: FlaskClient, get: Any) -> None:
    whole = {one["id"]: one["score"] for one in get("/researchers", q="David", per_page=100)["results"]}
    for answer in pages(client, get, "/researchers", q="David", per_page=3):
        for one in answer["results"]:
            assert one["score"] == pytest.approx(whole[one["id"]])


@pytest.mark.parametrize(
    ("path", "params", "word"),
    [
        ("/researchers", {"about": "neurons"}, "about"),
        ("/works", {"q": "neurons"}, "mode=keyword"),
        ("/works", {"q": "neurons", "mode": "semantic"}, "mode=keyword"),
    ],
)
def test_where_a_cursor_cannot_be_it_says_why(get: Any, path: str, params: dict[str, str], word: str) -> None:
    problem = get(path, 400, cursor="*", **params)
    assert list(problem["errors"]) == ["cursor"]
    assert word in problem["detail"]


@pytest.mark.parametrize("path", ["/researchers", "/topics", "/institutions", "/works"])
@pytest.mark.parametrize("cursor", ["nonsense", "WzEsMl0", "WyJ4IiwgImkiLCAxXQ", "W3t9LCB7fSwge31d", "**", "W10"])
def test_a_foreign_cursor_is_refused_or_only_a_place(client: FlaskClient, path: str, cursor: str) -> None:
    for sort in ("name", "works_count") if path != "/works" else ("title",):
        response = client.get(f"/api/v1{path}", query_string={"cursor": cursor, "sort": sort})
        assert response.status_code in {200, 400}, response.text
        assert client.get("/topics", query_string={"cursor": cursor, "sort": "name"}).status_code in {200, 400}


PAST = [
    *("/works", "/researchers", "/topics", "/institutions", f"/researchers/{KORDING}/works", f"/works/{RELU}/similar"),
    *("/researchers?about=x", f"/researchers/{KORDING}/similar", f"/researchers/{KORDING}/collaborators"),
]


@pytest.mark.parametrize("path", PAST)
@pytest.mark.parametrize("page", ["401", "1000000", "1000001", "9" * 30])
def test_past_the_window_every_list_says_so_and_whether_there_is_a_cursor(get: Any, path: str, page: str) -> None:
    path, _, query = path.partition("?")
    params = dict([query.split("=")]) if query else {}
    problem = get(path, 400, page=page, **params)
    assert "10,000" in problem["detail"]
    assert "cursor" in problem["detail"]
    assert list(problem["errors"]) == ["page"]
    takes_one = "start with cursor=*" in problem["detail"]
    assert takes_one == (path in {"/works", "/researchers", "/topics", "/institutions", PAST[4]} and not params)
    if takes_one:
        get(path, cursor="*")


def test_the_limits_themselves_are_taken(client: FlaskClient, get: Any) -> None:
    for params in ({"per_page": 100}, {"page": 100, "per_page": 100}, {"page": 400}, {"page": 10_000, "per_page": 1}):
        for path in ("/works", "/researchers", "/topics"):
            get(path, **params)
    get("/works", q="a" * 20_000, mode="keyword")
    get("/works", 400, q="a" * 20_001, mode="keyword")
    for path, some in (("works/similar", ids(get("/works"))), ("researchers/rank", ids(get("/researchers")))):
        for count, status in ((1_000, 200), (1_001, 422)):
            body = {"text": "neurons", "candidates": (some * 41)[:count]}
            assert client.post(f"/api/v1/{path}", json=body).status_code == status


# Fields


def fields_of(schema: type[Schema]) -> list[str]:
    return list(schema().fields)


SELECTING: list[tuple[str, dict[str, str], type[Schema]]] = [
    ("/topics", {}, TopicSummary),
    ("/topics/cs.LG", {}, Topic),
    ("/institutions", {}, InstitutionSummary),
    (f"/institutions/{EDINBURGH}", {}, Institution),
    (f"/researchers/{KORDING}/collaborators", {}, Collaborator),
    ("/autocomplete", {"q": "neur"}, Suggestion),
    ("/overview", {}, Overview),
]


@pytest.mark.parametrize(("path", "params", "schema"), SELECTING)
def test_select_limits_the_fields_of_every_answer(
    get: Any, path: str, params: dict[str, str], schema: type[Schema]
) -> None:
    whole = get(path, **params)
    for names in (fields_of(schema)[:1], fields_of(schema)[:2], fields_of(schema)):
        answer = get(path, select=",".join(names), **params)
        for one, full in zip(answer.get("results", [answer]), whole.get("results", [whole]), strict=True):
            assert one == {name: full[name] for name in names if name in full}
    problem = get(path, 400, select="embedding", **params)
    assert list(problem["errors"]) == ["select"]


def test_what_makes_a_result_a_result_can_be_selected(client: FlaskClient, get: Any) -> None:
    params = {"q": "neurons", "explain": "true", "highlight": "true"}
    light = get("/works", select="id,score,match,highlight", **params)["results"]
    whole = get("/works", **params)["results"]
    assert light == [
        {name: one[name] for name in ("id", "score", "match", "highlight") if name in one} for one in whole
    ]
    assert all(set(one) == {"id"} for one in get("/works", select="id", **params)["results"])
    alike = get(f"/works/{RELU}/similar", select="id,reasons")["results"]
    assert all(set(one) == {"id", "reasons"} for one in alike)
    body = {"text": "neurons", "candidates": ids({"results": whole})}
    scored = client.post("/api/v1/works/similar?select=id,score", json=body).get_json()["results"]
    assert all(set(one) == {"id", "score"} for one in scored)
    assert all(set(one) == {"id"} for one in get("/works", select="id,score", sort="title")["results"])


# Bodies

POSTS = ["works/similar", "researchers/rank", "researchers/similar"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b"[" * 50_000, 400),
        (b'{"text": NaN}', 400),
        (b'{"text": Infinity}', 400),
        (b"[]", 422),
        (b"null", 422),
        (b"3", 422),
        (b'"x"', 422),
        (b'{"text": "\\ud800"}', 422),
        (b'{"text": 3}', 422),
        (b"{}", 422),
    ],
)
def test_what_is_no_json_is_400_and_json_of_no_use_422(
    client: FlaskClient, path: str, data: bytes, status: int
) -> None:
    response = client.post(f"/api/v1/{path}", data=data)
    assert (response.status_code, response.content_type) == (status, PROBLEM), response.text
    assert response.get_json(force=True)["detail"]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_is_read_as_json_whatever_it_says_it_is(client: FlaskClient, path: str, kind: str) -> None:
    for begin in (b"", b"\xef\xbb\xbf"):
        answer = client.post(f"/api/v1/{path}", data=begin + b'{"text": "neurons"}', content_type=kind)
        assert answer.status_code == 200


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("size", [1_000_001, 3_000_000])
def test_a_body_too_large_is_413_also_in_chunks(client: FlaskClient, path: str, size: int) -> None:
    body = b'{"text": "' + b"x" * size + b'"}'
    plain = client.post(f"/api/v1/{path}", data=body)
    chunked = client.post(
        f"/api/v1/{path}",
        input_stream=io.BytesIO(body),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    for response in (plain, chunked):
        assert (response.status_code, response.content_type) == (413, PROBLEM), response.text[:300]
    small = client.post(
        f"/api/v1/{path}",
        input_stream=io.BytesIO(b'{"text": "neurons"}'),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert small.status_code == 200


def test_a_page_of_experts_is_at_most_100_without_candidates(client: FlaskClient, get: Any) -> None:
    def status(body: dict[str, Any]) -> tuple[int, list[str]]:
        answer = client.post("/api/v1/researchers/rank?per_page=101", json=body)
        return answer.status_code, list(answer.get_json(force=True).get("errors", {}))

    assert status({"text": "neurons"}) == (400, ["per_page"])
    assert status({"text": "neurons", "candidates": ids(get("/researchers"))}) == (200, [])
    assert client.post("/api/v1/researchers/rank?per_page=100", json={"text": "neurons"}).status_code == 200


# Parameters

NUMBERS = [("/works", "page"), ("/works", "per_page"), ("/researchers", "page"), ("/autocomplete", "limit")]


@pytest.mark.parametrize(("path", "name"), [*NUMBERS, (f"/researchers/{KORDING}/graph", "limit")])
@pytest.mark.parametrize("value", ["1_0", "+1", "1.0", "1e1", "٣", "0x1", "", "ten"])
def test_numbers_are_digits(get: Any, path: str, name: str, value: str) -> None:
    if value:
        assert list(get(path, 400, **{name: value})["errors"]) == [name]
    else:
        get(path, **{name: value})


@pytest.mark.parametrize("value", ["", " ", "\t"])
def test_a_parameter_without_a_value_is_not_given(get: Any, value: str) -> None:
    plain = get("/works")
    names = (
        *("q", "mode", "sort", "highlight", "explain", "facets", "cursor", "select", "format", "page", "per_page"),
        *("topic", "researcher", "institution", "venue", "type", "source", "language", "year"),
        *("has_abstract", "is_retracted"),
    )
    for name in names:
        answer = get("/works", **{name: value})
        assert (answer["results"], answer["facets"]) == (plain["results"], plain["facets"]), name
        assert answer["meta"]["page"] == 1
    plain = get("/researchers")
    for name in ("q", "about", "sort", "facets", "select", "cursor", "page", "topic", "verification", "year"):
        assert get("/researchers", **{name: value})["results"] == plain["results"], name


def test_facets_may_be_repeated_or_parted_by_commas(get: Any) -> None:
    asked = get("/works", facets=["topic", "year,type"])["facets"]
    assert asked == get("/works", facets="topic,year,type")["facets"]
    assert set(asked) == {"topic", "year", "type"}


def test_spans_of_years_can_be_negated_and_put_together(get: Any) -> None:
    def years(*spans: str) -> set[int]:
        return {
            int(v["key"]) for v in get("/works", year=list(spans), facets="type,year", per_page=1)["facets"]["year"]
        }

    def count(**params: Any) -> int:
        return int(get("/works", per_page=1, **params)["meta"]["count"])

    assert years("2015") == years("2016-2017")  # its own selection does not shrink a facet
    assert count(year="!2015-2017") == count() - count(year="2015-2017")
    assert count(year=["2015", "2017-2018"]) == count(year="2015") + count(year="2017-2018")
    assert count(year=["2010-2020", "!2015"]) == count(year="2010-2020") - count(year="2015")
    both = count(topic="cs.LG") - count(topic=["cs.LG", "!cs.CL"])
    assert 0 < both < count(topic="cs.LG")
    negated = get("/works", topic="!cs.LG", facets="topic")["facets"]["topic"]
    assert {v["key"]: v["is_selected"] for v in negated}["cs.LG"] is False


def test_links_keep_what_was_asked_and_end_with_the_list(client: FlaskClient, get: Any) -> None:
    params = {"q": "“neurons” é &", "topic": ["cs.LG", "q-bio.NC"], "mode": "keyword", "per_page": "5"}
    first = get("/works", **params)
    second = client.get(first["links"]["next"]).get_json()
    assert second["meta"]["page"] == 2
    assert ids(second) == ids(get("/works", page=2, **params))
    assert ids(client.get(second["links"]["prev"]).get_json()) == ids(first)
    last = get("/works", page=-(-first["meta"]["count"] // 5), **params)
    assert last["links"]["next"] is None
    assert first["links"]["prev"] is None


@pytest.mark.parametrize("value", ["L1", "l1", "1", " L1 "])
def test_the_level_that_is_chosen_is_selected(get: Any, value: str) -> None:
    answer = get("/researchers", verification=value, facets="verification", per_page=1)
    (shown,) = answer["facets"]["verification"]
    assert shown == {"key": "1", "label": "L1", "count": answer["meta"]["count"], "is_selected": True}
    assert get("/researchers", verification="!L1", per_page=1)["meta"]["count"] == 0
    about = get("/researchers", about="neurons", verification=value, facets="verification", per_page=1)
    assert [(v["label"], v["is_selected"]) for v in about["facets"]["verification"]] == [("L1", True)]


def test_filters_and_ids_may_have_blanks_around_them(client: FlaskClient, get: Any) -> None:
    def count(**params: str) -> int:
        return int(get("/works", per_page=1, **params)["meta"]["count"])

    assert count(topic=" cs.LG ") == count(topic="cs.LG") > 0
    assert count(researcher=f"! {KORDING} ") == count(researcher=f"!{KORDING}")
    for path in (f"/researchers/%20{KORDING}%20", f"/researchers/{KORDING}%20/works", "/topics/%20cs.LG"):
        assert client.get(f"/api/v1{path}").status_code == 200, path
    ranked = client.post("/api/v1/researchers/rank", json={"text": "x", "candidates": [f" {KORDING} "]})
    assert ids(ranked.get_json()) == [KORDING]


# Counts


def test_a_list_that_was_cut_says_so(client: FlaskClient, get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    there = get(f"/researchers/{KORDING}/collaborators")["meta"]
    assert there["count_relation"] == "eq"
    find = documents.find
    monkeypatch.setattr(
        documents, "find", lambda *given: (one := find(*given)) | {"collaborators": one["collaborators"][:3]}
    )
    cut = get(f"/researchers/{KORDING}/collaborators")["meta"]
    assert (cut["count"], cut["count_relation"]) == (3, "gte")
    assert get("/autocomplete", q="a", limit=5)["meta"]["count_relation"] == "gte"
    assert get("/autocomplete", q="kording")["meta"]["count_relation"] == "eq"


def test_collaborators_come_with_most_works_first(get: Any) -> None:
    works = [one["works"] for one in get(f"/researchers/{KORDING}/collaborators", per_page=100)["results"]]
    assert works == sorted(works, reverse=True)


# Exports of a page


@pytest.mark.parametrize("path", ["/works", f"/researchers/{KORDING}/works"])
@pytest.mark.parametrize(
    "params",
    [
        {"per_page": "5"},
        {"page": "2"},
        {"page": "2", "per_page": "7", "sort": "title"},
        {"cursor": "*", "per_page": "6"},
        {"q": "neurons", "per_page": "5"},
        {"q": "neurons", "mode": "keyword", "cursor": "*"},
    ],
)
def test_a_page_is_exported_as_it_is_listed(client: FlaskClient, path: str, params: dict[str, str]) -> None:
    listed = client.get(f"/api/v1{path}", query_string=params).get_json()
    exported = client.get(f"/api/v1{path}", query_string={**params, "format": "jsonl"})
    assert [json.loads(line)["id"] for line in exported.text.splitlines()] == ids(listed)
    assert exported.headers["ETag"]
    following = listed["links"]["next"]
    assert ("Link" in exported.headers) == bool(following)
    if following:
        address, rel = exported.headers["Link"].split("; ")
        assert rel == 'rel="next"'
        further = client.get(address.strip("<>"))
        assert further.mimetype == "application/x-ndjson"
        assert [json.loads(line)["id"] for line in further.text.splitlines()] == ids(client.get(following).get_json())


def test_a_page_past_the_window_cannot_be_exported(client: FlaskClient) -> None:
    assert client.get("/api/v1/works?format=csv&page=401").status_code == 400
    assert client.get("/api/v1/works?format=csv&q=x&cursor=*").status_code == 400


def test_a_score_may_be_a_column_and_what_is_none_is_refused(client: FlaskClient) -> None:
    text = client.get("/api/v1/works?q=neurons&format=csv&select=id,score&per_page=2").text
    assert text.splitlines()[0] == "id,score"
    refused = client.get("/api/v1/works?format=csv&select=links")
    assert (refused.status_code, refused.content_type) == (400, PROBLEM)
    assert list(refused.get_json(force=True)["errors"]) == ["select"]
