"""Every example of docs/api.md is sent to the app over the sample: routes, parameters, queries, bodies, answers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from search_api.http.openapi import describe
from search_api.works.export import FORMATS
from tests.documented import rows, section, spans, text_of
from tests.live.conftest import SAMPLE

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from opensearchpy import OpenSearch

API = text_of("api.md")
#: What stands for the ids and texts of the page. Each id names an item of the sample.
IDS = {
    "works": "arxiv:1402.3375",
    "researchers": "konrad-p-kording-4bafdee5",
    "topics": "q-bio.NC",
}
TEXT = "recording the activity of many neurons"
#: Parameters that lists require besides the one in question.
NEEDED = {"/graph": {"work": IDS["works"]}, "/autocomplete": {"q": "neural"}}
MODES = ("hybrid", "semantic", "keyword")

_METHODS = re.compile(r"(?P<methods>(?:(?:GET|POST|PUT|PATCH|DELETE)(?:, )?)*)\s*`(?P<path>/[^`]*)`")


def described_routes() -> list[tuple[str, str]]:
    """Return method and path of each route in the tables of requests."""
    found = []
    for row in rows(API.partition("## Lists")[0]):
        for match in _METHODS.finditer(row[0]):
            found += [(method, match["path"]) for method in match["methods"].split(", ") if method] or [
                ("GET", match["path"])
            ]
    return found


ROUTES = described_routes()
PARAMETERS = [span for span in spans(API) if re.fullmatch(r"[a-z_]+=[\w,*.:-]+", span)]
QUERIES = [query for row in rows(section("api.md", "Query syntax of works")) for query in spans(row[0])]
FORMAT_ROWS = rows(section("api.md", "Exports"))
#: POST routes that need no account.
PUBLIC = ("/works/similar", "/researchers/rank", "/researchers/similar", "/researchers/complement")
#: A POST route and a body that the page gives for it.
BODIES = re.findall(r"POST `(/[^`]+)`\)?:? `(\{[^`]*\})`", " ".join(API.split()))


def filled(path: str, client: FlaskClient) -> str:
    """Return a path with ids of the sample."""
    if "institutions/{id}" in path:
        institutions = client.get("/api/v1/institutions").get_json()["results"]
        path = path.replace("{id}", institutions[0]["id"])
    for kind, id_ in IDS.items():
        path = path.replace(f"{kind}/{{id}}", f"{kind}/{id_}")
    return re.sub(r"\{\w+\}", "1", path)


def address(path: str) -> str:
    is_at_the_root = path.startswith(("/feeds/", "/healthz", "/readyz", "/metrics", "/search"))
    return path if is_at_the_root else f"/api/v1{path}"


def test_the_page_has_the_examples_that_are_looked_for() -> None:
    assert len(ROUTES) > 70
    assert len(PARAMETERS) >= 8
    assert len(QUERIES) >= 9
    assert len(FORMAT_ROWS) == len(FORMATS)
    assert {path for path, _ in BODIES} >= {"/researchers/rank", "/researchers/similar", "/researchers/complement"}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_route_answers_as_described(client: FlaskClient, method: str, path: str) -> None:
    url = address(filled(path, client))
    needed = NEEDED.get(path, {})
    response = client.open(url, method=method, query_string=needed, json={} if method != "GET" else None)
    needs_account = re.search(r"^/(?:me|admin)(?:/|$)|/(?:claim|corrections|invitations)$", path)
    if "{token}" in path:
        assert response.status_code == 404
    elif needs_account:
        assert response.status_code == 401
    elif method == "GET":
        assert response.status_code == 200
    else:
        assert response.status_code == 422, "an empty body lacks what is required"


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_each_parameter_is_taken_by_all_routes_that_have_it(client: FlaskClient, parameter: str) -> None:
    name, _, value = parameter.partition("=")
    paths = describe(client.application)["paths"]
    taking = [
        path.removeprefix("/api/v1")
        for path, operations in paths.items()
        if name in {item.get("name") for item in operations.get("get", {}).get("parameters", ())}
    ]
    statuses = [
        client.get(address(filled(path, client)), query_string={**NEEDED.get(path, {}), name: value}).status_code
        for path in taking
    ]
    deleting = [path for path, operations in paths.items() if name in str(operations.get("delete", ""))]
    assert set(statuses) & {200, 401} or deleting
    # The other routes say which values they have.
    assert set(statuses) <= {200, 400, 401}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", QUERIES)
def test_each_query_of_the_syntax_finds_works(get: Any, query: str, mode: str) -> None:
    answer = get("/works", q=query, mode=mode)
    assert answer["meta"]["count"] > 0
    assert "did_you_mean" not in answer["meta"]


@pytest.mark.parametrize("query", ["-title:motor", "t-SNE", "AND (", "~2", "[a TO b]", "title:", "-", "OR"])
def test_repaired_and_prefixed_queries_are_answered(get: Any, query: str) -> None:
    assert f"`{query}`" in API
    for mode in MODES:
        get("/works", q=query, mode=mode)


@pytest.mark.parametrize(
    "years", sorted({span for span in spans(API) if re.fullmatch(r"-?\d{4}(?:-(?:\d{4})?)?", span)})
)
def test_each_form_of_years_limits_a_list(get: Any, years: str) -> None:
    found = get("/works", year=years, facets="year")
    first, _, last = years.rpartition("-") if "-" in years else (years, "", years)
    assert found["meta"]["count"] > 0 or years == "2019"
    for work in found["results"]:
        assert int(first or 0) <= work["year"] <= int(last or 9999)


@pytest.mark.parametrize(("name", "media_type"), [(spans(row[0])[0], spans(row[1])[0]) for row in FORMAT_ROWS])
def test_each_export_format_has_its_media_type(client: FlaskClient, name: str, media_type: str) -> None:
    for response in (
        client.get("/api/v1/works", query_string={"q": "neural", "format": name}),
        client.get("/api/v1/works", query_string={"q": "neural"}, headers={"Accept": media_type}),
    ):
        assert response.status_code == 200
        assert response.mimetype == media_type
        assert response.text.strip()


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_each_body_is_accepted_where_it_belongs(client: FlaskClient, path: str, body: str) -> None:
    """Placeholders are `[ids]`, `id` and `"..."`; a question mark means that a field is optional."""
    example = body.replace("\\|", "|").replace('"?:', '":')
    is_about_works = path.startswith("/works")
    id_ = json.dumps(IDS["works" if is_about_works else "researchers"])
    example = re.sub(r'"work": id\b', f'"work": {json.dumps(IDS["works"])}', example)
    example = example.replace("[ids]", f"[{id_}]").replace('"..."', json.dumps(TEXT))
    example = re.sub(r'("[^"]*")(?:\|"[^"]*")+', r"\1", re.sub(r"(?<=: )id\b", id_, example))
    sent = json.loads(example)
    if {"like", "exclude"} <= sent.keys():
        sent["unlike"], sent["exclude"] = [], []
    response = client.post(address(filled(path, client)), json=sent)
    assert response.status_code == (200 if path in PUBLIC else 401), response.text


#: Query and the part of `meta` that the page states for it.
STATED: list[tuple[str, str, Any]] = [
    ("CoRR abs/1402.3375 (2014)", "interpreted", {"kind": "work", "id": "arxiv:1402.3375"}),
    ("oai:arXiv.org:1402.3375", "interpreted", {"kind": "work", "id": "arxiv:1402.3375"}),
    ("doi:10.9999/nothing", "interpreted", {"kind": None, "id": "doi:10.9999/nothing"}),
    ("doi = {10.1000/xyz}", "interpreted", {"kind": None, "id": "doi:10.1000/xyz"}),
    ("https://publisher.example/article?id=10.1000/xyz", "interpreted", {"kind": None, "id": "doi:10.1000/xyz"}),
    ("kording decoding", "author", "kording"),
    ('"kording" decoding', "author", None),
]


@pytest.mark.parametrize(("query", "field", "expected"), STATED)
def test_queries_are_understood_as_stated(get: Any, query: str, field: str, expected: Any) -> None:
    text = " ".join(API.split())
    assert f"`{query}`" in text or f'"{query}"' in text
    if isinstance(expected, dict) and f'"{expected["id"]}"' not in query and "xyz" not in query:
        assert json.dumps(expected) in text
    for mode in MODES:
        assert get("/works", q=query, mode=mode)["meta"].get(field) == expected


def test_the_selection_of_an_export_is_as_shown(client: FlaskClient) -> None:
    assert "`/works?id=a&id=b&format=ris`" in API
    first, second = (work["id"] for work in client.get("/api/v1/works?per_page=2").get_json()["results"])
    exported = client.get("/api/v1/works", query_string={"id": [first, second], "format": "ris"}).text
    assert exported.count("TY  - ") == 2


def test_source_ids_and_the_address_of_a_page_lead_to_the_item(client: FlaskClient) -> None:
    assert client.get("/search", query_string={"q": "arxiv:1402.3375"}).status_code == 303
    for id_ in ("openreview:~A_B1", "acl:graham-neubig"):
        assert f"`{id_}`" in API
        assert client.get(f"/api/v1/researchers/{id_}").status_code in {200, 301, 404}


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (("CH₄", "CH<sub>4</sub>", "CH$_4$"), "CH4"),
        (("β-amyloid",), "beta-amyloid"),
        ((r"$\beta$",), "beta"),
        (("l'eau",), "eau"),
        (("dell'acqua",), "acqua"),
    ],
)
def test_words_are_indexed_as_stated(opensearch: OpenSearch, written: tuple[str, ...], same: str) -> None:
    stated = spans(section("ranking.md", "Words of all languages"))
    for text in (*written, same):
        assert text in stated or same in {"beta-amyloid", "beta", "eau", "acqua"}
        assert _terms(opensearch, text) == _terms(opensearch, same)


def test_symbols_are_words_of_their_own(opensearch: OpenSearch) -> None:
    assert {"C++", "C#", "C"} <= set(spans(section("ranking.md", "Words of all languages")))
    assert len({tuple(_terms(opensearch, text)) for text in ("C++", "C#", "C")}) == 3


def _terms(opensearch: OpenSearch, text: str) -> list[str]:
    body = {"field": "title", "text": text}
    return [token["token"] for token in opensearch.indices.analyze(index=SAMPLE.works, body=body)["tokens"]]
