"""Clients that occupy connections: they send half a header, trickle a body, or do not read a response."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["half a header", "trickled body", "response not read"]
KINDS: tuple[Kind, ...] = ("half a header", "trickled body", "response not read")
#: Seconds between two bytes of a trickled body; closed connections are opened again in the same rhythm.
TRICKLE = 1.0
#: Receive buffer of a client that does not read, in bytes; small, so that the server notices early.
BUFFER = 4_096


@dataclass
class SlowClients:
    """Holds a number of slow connections of each kind from one thread, and opens closed ones again."""

    port: int
    count: int
    export: str
    """Path of a long response."""
    kinds: tuple[Kind, ...] = KINDS
    opened: dict[str, int] = field(default_factory=dict)
    """Connections opened so far, by kind; the surplus over `count` was closed by the server."""
    _open: dict[socket.socket, Kind] = field(default_factory=dict)

    def hold(self, stop: threading.Event) -> None:
        """Hold the connections until `stop` is set."""
        with selectors.DefaultSelector() as selector:
            while not stop.is_set():
                self._fill(selector)
                turn = time.monotonic() + TRICKLE
                while (left := turn - time.monotonic()) > 0 and not stop.is_set():
                    self._drop_closed(selector, min(left, 0.1))
                self._trickle(selector)
            for client in list(self._open):
                self._close(selector, client)

    def _fill(self, selector: selectors.BaseSelector) -> None:
        for kind in self.kinds:
            for _ in range(self.count - list(self._open.values()).count(kind)):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
                client.settimeout(5)
                try:
                    client.connect(("127.0.0.1", self.port))
                    client.sendall(self._first(kind))
                except OSError:
                    client.close()
                    break
                client.setblocking(False)
                self._open[client] = kind
                self.opened[kind] = self.opened.get(kind, 0) + 1
                if kind != "response not read":
                    selector.register(client, selectors.EVENT_READ)

    def _first(self, kind: Kind) -> bytes:
        if kind == "half a header":
            return b"GET /api/v1/topics HTTP/1.1\r\nHost: x\r\nX-Half:"
        if kind == "trickled body":
            head = "POST /api/v1/researchers/rank HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            return f'{head}Content-Length: 900000\r\n\r\n{{"text": "'.encode()
        return f"GET {self.export} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

    def _drop_closed(self, selector: selectors.BaseSelector, seconds: float) -> None:
        if not selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in selector.select(seconds):
            client = key.fileobj
            assert isinstance(client, socket.socket)  # noqa: S101 (for the type)
            try:
                if client.recv(65_536):
                    continue
            except OSError:
                pass
            self._close(selector, client)

    def _trickle(self, selector: selectors.BaseSelector) -> None:
        for client, kind in list(self._open.items()):
            try:
                if kind == "trickled body":
                    client.send(b"a")
                elif kind == "response not read" and client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    self._close(selector, client)
            except OSError:
                self._close(selector, client)

    def _close(self, selector: selectors.BaseSelector, client: socket.socket) -> None:
        if self._open.pop(client) != "response not read":
            selector.unregister(client)
        client.close()


@contextmanager
def slow_clients(port: int, count: int, export: str, kinds: tuple[Kind, ...] = KINDS) -> Iterator[SlowClients]:
    """Hold `count` slow connections of each kind during the block."""
    clients, stop = SlowClients(port, count, export, kinds), threading.Event()
    thread = threading.Thread(target=clients.hold, args=(stop,))
    thread.start()
    try:
        yield clients
    finally:
        stop.set()
        thread.join()
