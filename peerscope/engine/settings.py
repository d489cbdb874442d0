"""Where OpenSearch is: all that the environment can say about it, read once and checked."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from peerscope.artifacts import home
from peerscope.engine.errors import SettingsError

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
    def from_env(cls) -> EngineSettings:
        """Read `PEERSCOPE_OPENSEARCH_URL/_USER/_PASSWORD/_CA`, `PEERSCOPE_HEAP` and `PEERSCOPE_ENGINE_PORT`.

        Raises `SettingsError`, naming the variable, for a value that cannot be used.
        """
        ca, heap, port = _get("OPENSEARCH_CA"), _get("HEAP"), _get("ENGINE_PORT")
        return cls(
            url=_url(_get("OPENSEARCH_URL")),
            user=_get("OPENSEARCH_USER"),
            password=_get("OPENSEARCH_PASSWORD"),
            ca=_ca(ca) if ca else None,
            heap=_heap(heap) if heap else default_heap(),
            port=_port(port) if port else DEFAULT_PORT,
            port_is_fixed=bool(port),
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


def _get(name: str) -> str | None:
    return os.environ.get(f"PEERSCOPE_{name}", "").strip() or None


def _url(text: str | None) -> str | None:
    if text is None:
        return None
    addresses = [address.strip().rstrip("/") for address in text.split(",")]
    for parts in map(urlsplit, addresses):
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise SettingsError(
                f"PEERSCOPE_OPENSEARCH_URL is {text!r}: it takes a form such as https://search.example.org:9200, or"
                " several of them with commas between"
            )
    return ",".join(addresses)


def _ca(text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise SettingsError(f"PEERSCOPE_OPENSEARCH_CA is {text!r}: there is no such file")
    return path


def _heap(text: str) -> int:
    match = re.fullmatch(r"(\d+)([mg])b?", text.lower())
    if not match:
        raise SettingsError(
            f"PEERSCOPE_HEAP is {text!r}: it takes a number of megabytes or gigabytes, such as 512m or 2g"
        )
    megabytes = int(match[1]) * (1024 if match[2] == "g" else 1)
    if megabytes < 256:
        raise SettingsError(f"PEERSCOPE_HEAP is {text!r}: OpenSearch needs 256m or more")
    return megabytes


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise SettingsError(f"PEERSCOPE_ENGINE_PORT is {text!r}: it takes a number from 1 to 65535")
    return int(text)
