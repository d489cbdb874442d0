"""The client of the HTTP API, against a small service on loopback."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, jsonify, redirect, request

import peerscope
from peerscope import Client
from peerscope.errors import ApiError, PeerscopeError
from tests.served import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Response as BaseResponse

WORKS = [{"id": f"local:{number}", "title": f"Work {number}"} for number in range(7)]


class Service:
    """A service with seven works; records the requests it receives."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.tokens: list[str | None] = []
        #: `Retry-After` of the next responses, each a 429.
        self.busy: list[str] = []
        self.url = ""

    def app(self) -> Flask:
        app = Flask(__name__)
        app.before_request(self.record)
        app.add_url_rule("/api/v1/works", view_func=self.works)
        app.add_url_rule("/api/v1/works/<path:id_>", view_func=self.work)
        for path in ("rank", "similar", "complement"):
            app.add_url_rule(f"/api/v1/researchers/{path}", f"post {path}", self.works, methods=["POST"])
        for path in ("/works/<id_>/similar", "/researchers", "/researchers/<id_>/similar", "/researchers/<id_>/works"):
            app.add_url_rule(f"/api/v1{path}", path, self.works)
        app.add_url_rule("/api/v1/researchers/<id_>", "researcher", lambda id_: jsonify(id=id_))
        app.add_url_rule("/api/v1/autocomplete", "autocomplete", self.works)
        app.add_url_rule("/html/api/v1/works", "html", lambda: "<p>not the service</p>")
        app.add_url_rule("/list/api/v1/works", "list", lambda: jsonify([1]))
        return app

    def record(self) -> Response | None:
        body = request.get_json() if request.is_json else None
        self.requests.append((request.method, request.path, dict(request.args.lists()), body))
        self.tokens.append(request.headers.get("Authorization"))
        if not self.busy:
            return None
        response = problem(429, "Too Many Requests", "Too many requests.")
        response.headers["Retry-After"] = self.busy.pop(0)
        return response

    def works(self, id_: str = "") -> Response:
        if unknown := set(request.args) - {"q", "page", "per_page", "year", "topic", "highlight", "exclude"}:
            return problem(400, "Bad Request", f"Invalid parameters: {unknown.pop()}.", {"yaer": ["Unknown."]})
        page, size = int(request.args.get("page", 1)), int(request.args.get("per_page", 3))
        end = page * size
        # Links name the public host, whatever host the client uses.
        link = f"https://public.example{request.path}?page={page + 1}&per_page={size}" if end < len(WORKS) else None
        return jsonify(
            meta={"count": len(WORKS), "count_relation": "eq", "for": id_},
            results=WORKS[end - size : end],
            facets={"year": [{"key": "2019", "count": 7}]},
            links={"self": request.path, "next": link, "prev": None},
        )

    def work(self, id_: str) -> Response | BaseResponse:
        if id_ == "local:merged":
            return redirect("/api/v1/works/local:1", 301)
        return jsonify(id=id_, title="A work")


def problem(status: int, title: str, detail: str, errors: dict[str, list[str]] | None = None) -> Response:
    response = jsonify(type="about:blank", title=title, status=status, detail=detail, errors=errors, request_id="r-1")
    response.status_code = status
    response.content_type = "application/problem+json"
    return response


@pytest.fixture(scope="module")
def running() -> Iterator[Service]:
    service = Service()
    with served(service.app()) as service.url:
        yield service


@pytest.fixture
def service(running: Service) -> Service:
    running.requests.clear()
    running.tokens.clear()
    running.busy.clear()
    return running


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_a_list_yields_the_results_of_all_pages(client: Client, service: Service) -> None:
    works = client.works("neurons", year="2013-", topic=["cs.LG", "cs.AI"], highlight=True)
    assert service.requests == [
        (
            "GET",
            "/api/v1/works",
            {"q": ["neurons"], "year": ["2013-"], "topic": ["cs.LG", "cs.AI"], "highlight": ["true"]},
            None,
        )
    ]
    assert (works.count, works.meta["count_relation"]) == (7, "eq")
    assert works.facets == {"year": [{"key": "2019", "count": 7}]}
    assert works.page == WORKS[:3]
    assert list(works) == WORKS
    assert [args for _, _, args, _ in service.requests[1:]] == [
        {"page": ["2"], "per_page": ["3"]},
        {"page": ["3"], "per_page": ["3"]},
    ]
    assert list(works) == WORKS, "a list can be iterated again"


