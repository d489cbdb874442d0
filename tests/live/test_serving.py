"""`peerscope serve` as a process: over the sample, and in front of an OpenSearch that hangs."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from tests.live.conftest import SAMPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask


@contextmanager
def served(log: Path, port: int, **environ: str) -> Iterator[str]:
    """Run the server; give its address once it answers."""
    base = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "peerscope", "serve", "--port", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environ})
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{base}/healthz", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of something that accepts connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_with_opensearch_hanging_it_starts_and_says_so_within_two_seconds(
    hanging: str, tmp_path: Path, unused_port: int
) -> None:
    with served(tmp_path / "log", unused_port, PEERSCOPE_OPENSEARCH_URL=hanging, PEERSCOPE_WORKERS="1") as base:
        took = []
        for _ in range(8):
            began = time.monotonic()
            response = requests.get(f"{base}/api/v1/works?q=x&mode=keyword", timeout=10)
            took.append(time.monotonic() - began)
            assert response.status_code == 503
            assert int(response.headers["Retry-After"]) > 0
            assert response.headers["Content-Type"] == "application/problem+json"
        assert max(took) < 2.3  # two, and what a busy machine adds
        assert took[-1] < 0.2
        assert requests.get(f"{base}/healthz", timeout=5).status_code == 200
        assert "peerscope_circuit_open 1.0" in requests.get(f"{base}/metrics", timeout=5).text
        assert_refusals(base)


def assert_refusals(base: str) -> None:
    """Requests too large or broken are refused in the one shape of errors, and the answer gets through."""
    assert requests.get(f"{base}/api/v1/works", params={"q": "a" * 1_000_000}, timeout=10).status_code == 414
    long = requests.get(f"{base}/api/v1/topics", params={"q": "\N{SNOWMAN}" * 15_000}, timeout=10)
    assert (long.status_code, list(long.json()["errors"])) == (400, ["q"])
    headers = requests.get(f"{base}/api/v1/topics", headers={"X-Long": "a" * 100_000}, timeout=10)
    assert headers.status_code == 431
    for answer in (long, headers):
        assert answer.headers["Content-Type"] == "application/problem+json"
    with socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2])), timeout=10) as raw:
        raw.sendall(b"NONSENSE\r\n\r\n")
        assert raw.makefile("rb").read().startswith(b"HTTP/1.1 400 ")


def test_workers_add_up_their_metrics_and_log_a_line_a_request(
    sample_app: Flask, opensearch_url: str, tmp_path: Path, unused_port: int
) -> None:
    log = tmp_path / "log"
    settings = {"PEERSCOPE_INDEX_PREFIX": SAMPLE.prefix, "PEERSCOPE_WORKERS": "2", "PEERSCOPE_LOG": "json"}
    with served(log, unused_port, **settings) as base:
        with ThreadPoolExecutor(8) as pool:
            addresses = [f"{base}/api/v1/works?q=neurons+{number % 5}" for number in range(60)]
            answers = list(pool.map(lambda address: requests.get(address, timeout=30), addresses))
        assert {answer.status_code for answer in answers} == {200}
        metrics = requests.get(f"{base}/metrics", timeout=10).text

    def value(series: str) -> float:
        found = re.search(rf"^{re.escape(series)} (\S+)$", metrics, re.MULTILINE)
        assert found, series
        return float(found[1])

    # Without the warm-up of each worker.
    assert value('peerscope_requests_total{method="GET",route="/api/v1/works",status="200"}') == 60
    embedded = [value(f'peerscope_query_embeddings_total{{cache="{cache}"}}') for cache in ("hit", "miss")]
    assert sum(embedded) >= 60
    assert embedded[0] > embedded[1]
    assert value('peerscope_part_seconds_count{part="search"}') >= 60
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    searches = [line for line in lines if line.get("route") == "/api/v1/works"]
    assert len(searches) == 60
    assert {answer.headers["X-Request-ID"] for answer in answers} == {line["request_id"] for line in searches}
    assert all(line["parts"]["search"] <= line["ms"] for line in searches)
    assert "neurons" not in log.read_text()
