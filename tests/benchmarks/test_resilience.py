"""What counts as a violation."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

import pytest

from benchmarks.resilience import Phase, ask, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks import resilience


class Outages:
    """OpenSearch is down or up all the time."""

    def __init__(self, is_down: bool) -> None:
        self.is_down = is_down

    def overlaps(self, began: float) -> bool:
        assert began <= time.monotonic()
        return self.is_down


@contextmanager
def service(*script: int | str) -> Iterator[str]:
    """Answer with one status after the other; `lost` closes the connection, `bare` is a 503 without Retry-After."""
    steps = list(script)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            step = steps.pop(0)
            if step == "lost":
                self.connection.close()
                return
            self.send_response(503 if step == "bare" else int(step))
            if step == 503:
                self.send_header("Retry-After", "1")
            body = b'{"detail": "Away."}'
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
    assert not steps


@pytest.mark.parametrize(
    ("script", "is_down", "answered", "allowed", "violations"),
    [
        ((200,), False, 1, {}, {}),
        ((503,), True, 0, {"503 while OpenSearch is down": 1}, {}),
        ((503,), False, 0, {}, {"503 while OpenSearch is up: Away.": 1}),
        (("bare",), True, 0, {}, {"status 503": 1}),
        ((500,), True, 0, {}, {"status 500": 1}),
        ((429,), True, 0, {}, {"status 429": 1}),
        (("lost", 200), False, 1, {"connection lost, request repeated": 1}, {}),
        (("lost", "lost", 500), False, 0, {"connection lost, request repeated": 2}, {"status 500": 1}),
        (
            ("lost", "lost", "lost"),
            False,
            0,
            {"connection lost, request repeated": 3},
            {"connection lost 3 times": 1},
        ),
    ],
)
def test_responses_are_counted_by_kind(
    script: tuple[int | str, ...], is_down: bool, answered: int, allowed: Any, violations: Any
) -> None:
    phase = Phase("a phase")
    with service(*script) as base:
        ask(base, "/works", phase, cast("resilience.Outages", Outages(is_down)))
    assert (len(phase.took), dict(phase.allowed), dict(phase.violations)) == (answered, allowed, violations)
    assert list(table([phase]).columns[0].cells) == ["a phase"]
