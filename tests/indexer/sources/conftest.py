"""A server on loopback that answers as a test tells it to, and fails in every way that servers do."""

from __future__ import annotations

import json
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from indexer.sources.http_client import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Reply:
    """One answer. `cut` ends the connection after so many bytes of the body; `delay` and `trickle` are seconds."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay: float = 0.0
    trickle: float = 0.0


class Server:
    """Answers each request with the next of `replies`, and when they are used up with what `answer` makes of it."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.answer: Callable[[dict[str, str]], Reply] = lambda params: Reply(status=404)
        self.asked: list[dict[str, str]] = []
        self.agents: list[str | None] = []
        self.times: list[float] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                params = dict(parse_qsl(urlsplit(self.path).query))
                server.asked.append(params)
                server.agents.append(self.headers["User-Agent"])
                server.times.append(time.monotonic())
                reply = server.replies.pop(0) if server.replies else server.answer(params)
                time.sleep(reply.delay)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True

            def _send(self, reply: Reply) -> None:
                if reply.trickle:
                    for byte in reply.body:
                        self.wfile.write(bytes([byte]))
                        time.sleep(reply.trickle)
                    return
                self.wfile.write(reply.body[: reply.cut])
                if reply.cut is not None:
                    self.wfile.flush()
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 (its name in the base class)

        return Handler


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def client() -> HttpClient:
    """A client that does not wait for anybody."""
    return HttpClient(0, backoff=0)


@pytest.fixture
def real_work() -> dict[str, Any]:
    """A whole work as OpenAlex gives it, from the shared data."""
    data = Path(os.environ.get("PEERSCOPE_DATA", ROOT / "../shared/data"))
    file = data / "formats/openalex/work.json"
    if not file.exists():
        pytest.skip(f"no real OpenAlex work at {file}: set PEERSCOPE_DATA")
    work: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return work
