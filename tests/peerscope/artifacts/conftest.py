"""A small Maven repository on loopback, served by a real web server, and a data folder of its own for each test."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from peerscope.artifacts import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Repository:
    """What is served, and what was asked for. `cut` shortens the next so many answers to half of what they announce."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    cut: int = 0

    def publish(self, name: str, content: bytes) -> Artifact:
        artifact = Artifact("org.example", name, "1.0", hashlib.sha256(content).hexdigest(), len(content))
        self.files[f"/{artifact.path}"] = content
        return artifact

    def downloads(self) -> list[str]:
        return [path.rsplit("/", 1)[1] for path in self.asked if not path.endswith(".sha1")]


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    served = Repository()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            content = served.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if content and served.cut > 0:
                served.cut -= 1
                content = content[: len(content) // 2]
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("PEERSCOPE_MAVEN_URL", served.url)
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
