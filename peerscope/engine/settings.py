"""Where OpenSearch is: all that the environment can say about it, read once and checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from peerscope.artifacts import home
from peerscope.settings import Settings, heap_megabytes

MB = 1024 * 1024
DEFAULT_PORT = 9200
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class EngineSettings:
    """A cluster when `url` is set; else the embedded node, by its heap (megabytes), port and folder.

    `url` may name several nodes of the cluster, with commas between: one that is away is left out for a while.
    """

    url: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    heap: int = 1024
    port: int = DEFAULT_PORT
    port_is_fixed: bool = False
    folder: Path | None = None
    """The node's own folder (its data, logs and configuration), else `engine` in `artifacts.home()`."""

    @classmethod
    def from_settings(cls, settings: Settings | EngineSettings | None = None) -> EngineSettings:
        """Return the part of all settings that concerns OpenSearch; by default of the environment's.

        Raises `SettingsError` for an environment that cannot be used.
        """
        if isinstance(settings, EngineSettings):
            return settings
        settings = settings or Settings.load()
        return cls(
            url=settings.opensearch_url,
            user=settings.opensearch_user,
            password=settings.opensearch_password.get_secret_value() if settings.opensearch_password else None,
            ca=settings.opensearch_ca,
            heap=heap_megabytes(settings.heap) if settings.heap else default_heap(),
            port=settings.engine_port or DEFAULT_PORT,
            port_is_fixed=settings.engine_port is not None,
            folder=settings.home / "engine",
        )

    @property
    def urls(self) -> list[str]:
        """The addresses that `url` names."""
        return self.url.split(",") if self.url else []

    @property
    def node_folder(self) -> Path:
        """The folder that the embedded node was asked to live in."""
        return self.folder or home() / "engine"

    def on_port(self, port: int) -> EngineSettings:
        """Return the same settings with another port."""
        return replace(self, port=port)


def machine_memory() -> int:
    """Return the bytes of memory that this machine, or the container we are in, has."""
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no cgroup, or its limit is the word "max"
        return total


def default_heap(memory: int | None = None) -> int:
    """Return the heap in megabytes that suits a machine with so many bytes of memory.

    A quarter: Lucene reads its files through the page cache, which needs the same again, and the embedding model and
    the browser live on the same laptop. Below 512 MB OpenSearch spends its time collecting garbage; above 4 GB a corpus
    of a laptop's size gains nothing.
    """
    quarter = (machine_memory() if memory is None else memory) // 4 // MB
    return max(512, min(4096, quarter))
