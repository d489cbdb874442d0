"""Waiting for a cluster, against a web server that answers as one would."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from peerscope.engine import EngineSettings, connect, wait_until_ready
from peerscope.engine.checks import diagnose
from peerscope.engine.errors import NotReady
from peerscope.engine.readiness import answering_name

if TYPE_CHECKING:
    from collections.abc import Iterator

RED = {"status": "red", "timed_out": True, "unassigned_shards": 3}
GREEN = {"status": "green", "timed_out": False, "unassigned_shards": 0}


class Cluster(ThreadingHTTPServer):
    """Return its answers in turn, the last one for ever; notes the account of each request."""

    answers: list[tuple[int, object]]
    accounts: list[str | None]

    @property
    def settings(self) -> EngineSettings:
        return EngineSettings(url=f"http://127.0.0.1:{self.server_address[1]}", user="reader", password="secret")


class Handler(BaseHTTPRequestHandler):
    server: Cluster

    def do_GET(self) -> None:
        self.server.accounts.append(self.headers["Authorization"])
        status, body = self.server.answers[0]
        if len(self.server.answers) > 1:
            self.server.answers.pop(0)
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with Cluster(("127.0.0.1", 0), Handler) as server:
        server.answers, server.accounts = [], []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def test_it_waits_until_the_shards_are_there(cluster: Cluster) -> None:
    cluster.answers = [(503, {}), (200, RED), (200, GREEN)]
    client = connect(cluster.settings)
    assert cluster.accounts == []  # nothing was asked so far
    wait_until_ready(client, timeout=10)
    client.close()
    assert len(cluster.answers) == 1
    assert cluster.accounts[0] == "Basic cmVhZGVyOnNlY3JldA=="


def test_the_last_answer_is_told_when_time_is_up(cluster: Cluster) -> None:
    cluster.answers = [(200, RED)]
    client = connect(cluster.settings)
    with pytest.raises(NotReady, match="not ready after 0 s: its status is red, 3 shards are unassigned"):
        wait_until_ready(client, timeout=0.3)
    client.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_account_is_not_waited_for(cluster: Cluster, status: int) -> None:
    cluster.answers = [(status, {})]
    client = connect(cluster.settings)
    with pytest.raises(NotReady, match=f"refuses the account .{status}.*PEERSCOPE_OPENSEARCH_USER"):
        wait_until_ready(client, timeout=60)
    client.close()


def test_a_cluster_out_of_reach_is_said() -> None:
    client = connect(EngineSettings(url="http://127.0.0.1:9"))
    with pytest.raises(NotReady, match="was not ready"):
        wait_until_ready(client, timeout=0.1)
    client.close()


def test_a_node_is_known_by_its_name(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    cluster.answers = [(200, {"name": "peerscope-1"}), (200, []), (500, {})]
    url = str(cluster.settings.url)
    assert [answering_name(url) for _ in range(3)] == ["peerscope-1", None, None]
    assert answering_name("http://127.0.0.1:9") is None


def test_the_doctor_says_what_a_cluster_lacks(cluster: Cluster) -> None:
    info, plugins = {"version": {"number": "3.6.0"}}, [{"component": "opensearch-knn"}]
    cluster.answers = [(200, info), (200, GREEN), (200, plugins)]
    checks = {check.name: check for check in diagnose(cluster.settings)}
    assert checks[f"cluster {cluster.settings.url}"].ok
    assert not checks["plugins"].ok
    assert checks["plugins"].detail == "missing: opensearch-neural-search"


def test_the_doctor_says_that_a_cluster_is_out_of_reach() -> None:
    (check,) = diagnose(EngineSettings(url="http://127.0.0.1:9"))
    assert not check.ok
    assert check.detail.startswith("is unreachable")
