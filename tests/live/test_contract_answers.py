"""What surrounds the answers, asked over HTTP: health, headers, errors of every route; and the twins of pages."""

from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from opensearchpy import OpenSearch

from mappings import IndexNames
from peerscope import embedding
from search_api.app import create_app
from search_api.http import extensions as hooks
from search_api.http.services import KEY, Services
from tests.people import log_in

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

RELU = "arxiv:1910.00744"
KORDING = "konrad-p-kording-4bafdee5"
EDINBURGH = "university-of-edinburgh"
PROBLEM = "application/problem+json"
POSTS = ["works/similar", "researchers/rank", "researchers/similar"]
ROUTES = [
    *("/api/v1/works", f"/api/v1/works/{RELU}", f"/api/v1/works/{RELU}/similar", "/api/v1/researchers"),
    *(f"/api/v1/researchers/{KORDING}{part}" for part in ("", "/works", "/similar", "/collaborators", "/graph")),
    *("/api/v1/topics", "/api/v1/topics/cs.LG", "/api/v1/institutions", f"/api/v1/institutions/{EDINBURGH}"),
    *("/api/v1/graph?topic=cs.LG", "/api/v1/autocomplete", "/api/v1/overview", "/api/v1/openapi.json"),
    *("/feeds/works.atom", "/healthz", "/readyz"),
]


@pytest.fixture
def without_model(sample_app: Flask) -> FlaskClient:
    def broken() -> embedding.Embedder:
        raise embedding.EmbeddingError("the model is out of order")

    there = sample_app.extensions[KEY]
    # With the accounts of the sample: those of the user's home may have no tables, and would count as degraded.
    extensions = sample_app.extensions[hooks.KEY]
    return create_app(services=Services(there.client, there.names, broken), extensions=extensions).test_client()


@pytest.fixture
def without_engine() -> FlaskClient:
    away = OpenSearch(hosts=["http://127.0.0.1:9"], timeout=1.8, max_retries=0)
    return create_app(services=Services(away, IndexNames("x-"))).test_client()


@pytest.mark.parametrize("path", ROUTES)
def test_an_unknown_parameter_is_refused_everywhere(client: FlaskClient, path: str) -> None:
    joint = "&" if "?" in path else "?"
    assert client.get(path).status_code == 200
    for query in ("colour=blue", "colour="):
        response = client.get(f"{path}{joint}{query}")
        assert (response.status_code, response.content_type) == (400, PROBLEM)
        assert list(response.get_json(force=True)["errors"]) == ["colour"]


# Health and headers


def test_without_the_model_it_is_ready_and_says_so(client: FlaskClient, without_model: FlaskClient) -> None:
    assert client.get("/readyz").get_json()["degraded"] == []
    answer = without_model.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")
    assert answer.get_json()["degraded"] == ["semantic"]
    assert "out of order" in answer.get_json()["parts"]["embedding"]


def test_what_is_not_ready_is_a_problem(without_engine: FlaskClient) -> None:
    answer = without_engine.get("/readyz")
    assert (answer.status_code, answer.content_type) == (503, PROBLEM)
    assert answer.headers["Retry-After"]
    assert "opensearch" in answer.get_json(force=True)["detail"]


AWAY = [
    *(("GET", path) for path in ("/api/v1/autocomplete?q=x", "/api/v1/graph?topic=x", "/api/v1/overview")),
    *(("GET", path) for path in ("/feeds/works.atom", "/feeds/topics/x.atom", "/api/v1/works?format=csv")),
    *(("POST", f"/api/v1/{path}") for path in POSTS),
]


@pytest.mark.parametrize(("method", "path"), AWAY)
def test_every_route_says_503_when_opensearch_is_away(without_engine: FlaskClient, method: str, path: str) -> None:
    answer = without_engine.open(path, method=method, json={"text": "x"} if method == "POST" else None)
    assert (answer.status_code, answer.content_type) == (503, PROBLEM)
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/v1", 404),
        ("POST", "/healthz", 405),
        ("POST", "/readyz", 405),
        ("GET", "/healthz/", 404),
        ("POST", "/api/v1/works", 405),
        ("GET", "/api/v1/researchers/rank", 404),
        ("DELETE", "/feeds/works.atom", 405),
        ("PUT", "/api/v1/openapi.json", 405),
    ],
)
def test_errors_for_programs_have_one_shape(client: FlaskClient, method: str, path: str, status: int) -> None:
    answer = client.open(path, method=method, headers={"X-Request-ID": "mine-1"})
    assert (answer.status_code, answer.content_type) == (status, PROBLEM)
    problem = answer.get_json(force=True)
    assert set(problem) == {"type", "title", "status", "detail", "errors", "request_id"}
    assert problem["request_id"] == answer.headers["X-Request-ID"] == "mine-1"
    assert (status == 405) == ("Allow" in answer.headers)


READS = [path for path in ROUTES if path not in {"/healthz", "/readyz"}]


@pytest.mark.parametrize("path", READS)
def test_every_read_can_be_asked_for_its_head_and_revalidated(client: FlaskClient, path: str) -> None:
    first, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == first.headers["ETag"]
    assert "max-age" in first.headers["Cache-Control"]
    for tag in (first.headers["ETag"], "*", f'"x", {first.headers["ETag"]}'):
        again = client.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "RateLimit-Limit", "RateLimit-Remaining", "X-Request-ID"):
            assert again.headers[name]
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert "GET" in client.options(path).headers["Allow"]


