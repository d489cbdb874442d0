"""The server's processes and connections, with a pretended OpenSearch (served.py)."""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
import requests

from benchmarks.slow_clients import KINDS, slow_clients
from search_api.http.parser import MAX_BODY, MAX_FIELDS, MAX_REQUEST_LINE, Parser
from search_api.http.server import ListenError, listen, prepare_process
from tests.ports import free_port
from tests.search_api.served import PART, STREAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Seconds to wait for what takes one or two on a quiet machine.
PATIENCE = 60


@dataclass
class Served:
    """A server in another process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    broken: Path
    """While this file exists, workers cannot start."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **options: Any) -> requests.Response:
        """Send a request on a connection of its own."""
        return requests.get(f"{self.base}{path}", timeout=PATIENCE, **options)

    def workers(self) -> set[int]:
        """Return the ids of the worker processes."""
        return {child.pid for child in psutil.Process(self.process.pid).children()}

    def answering(self) -> set[int]:
        """Return the ids of the workers that answer; empty if the service has ended."""
        try:
            return {int(self.get("/pid").text) for _ in range(12)}
        except requests.ConnectionError:
            return set()


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[Served]:
    folder.mkdir(parents=True, exist_ok=True)
    port, log, broken = free_port(), folder / "log", folder / "broken"
    settings = {
        "PEERSCOPE_HOME": str(folder),
        "PEERSCOPE_OPENSEARCH_URL": "http://127.0.0.1:1",
        "PEERSCOPE_WORKERS": "2",
        "PEERSCOPE_RATE_LIMIT": "off",
        "PEERSCOPE_LOG": "off",
        "BROKEN": str(broken),
        "TMPDIR": str(folder),
    }
    with log.open("wb") as output:
        command = [sys.executable, "-m", "tests.search_api.served", str(port)]
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **settings, **environ})
    server = Served(process, port, log, broken)
    try:
        workers = int(environ.get("PEERSCOPE_WORKERS", 2))
        wait_for(lambda: process.poll() is not None or len(server.answering()) == workers)
        assert process.poll() is None, log.read_text()
        yield server
    finally:
        process.kill()
        process.wait()
        wait_for(lambda: not is_open(port))  # until its workers have noticed


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    timeouts = {f"PEERSCOPE_{name}_TIMEOUT": "1" for name in ("HEAD", "BODY", "SEND")}
    with served(tmp_path_factory.mktemp("served"), HANGING="3", **timeouts) as server:
        yield server


# Processes


@pytest.mark.parametrize("end", ["SIGTERM", "SIGABRT", "SIGKILL", "SIGSEGV", 0, 1, 3, 4])
def test_a_worker_that_ends_is_replaced(server: Served, end: str | int) -> None:
    before = server.workers()
    if isinstance(end, str):
        ended = min(before)
        os.kill(ended, getattr(signal, end))
    else:
        with pytest.raises(requests.ConnectionError):
            server.get(f"/exit/{end}")
        wait_for(lambda: before - server.workers())
        (ended,) = before - server.workers()
    assert server.get("/api/v1/topics").status_code == 200
    wait_for(lambda: ended not in server.workers() and len(server.answering()) == 2)
    assert server.process.poll() is None
    assert 'route="/api/v1/topics"' in server.get("/metrics").text


def test_matrix_products_use_one_thread(server: Served) -> None:
    assert set(server.get("/blas").json()) == {1}


def test_a_worker_that_hangs_is_replaced_while_the_other_serves(server: Served) -> None:
    hanging = min(server.workers())
    os.kill(hanging, signal.SIGSTOP)
    for _ in range(10):
        assert int(server.get("/pid").text) != hanging
    wait_for(lambda: hanging not in server.workers() and len(server.answering()) == 2)


