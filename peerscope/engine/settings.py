"""How to reach OpenSearch: a cluster, or an embedded node with its heap, port and folders."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from peerscope.engine.errors import PortTaken
from peerscope.settings import Settings, heap_megabytes

MB = 1024 * 1024
DEFAULT_PORT = 9200
#: Ports after the default one to try.
TRIED = 100
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class EngineSettings:
    """A cluster if `url` is set, otherwise the embedded node; `heap` is in megabytes.

    `url` may hold several addresses of a cluster, separated by commas; an unavailable one is skipped for a while.
    """

    url: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    heap: int = 1024
    port: int = DEFAULT_PORT
    port_is_fixed: bool = False
    folder: Path | None = None
    """Folder of the embedded node's data, logs and configuration; by default `engine` in `home`."""
    home: Path = field(default_factory=lambda: Settings.load().home)
    """Folder of the downloaded files."""
    maven_url: str | None = None
    """Mirror to download OpenSearch from."""

    @classmethod
    def from_settings(cls, settings: Settings | EngineSettings) -> EngineSettings:
        """Return the part of the settings that concerns OpenSearch."""
        if isinstance(settings, EngineSettings):
            return settings
        return cls(
            url=settings.opensearch_url,
            user=settings.opensearch_user,
            password=settings.opensearch_password.get_secret_value() if settings.opensearch_password else None,
            ca=settings.opensearch_ca,
            heap=heap_megabytes(settings.heap) if settings.heap else default_heap(),
            port=settings.engine_port or DEFAULT_PORT,
            port_is_fixed=settings.engine_port is not None,
            home=settings.home,
            maven_url=settings.maven_url,
        )

    @property
    def urls(self) -> list[str]:
        """The addresses in `url`."""
        return self.url.split(",") if self.url else []

    @property
    def node_folder(self) -> Path:
        """The configured folder of the embedded node; see `place_for` for where it really is."""
        return self.folder or self.home / "engine"

    def on_port(self, port: int) -> EngineSettings:
        """Return these settings with another port."""
        return replace(self, port=port)


def machine_memory() -> int:
    """Return the bytes of memory of this machine or container."""
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no cgroup, or its limit is the word "max"
        return total


def default_heap(memory: int | None = None) -> int:
    """Return the default heap in megabytes for a machine with `memory` bytes (by default this one).

    It is a quarter: Lucene needs as much again for the page cache, and the embedding model and a browser run on the
    same laptop. Below 512 MB OpenSearch spends its time on garbage collection; above 4 GB a corpus that fits a laptop
    gains nothing.
    """
    quarter = (machine_memory() if memory is None else memory) // 4 // MB
    return max(512, min(4096, quarter))


def choose_port(settings: EngineSettings) -> int:
    """Return the port of the settings, or a free one after it if that is taken. Raises `PortTaken` for a fixed port.

    The replacement is not any free port: the system's ephemeral ports are also given to connections, and while one
    holds the port, a node that died could not restart on the port that its clients know.
    """
    if is_free(settings.port):
        return settings.port
    if settings.port_is_fixed:
        raise PortTaken(
            f"port {settings.port} is taken by another program: stop it, or set PEERSCOPE_ENGINE_PORT to another port"
            " or to nothing to use a free one"
        )
    # Nodes that start at the same time begin their search at different offsets.
    offsets = ((os.getpid() + step) % TRIED for step in range(TRIED))
    near = (settings.port + 1 + offset for offset in offsets if settings.port + 1 + offset < 65_536)
    if port := next(filter(is_free, near), None):
        return port
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_free(port: int) -> bool:
    """Return whether a port of loopback is free."""
    with socket.socket() as listener:
        # Otherwise the connections of a node that has just ended would count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
