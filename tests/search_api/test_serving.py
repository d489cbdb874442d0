"""What surrounds an answer: limits, log, metrics, compression, revalidation, CORS; over an OpenSearch made up here."""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import flask
import pytest
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import SerializationError
from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.parser import HTTPRequestParser
from waitress.task import WSGITask

from mappings import IndexNames
from peerscope.embedding import EmbeddingError
from peerscope.engine import CircuitOpen
from peerscope.errors import PeerscopeError, SettingsError
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http import metrics, openapi, request_log, warming
from search_api.http.parser import MAX_REQUEST_LINE, LineTooLong, refusal, written
from search_api.http.services import KEY, Services
from tests.aggregations import without_buckets

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

TOPIC = {"id": "a", "name": "Topic " * 100, "parent": None, "works_count": 3, "researchers_count": 2}


class FakeOpenSearch:
    """Knows ten topics; `fails` is raised in place of an answer."""

    took = 0
    fails: Exception | None = None

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        if self.fails:
            raise self.fails
        self.took += 1
        hits = [{"_id": "a", "_score": 1.0, "_source": TOPIC, "sort": ["a"]}] * 10 if "topics" in index else []
        total = {"value": len(hits), "relation": "eq"}
        counted = without_buckets(body.get("aggs", {}))
        found = {"total": total, "max_score": 1.0, "hits": hits}
        suggested: dict[str, Any] = {name: [] for name in body.get("suggest", {})}
        return {"took": self.took, "hits": found, "aggregations": counted, "suggest": suggested}

    def ping(self) -> bool:
        return True

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        asked = zip(body[::2], body[1::2], strict=True)
        return {"responses": [self.search(head["index"], question) for head, question in asked]}


def no_model() -> Any:
    raise EmbeddingError("out of order")


def app_over(opensearch: Any, settings: Settings | None = None, **config: Any) -> Flask:
    services = Services(opensearch, IndexNames("t-"), load_embedder=no_model, settings=settings or Settings.load())
    app = create_app(config, services, extensions=[])

    @app.get("/api/v1/broken")
    def broken() -> str:
        raise RuntimeError("a secret")

    return app


@pytest.fixture
def opensearch() -> FakeOpenSearch:
    return FakeOpenSearch()


@pytest.fixture
def client(opensearch: FakeOpenSearch) -> FlaskClient:
    return app_over(opensearch).test_client()


# Limits


def test_who_asks_too_often_is_told_when_to_come_back(opensearch: FakeOpenSearch) -> None:
    client = app_over(opensearch, RATE_LIMIT="2/minute").test_client()
    remaining = [client.get("/api/v1/topics").headers["RateLimit-Remaining"] for _ in range(2)]
    assert remaining == ["1", "0"]
    refused = client.get("/api/v1/topics")
    assert (refused.status_code, refused.content_type) == (429, "application/problem+json")
    assert refused.headers["RateLimit-Limit"] == "2"
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    other = client.get("/api/v1/topics", environ_overrides={"REMOTE_ADDR": "10.0.0.2"})
    assert other.status_code == 200


def test_a_file_is_sent_by_a_server_that_wraps_files(opensearch: FakeOpenSearch) -> None:
    client = app_over(opensearch).test_client()
    wrapped = {"wsgi.file_wrapper": ReadOnlyFileBasedBuffer}
    with client.get("/static/peerscope.css", environ_overrides=wrapped) as response:
        assert response.status_code == 200
        assert ":root" in response.get_data(as_text=True)
        tag = response.headers["ETag"]
    with client.get("/static/peerscope.css", environ_overrides=wrapped, headers={"If-None-Match": tag}) as response:
        assert response.status_code == 304


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/static/peerscope.css"])
def test_monitors_and_files_are_not_limited(opensearch: FakeOpenSearch, path: str) -> None:
    client = app_over(opensearch, RATE_LIMIT="1/hour").test_client()
    for _ in range(3):
        with client.get(path) as response:
            assert response.status_code == 200
            assert "RateLimit-Limit" not in response.headers


