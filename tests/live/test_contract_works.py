"""Every row of the works part of the API asked over HTTP: what it takes, what it gives, and how it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

RELU = "arxiv:1910.00744"
KORDING = "konrad-p-kording-4bafdee5"
WORK = (
    "id ids title abstract year date type venue doi url source license language cited_by_count is_retracted topics "
    "authors institutions links"
)
AUTHOR = {"researcher_id", "name", "position", "affiliation", "institution_id"}
MODES = ["hybrid", "semantic", "keyword"]
FACETS = "topic,year,venue,researcher,institution,type"


def ids(answer: dict[str, Any]) -> list[str]:
    return [work["id"] for work in answer["results"]]


def test_a_work_has_every_part(get: Any) -> None:
    work = get(f"/works/{RELU}")
    assert set(WORK.split()) <= set(work)
    assert not {"embedding", "content_hash", "indexed_at"} & set(work)
    assert all(set(author) == AUTHOR for author in work["authors"])
    assert all(set(topic) == {"id", "name"} for topic in work["topics"])
    assert set(get("/works", per_page=1)["results"][0]) == set(work)


SPELLINGS = [
    *(RELU, "arXiv:1910.00744", "1910.00744", "1910.00744v2", "arxiv:1910.00744v1"),
    *("https://arxiv.org/abs/1910.00744", "http://arxiv.org/abs/1910.00744v2", "https://arxiv.org/pdf/1910.00744.pdf"),
    *("10.48550/arXiv.1910.00744", "doi:10.48550/arxiv.1910.00744", "https://doi.org/10.48550/arXiv.1910.00744"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_work_is_found_under_every_spelling_encoded_or_not(get: Any, spelling: str) -> None:
    for path in (spelling, quote(spelling, safe=""), f" {spelling} "):
        assert get(f"/works/{path}")["id"] == RELU
        assert get(f"/works/{path}/similar", per_page=1)["results"][0]["id"] != RELU


def test_the_address_of_a_source_is_an_id_too(get: Any) -> None:
    seen = set()
    for work in (work for page in range(1, 5) for work in get("/works", per_page=100, page=page)["results"]):
        spellings = [work["doi"], work["doi"] and f"https://doi.org/{work['doi'].upper()}"]
        if work["id"].startswith("acl:"):
            spellings.append(f"https://aclanthology.org/{work['id'].removeprefix('acl:')}/")
        if work["id"].split(":")[0] in seen:
            continue
        for spelling in filter(None, spellings):
            assert get(f"/works/{quote(spelling, safe='')}")["id"] == work["id"]
            seen.add(work["id"].split(":")[0])
    assert seen


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sort", ["relevance", "newest", "oldest", "title", "most_cited"])
def test_every_mode_and_sort_with_everything_on(get: Any, mode: str, sort: str) -> None:
    params = {"mode": mode, "sort": sort, "highlight": "true", "explain": "true", "facets": FACETS, "per_page": 50}
    answer = get("/works", q="neural decoding", **params)
    scores = [work["score"] for work in answer["results"]]
    assert sort != "relevance" or scores == sorted(scores, reverse=True)
    for work in answer["results"]:
        assert set(work["match"]) == {"keyword", "semantic"}
        assert all(0 <= score <= 1 for score in (work["score"], *work["match"].values()))
    assert set(answer["facets"]) == set(FACETS.split(","))
    assert answer["meta"]["mode"] == mode
    assert answer["meta"]["count_relation"] == "eq"
    assert any("<mark>" in part for work in answer["results"] for part in work.get("highlight", {}).get("title", []))
    assert ids(answer) == ids(get("/works", q="neural decoding", **params))


FILTERED = {
    "topic": ("cs.LG", lambda work: "cs.LG" in [topic["id"] for topic in work["topics"]]),
    "researcher": (KORDING, lambda work: KORDING in [author["researcher_id"] for author in work["authors"]]),
    "venue": ("arXiv", lambda work: work["venue"] == "arXiv"),
    "type": ("preprint", lambda work: work["type"] == "preprint"),
    "source": ("arXiv", lambda work: work["source"] == "arXiv"),
    "language": ("en", lambda work: work["language"] == "en"),
    "year": ("2015-2017", lambda work: 2015 <= (work["year"] or 0) <= 2017),
    "has_abstract": ("true", lambda work: bool(work["abstract"])),
    "is_retracted": ("false", lambda work: not work["is_retracted"]),
    "institution": ("none", lambda work: False),
}


@pytest.mark.parametrize("name", list(FILTERED))
@pytest.mark.parametrize("mode", MODES)
def test_every_filter_holds_and_can_be_negated(get: Any, name: str, mode: str) -> None:
    value, holds = FILTERED[name]
    questions: tuple[dict[str, str], ...] = ({}, {"q": "neural networks", "mode": mode})
    for given in questions:
        wanted = get("/works", per_page=100, **{name: value}, **given)
        others = get("/works", per_page=100, **{name: f"!{value}"}, **given)
        assert all(holds(work) for work in wanted["results"])
        assert not any(holds(work) for work in others["results"])
        if mode != "semantic" and "q" not in given:
            assert wanted["meta"]["count"] + others["meta"]["count"] == 320


@pytest.mark.parametrize("span", ["2016", "2015-2017", "2015-", "-2012", "!2016", "2016-2016"])
def test_years_are_taken_alone_and_as_spans(get: Any, span: str) -> None:
    first, dash, last = span.lstrip("!").partition("-")
    low, high = int(first or 0), int(last or 9999) if dash else int(first)
    for work in get("/works", year=span, per_page=100)["results"]:
        assert (low <= work["year"] <= high) != span.startswith("!")


def test_every_facet_counts_what_its_filter_finds(get: Any) -> None:
    facets = get("/works", facets=FACETS)["facets"]
    for name in ("topic", "year", "venue", "researcher", "type"):
        for value in facets[name][:2]:
            assert set(value) == {"key", "label", "count", "is_selected"}
            assert get("/works", per_page=1, **{name: value["key"]})["meta"]["count"] == value["count"]
    assert next(value["label"] for value in facets["topic"] if value["key"] == "cs.LG") == "Machine Learning"
    assert any(value["label"] == "Konrad P. Kording" for value in facets["researcher"])


@pytest.mark.parametrize("params", [{}, {"q": "learning"}, {"q": "learning", "mode": "semantic"}])
def test_a_rare_value_that_is_chosen_is_shown(get: Any, params: dict[str, str]) -> None:
    shown = {value["key"] for value in get("/works", facets="topic", **params)["facets"]["topic"]}
    topics = {topic["id"]: topic["name"] for work in get("/works", per_page=100)["results"] for topic in work["topics"]}
    rare = next(topic for topic in topics if topic not in shown)
    chosen = {v["key"]: v for v in get("/works", facets="topic", topic=["cs.LG", rare], **params)["facets"]["topic"]}
    assert chosen[rare]["is_selected"]
    assert chosen[rare]["label"] == topics[rare]
    if not params:
        assert chosen[rare]["count"] == get("/works", topic=rare, per_page=1)["meta"]["count"]


@pytest.mark.parametrize("params", [{"q": "networks", "mode": "keyword"}, {"sort": "most_cited"}, {"q": "-neural"}])
def test_a_cursor_gives_what_pages_give(client: FlaskClient, get: Any, params: dict[str, str]) -> None:
    by_page = get("/works", per_page=100, **params)["results"]
    answer = get("/works", per_page=20, cursor="*", **params)
    by_cursor = list(answer["results"])
    while following := answer["links"]["next"]:
        assert answer["meta"]["page"] is None
        answer = client.get(following).get_json()
        by_cursor += answer["results"]
    assert by_cursor[:100] == by_page
    assert len({work["id"] for work in by_cursor}) == answer["meta"]["count"]


@pytest.mark.parametrize("mode", MODES)
def test_pages_end_where_the_count_says(get: Any, mode: str) -> None:
    params = {"q": "a model of learning", "mode": mode, "per_page": 100, "select": "id"}
    first = get("/works", **params)
    pages = [get("/works", page=page, **params) for page in range(1, first["meta"]["count"] // 100 + 2)]
    seen = [id_ for page in pages for id_ in ids(page)]
    assert len(seen) == len(set(seen)) == first["meta"]["count"]


@pytest.mark.parametrize("fields", ["id", "title,year", "authors,links", "id,abstract,topics"])
def test_select_limits_the_fields_and_the_description_says_so(client: FlaskClient, get: Any, fields: str) -> None:
    answers = [*get("/works", select=fields)["results"], get(f"/works/{RELU}", select=fields)]
    schema = client.get("/api/v1/openapi.json").get_json()["components"]["schemas"]["Work"]
    for answer in (*answers, get("/works", q="neurons", explain="true", highlight="true")["results"][0]):
        assert set(answer) <= set(schema["properties"])
        assert set(schema.get("required", [])) <= set(answer)
    assert all(set(answer) == set(fields.split(",")) for answer in answers)


@pytest.mark.parametrize(
    ("path", "params", "status", "named"),
    [
        ("/works", {"colour": "blue"}, 400, "has_abstract"),
        ("/works/x/similar", {"q": "blue"}, 400, "per_page"),
        (f"/works/{RELU}", {"q": "blue"}, 400, "select"),
        ("/works", {"mode": "magic"}, 400, "mode"),
        ("/works", {"sort": "best"}, 400, "sort"),
        ("/works", {"facets": "topic,colour"}, 400, "facets"),
        ("/works", {"select": "embedding"}, 400, "select"),
        ("/works", {"highlight": "perhaps"}, 400, "highlight"),
        ("/works", {"year": "soon"}, 400, "year"),
        ("/works", {"has_abstract": "soon"}, 400, "has_abstract"),
        ("/works", {"page": "0"}, 400, "page"),
        ("/works", {"per_page": "101"}, 400, "per_page"),
        ("/works", {"page": "101", "per_page": "100"}, 400, "cursor"),
        ("/works", {"q": "x", "cursor": "*"}, 400, "mode=keyword"),
        ("/works", {"cursor": "nonsense"}, 400, "cursor"),
        ("/works", {"format": "docx"}, 400, "format"),
        ("/works/arxiv:0000.00000", {}, 404, "0000.00000"),
        ("/works/arxiv:0000.00000/similar", {}, 404, "0000.00000"),
    ],
)
def test_what_is_wrong_is_named(
    client: FlaskClient, path: str, params: dict[str, str], status: int, named: str
) -> None:
    response = client.get(f"/api/v1{path}", query_string=params)
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    problem = response.get_json(force=True)
    assert set(problem) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert named in problem["detail"]


HOSTILE = [
    *(
        '"unclosed',
        "a AND (b OR",
        "title:[* TO *]",
        "*" * 500,
        "\0",
        "\u202etxt",
        "\\",
        "/(((((/",
        "~~~2^^^",
        "_exists_:x",
    ),
    *(
        "<script>alert(1)</script>",
        '{"script": "1"}',
        "' OR 1=1 --",
        "../../etc/passwd",
        "%00%ff",
        "\N{SNOWMAN}",
        "!",
        "-",
    ),
    *(
        "a" * 5_000,
        "word " * 4_000,
        '"' * 999,
        "-a " * 500,
        "title:a OR " * 300,
        "\ud7ff\uffff\U0010ffff",
        "!!!",
        "1e999",
    ),
]
PARAMETERS = (
    *("q", "mode", "sort", "highlight", "explain", "facets", "select", "cursor", "page", "per_page", "format"),
    *("topic", "researcher", "institution", "venue", "type", "source", "language", "year"),
    *("has_abstract", "is_retracted"),
)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_hostile_text_in_any_parameter_never_breaks_the_server(client: FlaskClient, parameter: str) -> None:
    for text in HOSTILE:
        for extra in ({}, {"mode": "keyword", "facets": FACETS, "explain": "true", "highlight": "true"}):
            answer = client.get("/api/v1/works", query_string={"q": "x"} | extra | {parameter: text})
            assert answer.status_code in {200, 400}, (text[:40], answer.get_data(as_text=True))
    assert client.get(f"/api/v1/works?{parameter}=%ff%fe%00%c3").status_code in {200, 400}
    for many in (100, 2_000):
        query = {"q": "word " * 500, parameter: ["x"] * many, "venue": ["y"] * 100, "source": ["z"] * 100}
        assert client.get("/api/v1/works", query_string=query).status_code in {200, 400}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_ids_are_not_found(client: FlaskClient, text: str) -> None:
    for path in (f"/api/v1/works/{quote(text[:600])}x", f"/api/v1/works/{quote(text[:600], safe='')}x/similar"):
        assert client.get(path).status_code in {308, 400, 404}
    assert client.get("/api/v1/works/%ff%fe").status_code == 404


FORGED = [
    "WzEsMl0",
    "W251bGwsICJ4IiwgMV0",
    "W251bGwsICJ4IiwgIngiLCAxXQ",
    "WzFlOTk5LCAieCIsIDFd",
    "W05hTiwgIngiLCAxXQ",
    "WyJ4IiwgImkiLCB7fV0",
    "WyJ4IiwgImkiLCAieSJd",
    "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LCJhIiwxXQ",
]


@pytest.mark.parametrize("cursor", FORGED)
@pytest.mark.parametrize("params", [{"q": "neurons", "mode": "keyword"}, {"sort": "title"}, {"sort": "newest"}])
def test_a_forged_cursor_never_breaks_the_server(client: FlaskClient, params: dict[str, str], cursor: str) -> None:
    assert client.get("/api/v1/works", query_string=params | {"cursor": cursor}).status_code in {200, 400}
