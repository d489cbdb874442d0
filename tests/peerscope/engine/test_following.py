"""Clients of the embedded node when it is restarted elsewhere; stand-ins answer for the node."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from opensearchpy.exceptions import ConnectionError as Unreachable

from peerscope.engine import CircuitBreaker, EngineSettings, Node, NodeWatch, connect, follow
from peerscope.engine.process import NodeState, clear_state, write_state
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StandIn(BaseHTTPRequestHandler):
    """Answers everything with the name of the node."""

    name: str

    def do_GET(self) -> None:
        body = json.dumps({"name": self.name, "timed_out": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None: ...


@contextmanager
def node(folder: Path, name: str) -> Iterator[NodeState]:
    """Run a stand-in that is recorded as the node of a folder."""
    handler = type("Handler", (StandIn,), {"name": name})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listening:
        listening.daemon_threads = True
        threading.Thread(target=listening.serve_forever, args=(0.01,), daemon=True).start()
        created = psutil.Process().create_time()
        state = NodeState(name, os.getpid(), created, listening.server_port, 512, "java", "3", "now", detached=True)
        write_state(folder, state)
        yield state
        listening.shutdown()


@pytest.fixture
def settings(tmp_path: Path) -> EngineSettings:
    return EngineSettings.from_settings(Settings(home=tmp_path))


@pytest.fixture
def folder(settings: EngineSettings) -> Path:
    place = Node(settings).place
    place.make()
    return place.folder


@pytest.mark.parametrize("breaker", [None, CircuitBreaker()])
def test_a_client_follows_the_node_to_another_port(
    settings: EngineSettings, folder: Path, breaker: CircuitBreaker | None
) -> None:
    with node(folder, "first"):
        client = connect(settings, start=False, breaker=breaker)
        assert client.info()["name"] == "first"
        with node(folder, "second"):  # although another program answers at the old port
            assert client.info()["name"] == "second"
    with pytest.raises(Unreachable):
        client.info()
    with node(folder, "third"):
        assert client.info()["name"] == "third"
        clear_state(folder)  # stopped, but not gone yet
        assert client.info()["name"] == "third"
    (folder / "node.json").write_text("broken", encoding="utf-8")
    with pytest.raises(Unreachable):
        client.info()
    with node(folder, "fourth"):
        assert client.info()["name"] == "fourth"


def test_a_dead_node_is_restarted_near_its_port_but_not_a_stopped_one(
    settings: EngineSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ports: list[int] = []
    monkeypatch.setattr(Node, "start", lambda node, **_: ports.append(node.settings.port))
    watch = NodeWatch(settings, 0.01)
    with node(folder, "first") as first:
        watch.start()
        threading.Event().wait(0.2)
        assert not ports
    while not ports:
        threading.Event().wait(0.01)
    clear_state(folder)
    threading.Event().wait(0.1)
    count = len(ports)
    threading.Event().wait(0.2)
    assert ports == [first.port] * count  # none since the state was cleared
    with node(folder, "second") as second:
        pass
    while len(ports) == count:
        threading.Event().wait(0.01)
    watch.stop()
    assert ports[-1] == second.port


def test_a_client_of_a_worker_starts_no_node(
    settings: EngineSettings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Node, "start", lambda *_, **__: pytest.fail("a node that a worker starts would end with it"))
    client = follow(settings.on_port(1))
    with pytest.raises(Unreachable):
        client.info()
    with node(folder, "first"):
        assert client.info()["name"] == "first"
        assert follow(settings.on_port(1), breaker=CircuitBreaker()).info()["name"] == "first"
