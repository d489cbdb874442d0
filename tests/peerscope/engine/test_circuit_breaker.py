"""A client in front of servers on loopback that refuse, hang, break off, and come back."""

from __future__ import annotations

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, TransportError

from peerscope.engine import CircuitBreaker, CircuitOpen, EngineSettings, connect
from peerscope.engine.circuit_breaker import RECOVERY, Circuit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opensearchpy import OpenSearch


class Scripted(BaseHTTPRequestHandler):
    """Does one thing of its script after another, at the end it answers 200.

    Each is a status to answer, `break`, `slow` or `hang`.
    """

    protocol_version = "HTTP/1.1"
    script: list[str | int]
    asked: list[str]

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(self.path)
        step = self.script.pop(0) if self.script else 200
        if step == "slow":
            time.sleep(0.6)
            step = 200
        if step == "hang":
            time.sleep(1.0)
        if isinstance(step, str):
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = json.dumps({"status": step, "error": {"type": "x"}} if step >= 400 else {"ok": True}).encode()
        self.send_response(step)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer  # noqa: N815

    def log_message(self, *args: Any) -> None: ...


@contextmanager
def server(*script: str | int) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (Scripted,), {"script": list(script), "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", asked
        listening.shutdown()


def client_of(url: str, **limits: Any) -> OpenSearch:
    return connect(EngineSettings(url=url), breaker=CircuitBreaker(**{"budget": 0.4, **limits}))


def search(client: OpenSearch) -> Any:
    return client.search(index="x", body={"query": {"match_all": {}}})


@pytest.mark.parametrize("first", ["break", 503])
def test_a_read_that_fails_early_is_sent_once_more(first: str | int) -> None:
    with server(first) as (url, asked):
        assert search(client_of(url)) == {"ok": True}
        assert len(asked) == 2


def test_it_is_sent_no_third_time() -> None:
    with server(503, 503) as (url, asked):
        with pytest.raises(TransportError):
            search(client_of(url))
        assert len(asked) == 2


def test_a_write_is_not_sent_twice() -> None:
    with server(503) as (url, asked):
        with pytest.raises(TransportError):
            client_of(url).index(index="x", body={})
        assert len(asked) == 1


def test_one_that_hangs_is_given_up_within_the_budget() -> None:
    with server("hang") as (url, asked):
        began = time.monotonic()
        with pytest.raises(ConnectionTimeout):
            search(client_of(url))
        assert time.monotonic() - began < 0.8
        assert len(asked) == 1


def test_one_that_accepts_and_never_answers_is_given_up_too() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        began = time.monotonic()
        with pytest.raises(ConnectionTimeout):
            search(client_of(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        assert time.monotonic() - began < 0.8


def test_requests_of_one_caller_share_the_budget() -> None:
    lost: list[float] = []
    with server("hang") as (url, asked):
        client = client_of(url, lose=lost.append, lost=lambda: sum(lost))
        with pytest.raises(ConnectionTimeout):
            search(client)
        assert sum(lost) >= 0.4
        with pytest.raises(CircuitOpen):
            search(client)
        assert len(asked) == 1
        lost.clear()  # another caller
        assert search(client) == {"ok": True}


def test_what_succeeds_spends_no_budget_of_the_caller() -> None:
    lost: list[float] = []
    with server(503, 503) as (url, _):
        client = client_of(url, lose=lost.append, lost=lambda: sum(lost))
        with pytest.raises(TransportError):
            search(client)
        assert search(client) == {"ok": True}
    assert not lost


def test_one_that_refuses_is_given_up_at_once_and_soon_not_asked_any_more() -> None:
    client = client_of("http://127.0.0.1:9", circuit=Circuit(failures=2))
    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            search(client)
        assert not isinstance(caught.value, CircuitOpen)
    with pytest.raises(CircuitOpen) as refused:
        search(client)
    assert 0 < refused.value.retry_after <= 2


def test_one_that_comes_back_is_used_again_after_the_pause() -> None:
    with server("break", "break", "break", "break") as (url, asked):
        client = client_of(url, circuit=Circuit(failures=2, pause=0.1))
        for _ in range(2):
            with pytest.raises(Unreachable):
                search(client)
        with pytest.raises(CircuitOpen):
            search(client)
        assert len(asked) == 4
        time.sleep(0.15)
        assert search(client) == search(client) == {"ok": True}


def test_an_error_that_opensearch_answers_does_not_open_the_circuit() -> None:
    with server(*[400] * 5) as (url, asked):
        client = client_of(url, circuit=Circuit(failures=2))
        for _ in range(5):
            with pytest.raises(TransportError):
                search(client)
        assert len(asked) == 5


def test_while_one_tries_the_others_are_kept_out() -> None:
    now = [0.0]
    circuit = Circuit(failures=1, pause=2, clock=lambda: now[0])
    circuit.failed()
    now[0] = 2.5
    circuit.enter()
    with pytest.raises(CircuitOpen):
        circuit.enter()
    circuit.succeeded()
    circuit.enter()
    assert not circuit.is_open


def test_every_request_is_observed() -> None:
    seen: list[float] = []
    with server(200, 400) as (url, _):
        client = client_of(url, observe=seen.append)
        search(client)
        with pytest.raises(TransportError):
            search(client)
    assert len(seen) == 2


def in_threads(count: int, call: Callable[[], object]) -> list[object]:
    """Return what concurrent calls return or raise."""

    def caught(_: int) -> object:
        try:
            return call()
        except Unreachable as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(caught, range(count)))


def test_requests_beyond_the_limit_wait_and_do_not_fail() -> None:
    busy, peak, lock = [0], [0], threading.Lock()
    waits: list[float] = []

    class Slow(Scripted):
        def answer(self) -> None:
            with lock:
                busy[0] += 1
                peak[0] = max(peak[0], busy[0])
            time.sleep(0.15)
            with lock:
                busy[0] -= 1
            super().answer()

        do_POST = answer  # noqa: N815

    handler = type("Handler", (Slow,), {"script": [], "asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        client = client_of(f"http://127.0.0.1:{listening.server_port}", concurrent=2, wait=waits.append)
        answers = in_threads(12, lambda: search(client))
        listening.shutdown()
    # The last ones waited for .75 s, longer than the budget.
    assert answers == [{"ok": True}] * 12
    assert peak[0] == 2
    assert len(waits) == 12
    assert max(waits) > 0.4


def test_requests_that_wait_for_a_hanging_one_are_given_up_within_twice_the_budget() -> None:
    with server(*["hang"] * 8) as (url, asked):
        client = client_of(url, concurrent=2)
        began = time.monotonic()
        answers = in_threads(8, lambda: search(client))
        assert time.monotonic() - began < 1.6
        assert all(isinstance(answer, Unreachable) for answer in answers)
        assert len(asked) < 8
        assert any(isinstance(answer, CircuitOpen) for answer in answers)


def test_a_request_waits_only_so_long_even_if_others_succeed() -> None:
    lost: list[float] = []
    breaker = CircuitBreaker(budget=0.05, patience=0.2, concurrent=1, lose=lost.append)
    with breaker.slot(), pytest.raises(CircuitOpen), breaker.slot():
        pass
    assert 0.2 <= sum(lost) < 1
    with breaker.slot():  # the slot is free again
        pass


def test_the_first_seconds_of_a_process_have_more_time_once_opensearch_has_responded() -> None:
    now = [100.0]
    breaker = CircuitBreaker(budget=1, budget_after_outage=5, circuit=Circuit(clock=lambda: now[0]))
    assert breaker.seconds() == 1
    breaker.circuit.succeeded()
    assert breaker.seconds() == 5
    now[0] += RECOVERY
    breaker.circuit.succeeded()
    assert breaker.seconds() == 1


def test_a_node_that_comes_back_has_more_time_at_first() -> None:
    with server(*["break"] * 4, 200, "slow", "hang") as (url, _):
        client = client_of(url, budget_after_outage=0.8, circuit=Circuit(failures=2, pause=0.05))
        for _ in range(2):
            with pytest.raises(Unreachable):
                search(client)
        time.sleep(0.1)
        assert search(client) == {"ok": True}
        # Longer than the budget of .4 s.
        assert search(client) == {"ok": True}
        # A failure ends the recovery.
        began = time.monotonic()
        with pytest.raises(ConnectionTimeout):
            search(client)
        assert not client.transport.breaker.circuit.is_recovering
        assert client.transport.breaker.seconds() == 0.4
        assert time.monotonic() - began < 1.2