def test_a_request_has_an_id_in_every_case(client: FlaskClient) -> None:
    for path in ("/api/v1/topics", "/api/v1/topics/none", "/api/v1/topics?colour=1", "/healthz", "/"):
        for given in ("", "not a word", "x" * 101):
            made = client.get(path, headers={"X-Request-ID": given}).headers["X-Request-ID"]
            assert made
            assert made != given
        assert client.get(path, headers={"X-Request-ID": "a.b-c_1"}).headers["X-Request-ID"] == "a.b-c_1"


def test_who_asks_too_often_is_told_so_in_every_answer(sample_app: Flask) -> None:
    there = sample_app.extensions[KEY]
    client = create_app({"RATE_LIMIT": "3/minute"}, Services(there.client, there.names)).test_client()
    tag = client.get("/api/v1/topics").headers["ETag"]
    for path, status, left in (("/api/v1/topics", 304, "1"), ("/api/v1/topics/none", 404, "0")):
        answer = client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (status, left)
    for refused in (client.get("/api/v1/works"), client.post("/api/v1/works/similar", json={"text": "x"})):
        assert (refused.status_code, refused.content_type) == (429, PROBLEM)
        assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/works?q=neurons&mode=semantic",
        "/api/v1/works?q=neurons&sort=title",
        "/api/v1/works?q=neurons&format=csv&per_page=3",
        "/api/v1/researchers?about=neurons&sort=name",
    ],
)
def test_what_is_degraded_is_not_kept(without_model: FlaskClient, path: str) -> None:
    answer = without_model.get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    if answer.is_json:
        assert (answer.get_json()["meta"]["degraded"], answer.get_json()["meta"]["mode"]) == (["semantic"], "keyword")
    whole = without_model.get(f"/api/v1/works/{RELU}/similar").get_json()
    assert "degraded" not in whole["meta"]


# Twins


def test_the_overview_says_how_much_there_is(client: FlaskClient, get: Any) -> None:
    found = get("/overview")
    for kind, count in found["counts"].items():
        assert get(f"/{kind}", per_page=1)["meta"]["count"] == count
    assert sum(year["works"] for year in found["counts_by_year"]) == found["counts"]["works"]
    assert found["topics"] == get("/topics", per_page=12)["results"]
    assert found["researchers"] == get("/researchers", per_page=6)["results"]
    for query in found["searches"]:
        assert get("/works", q=query)["meta"]["count"]
    for link in found["links"].values():
        assert client.get(link).status_code == 200
    page = unescape(client.get("/").text)
    # Variants of a topic, "Machine Learning (Statistics)", are shown as one, and rows have two topics.
    topics = list(dict.fromkeys(topic["name"].partition(" (")[0] for topic in found["topics"]))
    people = [person["name"] for person in found["researchers"]]
    assert [name for name in (*topics[: len(topics) // 2 * 2], *people) if name not in page] == []


def twin_of(client: FlaskClient, page: str) -> str:
    """Return the address of the JSON that a page links, which must be there."""
    text = client.get(page).text
    assert text.count('rel="alternate" type="application/json"') == 1, page
    address = unescape(text.partition('<link rel="alternate" type="application/json" href="')[2].partition('"')[0])
    assert client.get(address).is_json, address
    return address


def test_pages_that_begin_something_have_a_twin(client: FlaskClient) -> None:
    assert twin_of(client, "/") == twin_of(client, "/graph") == "/api/v1/overview"
    assert twin_of(client, "/related") == "/api/v1/researchers?per_page=10"
    page = client.post("/related", data={"text": "neurons & é"}, follow_redirects=True).text
    twin = f"/api/v1/researchers?about={quote('neurons & é')}&per_page=10".replace("%20", "+")
    assert twin in unescape(page)
    shown = [one["links"]["html"] for one in client.get(twin).get_json()["results"]]
    assert all(f'href="{address}"' in page for address in shown)


def test_pages_of_an_account_have_a_twin(sample_app: Flask) -> None:
    ada = log_in(sample_app, "Ada Twin", admin=True)
    pages = {
        "/account": "/api/v1/me",
        "/feed?since=ever": "/api/v1/me/feed?since=ever",
        "/inbox?box=sent": "/api/v1/me/invitations?box=sent",
        "/admin?status=verified": "/api/v1/admin/claims?status=verified",
        "/admin/reports": "/api/v1/admin/reports",
        "/admin/audit": "/api/v1/admin/audit",
    }
    for page, twin in pages.items():
        assert twin_of(ada, page) == twin
    assert "application/json" not in ada.get("/account/profile").text  # nothing is claimed, so there is nothing to say


def test_a_page_offers_one_other_spelling(client: FlaskClient) -> None:
    page = client.get("/search?q=neurnos+decodign&mode=keyword").text
    assert page.count("Did you mean") == 1


def test_a_search_page_exports_all_that_it_found(client: FlaskClient) -> None:
    page = unescape(client.get("/search?q=neurons&page=2&per_page=5&mode=keyword").text)
    address = page.partition("Export results")[2].partition('href="')[2].partition('"')[0]
    assert "page" not in address
    exported = client.get(address.replace("bibtex", "jsonl")).text.splitlines()
    found = client.get("/api/v1/works?q=neurons&mode=keyword&per_page=1").get_json()["meta"]["count"]
    assert len(exported) == found