def test_the_limit_can_be_off_or_wrong(opensearch: FakeOpenSearch) -> None:
    assert "RateLimit-Limit" not in app_over(opensearch, RATE_LIMIT="off").test_client().get("/api/v1/topics").headers
    with pytest.raises(SettingsError, match="PEERSCOPE_RATE_LIMIT"):
        app_over(opensearch, RATE_LIMIT="many")


def test_a_client_cannot_choose_its_address(opensearch: FakeOpenSearch) -> None:
    def statuses(settings: Settings) -> list[int]:
        client = app_over(opensearch, settings, RATE_LIMIT="1/minute").test_client()
        given = ({"X-Forwarded-For": f"10.0.0.{number}"} for number in range(2))
        return [client.get("/api/v1/topics", headers=headers).status_code for headers in given]

    assert statuses(Settings()) == [200, 429]
    assert statuses(Settings(proxies=1)) == [200, 200]


def test_a_store_that_is_away_limits_nobody(
    opensearch: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("limits.storage.MemoryStorage.incr", lambda *_, **__: 1 / 0)
    assert app_over(opensearch).test_client().get("/api/v1/topics").status_code == 200
    assert "requests are not limited" in caplog.text


# Revalidation and compression


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd", "gzip, br, zstd"])
def test_an_answer_can_be_revalidated_however_it_is_compressed(client: FlaskClient, encoding: str) -> None:
    first = client.get("/api/v1/topics", headers={"Accept-Encoding": encoding})
    assert first.headers["ETag"].startswith('W/"')
    assert "Accept-Encoding" in first.headers["Vary"]
    assert first.headers.get("Content-Encoding", "identity") in encoding
    asked = {"Accept-Encoding": encoding, "If-None-Match": first.headers["ETag"]}
    again = client.get("/api/v1/topics", headers=asked)
    assert (again.status_code, again.data) == (304, b"")
    assert client.get("/api/v1/topics?page=2", headers=asked).status_code == 200


def test_a_compressed_answer_says_the_same(client: FlaskClient) -> None:
    plain = client.get("/api/v1/topics")
    packed = client.get("/api/v1/topics", headers={"Accept-Encoding": "gzip"})
    assert len(packed.data) < len(plain.data) / 4
    assert json.loads(gzip.decompress(packed.data))["results"] == plain.get_json()["results"]


@pytest.mark.parametrize("path", ["/api/v1/topics", "/api/v1/openapi.json", "/api/docs", "/topics"])
def test_reads_carry_a_tag_and_may_be_kept(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["ETag"]
    assert response.headers["Cache-Control"] == "public, max-age=60"
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == response.headers["ETag"]


def test_what_is_only_true_now_is_not_kept(client: FlaskClient) -> None:
    for path in ("/healthz", "/metrics", "/api/v1/works?q=x"):
        response = client.get(path)
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


# Other sites


def test_pages_of_other_sites_may_read_the_api_and_nothing_else(client: FlaskClient) -> None:
    response = client.get("/api/v1/topics", headers={"Origin": "https://x.org"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "RateLimit-Remaining" in response.headers["Access-Control-Expose-Headers"]
    asked = client.options(
        "/api/v1/topics", headers={"Origin": "https://x.org", "Access-Control-Request-Method": "GET"}
    )
    assert asked.status_code == 200
    assert "GET" in asked.headers["Allow"]
    assert "GET" in asked.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Origin" not in client.get("/topics").headers


# Errors


@pytest.mark.parametrize("path", ["/api/v1/nowhere", "/api/nowhere", "/feeds/nowhere"])
def test_a_route_that_is_not_there_is_a_problem(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "NONSENSE"])
def test_a_wrong_method_names_the_right_ones(client: FlaskClient, method: str) -> None:
    response = client.open("/api/v1/topics", method=method)
    assert (response.status_code, response.content_type) == (405, "application/problem+json")
    assert "GET" in response.headers["Allow"]


def test_an_error_of_ours_tells_the_log_and_not_the_client(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    response = client.get("/api/v1/broken", headers={"X-Request-ID": "mine"})
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "a secret" not in response.text
    record = next(record for record in caplog.records if record.exc_info)
    with client.application.test_request_context("/"):
        line = json.loads(request_log.JsonLines().format(record))
    assert "RuntimeError: a secret" in line["traceback"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (Unreachable("N/A", "refused", OSError()), "10"),
        (CircuitOpen(1.2), "2"),
        (SerializationError("<html>"), "10"),  # the page of a proxy
    ],
)
def test_an_engine_that_is_away_says_when_to_come_back(
    client: FlaskClient, opensearch: FakeOpenSearch, error: Exception, seconds: str
) -> None:
    opensearch.fails = error
    response = client.get("/api/v1/topics")
    assert (response.status_code, response.headers["Retry-After"]) == (503, seconds)


def test_what_cannot_be_read_as_a_request_gets_a_problem_too() -> None:
    from waitress.utilities import BadRequest, RequestEntityTooLarge, RequestHeaderFieldsTooLarge, ServerNotImplemented

    for error, status in (
        (LineTooLong("x"), 414),
        (RequestHeaderFieldsTooLarge("x"), 431),
        (RequestEntityTooLarge("x"), 413),
        (BadRequest("\r\nX: y\u202e"), 400),
        (ServerNotImplemented("x"), 501),
    ):
        head, body = written(refusal(error)).split(b"\r\n\r\n", 1)
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert f"Content-Length: {len(body)}".encode() in head
        assert json.loads(body)["status"] == status
    assert MAX_REQUEST_LINE > 9 * 20_000


# Metrics and log


def value_of(client: FlaskClient, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_metrics_count_requests_by_route_and_parts(client: FlaskClient) -> None:
    asked = 'peerscope_requests_total{method="GET",route="/api/v1/topics",status="200"}'
    took = 'peerscope_request_seconds_count{route="/api/v1/topics",status="200"}'
    dumped = 'peerscope_part_seconds_count{part="dump"}'
    before = [value_of(client, series) for series in (asked, took, dumped)]
    client.get("/api/v1/topics")
    assert [value_of(client, series) for series in (asked, took, dumped)] == [count + 1 for count in before]


def test_made_up_paths_and_methods_are_one_series(client: FlaskClient) -> None:
    series = 'peerscope_requests_total{method="other",route="unmatched",status="404"}'
    before = value_of(client, series)
    for number in range(3):
        client.open(f"/nowhere-{number}", method=f"M{number}")
    assert value_of(client, series) == before + 3


def test_degraded_answers_are_counted(client: FlaskClient) -> None:
    before = value_of(client, "peerscope_degraded_answers_total")
    assert client.get("/api/v1/works?q=x").get_json()["meta"]["degraded"] == ["semantic"]
    assert value_of(client, "peerscope_degraded_answers_total") == before + 1


def test_a_request_is_one_line_without_what_was_looked_for(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "peerscope.requests"):
        client.get("/api/v1/topics?q=secret", headers={"X-Request-ID": "mine"})
    (record,) = [record for record in caplog.records if record.name == "peerscope.requests"]
    assert "secret" not in record.getMessage()
    line = json.loads(request_log.JsonLines().format(record))
    told = {"method": "GET", "path": "/api/v1/topics", "route": "/api/v1/topics", "status": 200}
    assert {name: line[name] for name in told} == told
    assert line["ms"] > 0
    assert set(line["parts"]) == {"dump"}
    assert "secret" not in json.dumps(line)


def test_a_line_cannot_be_forged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "peerscope.requests"):
        client.get("/x%0A%1B[31mGET%20/fake")
    message = next(record.getMessage() for record in caplog.records if record.name == "peerscope.requests")
    assert "\n" not in message
    assert "\x1b" not in message


def test_monitors_leave_no_lines(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "peerscope.requests"):
        client.get("/healthz")
        client.get("/metrics")
    assert not [record for record in caplog.records if record.name == "peerscope.requests"]


def test_a_warm_up_counts_neither_in_the_metrics_nor_in_the_log(
    opensearch: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_over(opensearch)
    monkeypatch.setattr(warming.engine, "follow", lambda *_, **__: opensearch)

    def counted() -> list[str]:
        text = app.test_client().get("/metrics").text
        return [line for line in text.splitlines() if line.startswith("peerscope") and "/metrics" not in line]

    before = counted()
    with caplog.at_level(logging.INFO, "peerscope.requests"):
        warming.warm_up(app, create_app)
    assert opensearch.took > 0
    assert counted() == before
    assert not [record for record in caplog.records if record.name == "peerscope.requests"]


def test_a_node_is_warmed_up_while_the_circuit_is_open(
    opensearch: FakeOpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_over(opensearch)
    monkeypatch.setattr(warming.engine, "follow", lambda *_, **__: opensearch)
    is_open = [False]
    monkeypatch.setattr(Services, "circuit_is_open", lambda _: is_open[0])
    rewarmer = warming.Rewarmer(app, create_app, every=0.01)
    rewarmer.start()
    time.sleep(0.2)
    assert opensearch.took == 0
    is_open[0] = True
    deadline = time.monotonic() + 60
    while opensearch.took < 2 * len(warming.REQUESTS):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    rewarmer.stop()


def test_queries_embedded_in_a_warm_up_are_not_counted(opensearch: FakeOpenSearch) -> None:
    class Embedder:
        counts: ClassVar[dict[str, int]] = {"hit": 2, "miss": 5}

        def cache_count(self) -> dict[str, int]:
            return self.counts

    app = app_over(opensearch)
    app.extensions[KEY]._embedder = Embedder()
    client = app.test_client()
    missed = 'peerscope_query_embeddings_total{cache="miss"}'
    metrics.skip_embeddings(app)
    before = value_of(client, missed)
    client.get("/api/v1/topics")
    assert value_of(client, missed) == before
    Embedder.counts["miss"] += 1
    client.get("/api/v1/topics")
    assert value_of(client, missed) == before + 1


def test_the_openapi_document_is_built_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Flask] = []
    real = openapi.describe

    def describe(app: Flask) -> Any:
        built.append(app)
        return real(app)

    monkeypatch.setattr(openapi, "describe", describe)
    for path in ("/api/v1/openapi.json", "/api/docs", "/api/docs/works", "/api/v1/openapi.json"):
        assert client.get(path).status_code == 200
    assert len(built) == 1


def test_an_error_of_the_operator_is_a_problem_without_its_text(
    opensearch: FakeOpenSearch, caplog: pytest.LogCaptureFixture
) -> None:
    app = app_over(opensearch)

    @app.get("/api/v1/misconfigured")
    def misconfigured() -> str:
        raise PeerscopeError("a secret of the operator")

    response = app.test_client().get("/api/v1/misconfigured")
    assert (response.status_code, response.content_type) == (500, "application/problem+json")
    assert "a secret" not in response.text
    assert "a secret of the operator" in caplog.text


FORWARDED = (
    b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\nX-Forwarded-For: 10.6.6.6\r\n"
    b"X-Forwarded-Host: evil.example\r\nX-Forwarded-Prefix: /evil\r\nSCRIPT_NAME: /evil\r\nPATH_INFO: /evil\r\n"
)


def test_headers_of_a_proxy_do_not_count_without_one() -> None:
    """A client on this machine is a client, too."""
    adjustments = Adjustments(ident=None, clear_untrusted_proxy_headers=False)
    request = HTTPRequestParser(adjustments)
    request.received(b"GET /seen HTTP/1.1\r\nHost: here.example\r\n" + FORWARDED + b"\r\n")
    address = SimpleNamespace(adj=adjustments, effective_port=80, server_name="here.example")
    channel = SimpleNamespace(server=address, addr=("127.0.0.1", 1), check_client_disconnected=lambda: False)
    environ = WSGITask(channel, request).get_environment()
    for proxies, seen in (
        (0, ["http://here.example/seen", "127.0.0.1"]),
        (1, ["https://evil.example/seen", "10.6.6.6"]),
    ):
        app = app_over(FakeOpenSearch(), Settings.load(proxies=proxies))
        app.add_url_rule("/seen", "seen", lambda: [flask.request.url, flask.request.remote_addr])
        assert app.test_client().open({**environ, "wsgi.input": io.BytesIO()}).get_json() == seen