def test_only_the_pages_that_are_read_are_requested(client: Client, service: Service) -> None:
    works = iter(client.works(per_page=2))
    assert [next(works)["id"] for _ in range(3)] == ["local:0", "local:1", "local:2"]
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("method", "argument", "path", "query"),
    [
        ("similar_works", "doi:10.1000/x y", "/api/v1/works/doi:10.1000/x y/similar", {}),
        ("researchers", "Ada", "/api/v1/researchers", {"q": ["Ada"]}),
        ("similar_researchers", "ada-1", "/api/v1/researchers/ada-1/similar", {}),
        ("researcher_works", "ada-1", "/api/v1/researchers/ada-1/works", {}),
    ],
)
def test_each_list_has_its_path(
    client: Client, service: Service, method: str, argument: str, path: str, query: dict[str, list[str]]
) -> None:
    if "doi" not in argument:  # Flask's plain converter takes no slash
        assert list(getattr(client, method)(argument)) == WORKS
    else:
        getattr(client, method)("local:1")
        path = path.replace(argument, "local:1")
    assert service.requests[0][:3] == ("GET", path, query)


def test_experts_post_the_text_for_every_page(client: Client, service: Service) -> None:
    assert list(client.experts("recording of neurons", per_page=5)) == WORKS
    assert [(method, path, body) for method, path, _, body in service.requests] == [
        ("POST", "/api/v1/researchers/rank", {"text": "recording of neurons"})
    ] * 2


def test_questions_by_group_post_the_ids(client: Client, service: Service) -> None:
    assert list(client.researchers_like(["ada-1"], unlike=["eve-2"], text="engines")) == WORKS
    assert list(client.complement(["ada-1"], "engines")) == WORKS
    like = {"like": ["ada-1"], "unlike": ["eve-2"], "text": "engines", "exclude": []}
    sent = [(path, body) for _, path, _, body in service.requests]
    assert sent[0] == ("/api/v1/researchers/similar", like)
    assert sent[-1] == ("/api/v1/researchers/complement", {"team": ["ada-1"], "text": "engines"})


def test_suggestions_are_a_plain_list(client: Client, service: Service) -> None:
    assert client.autocomplete("kord") == WORKS[:3]
    assert service.requests[0][2] == {"q": ["kord"]}


def test_one_item_is_found_by_an_id_with_slashes_and_through_redirects(client: Client) -> None:
    assert client.work("doi:10.1000/x")["id"] == "doi:10.1000/x"
    assert client.work("local:merged")["id"] == "local:1"
    assert client.researcher("ada-1") == {"id": "ada-1"}


def test_a_token_is_sent_to_the_named_host_only(service: Service) -> None:
    with Client(f"{service.url}/", token="secret") as client:
        assert list(client.works()) == WORKS, "links to the public host are requested from the named one"
    assert set(service.tokens) == {"Bearer secret"}


def test_an_error_has_the_fields_of_the_problem(client: Client) -> None:
    with pytest.raises(ApiError, match=r"^Bad Request: Invalid parameters: yaer\.$") as caught:
        client.works("x", yaer="2019")
    error = caught.value
    assert (error.status, error.title, error.detail) == (400, "Bad Request", "Invalid parameters: yaer.")
    assert (error.errors, error.request_id) == ({"yaer": ["Unknown."]}, "r-1")
    assert isinstance(error, PeerscopeError)


def test_a_busy_service_is_asked_once_more(client: Client, service: Service) -> None:
    service.busy = ["0"]
    assert client.works().count == 7
    service.busy = ["0", "0"]
    with pytest.raises(ApiError) as caught:
        client.works()
    assert caught.value.status == 429
    assert len(service.requests) == 4


@pytest.mark.parametrize("retry_after", ["3600", "soon"])
def test_a_long_or_unknown_wait_is_an_error(client: Client, service: Service, retry_after: str) -> None:
    service.busy = [retry_after]
    with pytest.raises(ApiError, match="Too many requests"):
        client.works()
    assert len(service.requests) == 1


@pytest.mark.parametrize("prefix", ["html", "list"])
def test_another_service_is_recognised(service: Service, prefix: str) -> None:
    with Client(f"{service.url}/{prefix}") as client, pytest.raises(ApiError, match="is it a Peerscope service"):
        client.works()


def test_no_service_is_an_error_without_status() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(ApiError, match="does not respond") as caught:
        client.works()
    assert caught.value.status is None
    assert "http://127.0.0.1:9" in str(caught.value)


def test_the_package_offers_its_version_and_is_cheap_to_import() -> None:
    assert peerscope.__version__ == version("peerscope")
    code = "import sys, peerscope; print({'requests', 'importlib.metadata', 'pydantic'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert shown.stdout == "set()\n"
    with pytest.raises(AttributeError, match="no attribute 'missing'"):
        _ = peerscope.missing
