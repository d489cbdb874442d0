"""An index of another mapping version, or with vectors of another model."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from opensearchpy.exceptions import ConnectionError as Unreachable

from mappings import IndexNames
from mappings.names import VERSION
from peerscope.embedding import ModelDescription
from peerscope.engine.circuit_breaker import BUDGET
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http import index_check
from search_api.http.index_check import IndexCheck
from search_api.http.services import Services
from tests.search_api.test_serving import FakeOpenSearch

if TYPE_CHECKING:
    from flask.testing import FlaskClient

MODEL = ModelDescription.of(
    ["a"], name="small", dimension=4, pooling="mean", query_prefix="", work_prefix="", max_tokens=9
)


class Indices:
    """The one live generation."""

    meta: dict[str, Any] | None = None
    fails = False
    asked = 0

    def get_alias(self, name: str) -> dict[str, Any]:
        self.asked += 1
        if self.fails:
            raise Unreachable("N/A", "refused", OSError())
        return {f"{name}-v{VERSION}-000001": {}}

    def get_mapping(self, index: str) -> dict[str, Any]:
        return {index: {"mappings": {"_meta": self.meta}}}

    def exists_alias(self, name: str) -> bool:
        return True


class OpenSearch(FakeOpenSearch):
    def __init__(self) -> None:
        self.indices = Indices()


class Embedder:
    model = MODEL

    def embed_query(self, text: str) -> Any:
        return np.ones(4, np.float32) / 2

    def cache_count(self) -> dict[str, int]:
        return {"hit": 0, "miss": 0}


@pytest.fixture
def opensearch(monkeypatch: pytest.MonkeyPatch) -> OpenSearch:
    monkeypatch.setattr(index_check, "CHECK_EVERY", 0.0)
    opensearch = OpenSearch()
    opensearch.indices.meta = {"version": VERSION, "model": MODEL.to_dict()}
    return opensearch


@pytest.fixture
def client(opensearch: OpenSearch) -> FlaskClient:
    names, fake = IndexNames("t-"), cast("Any", opensearch)
    services = Services(fake, names, cast("Any", Embedder), Settings.load(), IndexCheck(fake, names))
    return create_app({}, services, extensions=[]).test_client()


def test_an_index_of_this_version_and_model_is_searched(client: FlaskClient) -> None:
    assert client.get("/api/v1/topics").status_code == 200
    assert client.get("/readyz").get_json()["degraded"] == []


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1, None])
def test_an_index_of_another_version_is_a_503_that_names_the_command(
    client: FlaskClient, opensearch: OpenSearch, version: int | None
) -> None:
    opensearch.indices.meta = {"version": version, "model": MODEL.to_dict()}
    for path in ("/api/v1/topics", "/api/v1/works?q=x", "/readyz", "/", "/search?q=x"):
        response = client.get(path)
        assert response.status_code == 503
        assert "peerscope index --rebuild" in response.text
        assert response.headers["Retry-After"]
    for path in ("/healthz", "/metrics", "/static/peerscope.css", "/api/docs"):
        with client.get(path) as readable:
            assert readable.status_code == 200
    opensearch.indices.meta = {"version": VERSION, "model": MODEL.to_dict()}
    assert client.get("/api/v1/topics").status_code == 200


@pytest.mark.parametrize("change", [{"fingerprint": "other"}, {"fingerprint": "other", "dimension": 8}])
def test_queries_of_another_model_are_refused_and_keywords_searched(
    client: FlaskClient, opensearch: OpenSearch, change: dict[str, Any]
) -> None:
    opensearch.indices.meta = {"version": VERSION, "model": replace(MODEL, name="large", **change).to_dict()}
    for path in ("/api/v1/works?q=x", "/api/v1/works?q=x&mode=semantic", "/api/v1/researchers?about=x"):
        response = client.get(path)
        assert response.status_code == 503
        assert "PEERSCOPE_MODEL=large" in response.get_json()["detail"]
    assert client.get("/api/v1/works?q=x&mode=keyword").status_code == 200
    ready = client.get("/readyz").get_json()
    assert ready["degraded"] == ["semantic"]
    assert "PEERSCOPE_MODEL=large" in ready["parts"]["embedding"]


def test_while_opensearch_does_not_answer_the_last_result_is_kept(client: FlaskClient, opensearch: OpenSearch) -> None:
    assert client.get("/api/v1/topics").status_code == 200
    opensearch.indices.fails = True
    assert client.get("/api/v1/topics").status_code == 200


def test_the_result_is_kept_for_a_while(
    client: FlaskClient, opensearch: OpenSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_check, "CHECK_EVERY", 60.0)
    for _ in range(3):
        assert client.get("/api/v1/topics").status_code == 200
    assert opensearch.indices.asked == 1


def test_with_opensearch_hanging_the_check_and_the_search_share_the_time_of_one_request() -> None:
    with socket.socket() as hanging:
        hanging.bind(("127.0.0.1", 0))
        hanging.listen(128)
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        app = create_app({}, settings=Settings(opensearch_url=url), extensions=[])
        client = app.test_client()
        for _ in range(2):
            began = time.monotonic()
            assert client.get("/api/v1/topics").status_code == 503
            assert BUDGET - 0.1 < time.monotonic() - began < 2 * BUDGET - 0.1
        assert client.get("/search/help").status_code == 200  # searches nothing
