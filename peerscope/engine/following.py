"""Requests to the embedded node at its current address: another process may have restarted it on another port."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from opensearchpy import Transport

from peerscope.engine.process import read_state, state_file

if TYPE_CHECKING:
    from pathlib import Path


class NodeAddress:
    """The address of the node of a folder, read again whenever its state file has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, state_file(folder)
        self._stamp: tuple[int, int] | None = None
        self._port: int | None = None
        self._lock = threading.Lock()

    def port_if_changed(self) -> int | None:
        """Return the port if it differs from that of the last call, None otherwise and while no node runs."""
        try:
            status = self._file.stat()
        except OSError:
            return None
        stamp = (status.st_ino, status.st_mtime_ns)
        if stamp == self._stamp:  # 2 us; most calls end here
            return None
        with self._lock:
            state = read_state(self._folder)
            if state is None:
                return None
            self._stamp = stamp
            is_other, self._port = state.port != self._port, state.port
            return state.port if is_other else None


class FollowingTransport(Transport):
    """Transport that sends each request to the current address of the embedded node."""

    def __init__(self, *args: Any, address: NodeAddress | None = None, **kwargs: Any) -> None:
        """Follow `address`; without one, the addresses stay as they are."""
        super().__init__(*args, **kwargs)
        self._address = address

    def perform_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        """Send a request."""
        port = self._address.port_if_changed() if self._address else None
        if port:
            self.set_connections([{"host": "127.0.0.1", "port": port}])
        return super().perform_request(method, url, *args, **kwargs)
