"""Choosing the port that the node listens on."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from peerscope.engine.errors import PortTaken

if TYPE_CHECKING:
    from peerscope.engine.settings import EngineSettings

#: Ports after the usual one that are tried.
TRIED = 100


def choose_port(settings: EngineSettings) -> int:
    """Return the port of the settings, or a free one after it when another program has it and the user did not insist.

    Raises `PortTaken` when the user did. Not any free one: those that the system hands out also go to connections, and
    a node that died could not come back to its port, which its clients know, while a connection holds it.
    """
    if is_free(settings.port):
        return settings.port
    if settings.port_is_fixed:
        raise PortTaken(
            f"port {settings.port} is taken by another program: end that, or set PEERSCOPE_ENGINE_PORT to another port"
            " or to nothing, so that a free one is picked"
        )
    # Two nodes that start at the same time begin to look at different places.
    offsets = ((os.getpid() + step) % TRIED for step in range(TRIED))
    near = (settings.port + 1 + offset for offset in offsets if settings.port + 1 + offset < 65_536)
    if port := next(filter(is_free, near), None):
        return port
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Return whether one can listen on a port of loopback."""
    with socket.socket() as listener:
        # Else the connections of a node that just ended would count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