def test_a_reload_replaces_all_workers_and_fails_no_request(server: Served) -> None:
    before, failures, stop = server.workers(), [], threading.Event()

    def ask() -> None:
        with requests.Session() as session:
            while not stop.is_set():
                try:
                    session.get(f"{server.base}/api/v1/topics", timeout=PATIENCE).raise_for_status()
                except requests.RequestException as error:
                    failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: not before & server.workers() and len(server.answering()) == 2)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert server.get("/metrics").status_code == 200


def test_a_worker_that_cannot_start_does_not_end_the_service(server: Served) -> None:
    server.broken.touch()
    first, second = server.workers()
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: "this worker cannot start" in server.log.read_text())
    assert server.answering() == {second}
    server.broken.unlink()
    wait_for(lambda: len(server.answering()) == 2)


def test_a_new_worker_starts_when_the_folder_of_metrics_was_removed(server: Served) -> None:
    (folder,) = server.log.parent.glob("peerscope-metrics-*")
    shutil.rmtree(folder)
    first = min(server.workers())
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: first not in server.workers() and len(server.answering()) == 2)


def test_a_service_that_cannot_start_ends(tmp_path: Path) -> None:
    (tmp_path / "broken").touch()
    with pytest.raises(AssertionError, match="this worker cannot start"), served(tmp_path):
        pass


