"""Choosing the port that the node listens on."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from engine.errors import PortTaken

if TYPE_CHECKING:
    from engine.settings import EngineSettings


def choose_port(settings: EngineSettings) -> int:
    """Give the port of the settings, or a free one when another program has it and the user did not insist.

    Raises `PortTaken` when the user did.
    """
    if is_free(settings.port):
        return settings.port
    if settings.port_is_fixed:
        raise PortTaken(
            f"port {settings.port} is taken by another program: end that, or set PEERSCOPE_ENGINE_PORT to another port"
            " or to nothing, so that a free one is picked"
        )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether one can listen on a port of loopback."""
    with socket.socket() as listener:
        if (
            os.name == "posix"
        ):  # else the connections of a node that just ended would count; on Windows it means "share"
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