def test_a_stop_finishes_requests_and_refuses_new_connections(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        answers: list[requests.Response] = []
        thread = threading.Thread(target=lambda: answers.append(server.get("/slow/3")))
        thread.start()
        time.sleep(0.5)
        server.process.terminate()
        wait_for(lambda: not is_open(server.port))
        assert server.process.poll() is None
        assert not answers
        thread.join()
        assert [answer.text for answer in answers] == ["done"]
        assert server.process.wait(PATIENCE) == 0
        assert not list(tmp_path.glob("peerscope-metrics-*"))


def test_metrics_of_a_killed_server_are_removed_by_the_next(tmp_path: Path) -> None:
    with served(tmp_path):
        pass
    assert len(list(tmp_path.glob("peerscope-metrics-*"))) == 1
    with served(tmp_path):
        assert len(list(tmp_path.glob("peerscope-metrics-*"))) == 1


def test_an_occupied_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ListenError, match=f"127.0.0.1:{port}: Address already in use"):
            listen("127.0.0.1", port)
        command = [sys.executable, "-m", "peerscope", "serve", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: Cannot listen at")
    with pytest.raises(ListenError, match=r"nowhere\.invalid:80"):
        listen("nowhere.invalid", 80)


# Slow clients


def times(server: Served, seconds: float) -> tuple[float, list[str]]:
    """Return the 95th percentile of the times of four clients in seconds, and their errors."""
    took: list[float] = []
    errors: list[str] = []
    deadline = time.monotonic() + seconds

    def ask() -> None:
        with requests.Session() as session:
            while time.monotonic() < deadline:
                began = time.perf_counter()
                try:
                    session.get(f"{server.base}/api/v1/topics", timeout=PATIENCE).raise_for_status()
                except requests.RequestException as error:
                    errors.append(str(error))
                took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return float(np.percentile(took, 95)), errors


def test_slow_clients_do_not_disturb_others(server: Served) -> None:
    usual, _ = times(server, 2)
    with slow_clients(server.port, 200, "/stream") as slow:
        attacked, errors = times(server, 5)
        wait_for(lambda: all(slow.opened[kind] > 200 for kind in KINDS))  # the server has closed some of each
    again, _ = times(server, 2)
    assert not errors
    assert attacked < 4 * max(usual, again)  # other programs share the machine, and it is short


def answer(server: Served, path: str) -> bytes:
    """Return the first line of a response, or `b"- lost"`.

    On a busy machine a client may get no time between connecting and sending. Its connection then waits for it as
    those of slow clients do and may be reset, so that it connects again, up to three times. A request that was sent is
    not sent again.
    """
    for _ in range(3):
        with closing(socket.socket()) as client:
            client.settimeout(PATIENCE)
            try:
                client.connect(("127.0.0.1", server.port))
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            except (ConnectionResetError, BrokenPipeError):
                continue
            try:
                return client.makefile("rb").readline() or b"- lost"
            except OSError:
                return b"- lost"
    return b"- lost"


def test_requests_that_wait_for_a_thread_take_no_connection_from_others(tmp_path: Path) -> None:
    """Far more requests of one address than its limit are all answered, while slow clients come and go."""
    with served(tmp_path, PEERSCOPE_WORKERS="1", PEERSCOPE_CONNECTIONS_PER_ADDRESS="10") as server:
        answers: list[bytes] = []
        threads = [threading.Thread(target=lambda: answers.append(answer(server, "/slow/1"))) for _ in range(40)]
        with slow_clients(server.port, 20, "/stream", ("half a header",)) as slow:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [status.split(b" ", 2)[1] for status in answers] == [b"200"] * 40
        assert slow.opened["half a header"] > 20


@pytest.mark.deep
@pytest.mark.parametrize("kinds", [(kind,) for kind in KINDS])
def test_slow_clients_do_not_disturb_others_for_long(tmp_path: Path, kinds: Any) -> None:
    with served(tmp_path) as server:
        usual, _ = times(server, 15)
        with slow_clients(server.port, 200, "/stream", kinds):
            attacked, errors = times(server, 30)
        again, _ = times(server, 15)
    assert not errors
    assert attacked < 2 * max(usual, again)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost:", 408),
        (b"POST /api/v1/researchers/rank HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", 408),
        (b"GET /?q=" + b"a" * (MAX_REQUEST_LINE + 50_000), 414),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000 + b"\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + b"a" * 2_000_000, 413),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    ],
)
def test_what_is_slow_large_or_broken_is_answered_with_a_problem(server: Served, sent: bytes, status: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)) as client:
        client.sendall(sent)
        head, body = client.makefile("rb").read().split(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Content-Type: application/problem+json" in head
    assert f'"status": {status}'.encode() in body


def test_a_streamed_response_waits_for_its_client(tmp_path: Path) -> None:
    expected = hashlib.sha256(b"".join(bytes([number % 256]) * PART for number in range(STREAM // PART)))
    with served(tmp_path, PEERSCOPE_WORKERS="1") as server:
        with server.get("/stream", stream=True) as response:
            time.sleep(2)
            assert "stream closed" not in server.log.read_text()
            assert server.get("/pid").status_code == 200
            received = hashlib.sha256()
            for part in response.iter_content(1_000_000):
                received.update(part)
        assert received.digest() == expected.digest()
        with server.get("/stream", stream=True):
            pass
        wait_for(lambda: server.log.read_text().count("stream closed") == 2)


def test_a_head_is_read_once_in_however_many_pieces_it_arrives() -> None:
    class Adjustments:
        max_request_header_size, max_request_body_size, inbuf_overflow = 262_144, MAX_BODY, 500_000
        url_scheme = "http"

    def cost(size: int) -> float:
        parser, began = Parser(Adjustments()), time.process_time()
        for byte in b"GET /?q=" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n":
            assert parser.received(bytes([byte])) == 1
        assert (parser.completed, parser.error, parser.query) == (True, None, "q=" + "a" * size)
        return time.process_time() - began

    short, long = min(cost(20_000) for _ in range(3)), cost(MAX_REQUEST_LINE - 100)
    assert long < 40 * short
    pipelined = Parser(Adjustments())
    assert pipelined.received(b"GET / HTTP/1.1\r\n") == 16
    assert pipelined.received(b"Host: x\r\n\r\nGET /next") == 11
    assert MAX_FIELDS < MAX_REQUEST_LINE


def test_the_master_process_does_not_import_onnxruntime() -> None:
    """A process forked after that hangs when it ends, since the threads of onnxruntime do not exist in it."""
    program = "import sys, search_api.commands; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_worker_collects_garbage_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    before = gc.get_threshold()
    monkeypatch.setattr("search_api.http.server.threadpool_limits", lambda *_: None)
    gc.set_threshold(700)
    try:
        prepare_process()
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 700
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
