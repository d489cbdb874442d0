"""Checks of `peerscope doctor` for Java, OpenSearch, disk and memory."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opensearchpy.exceptions import OpenSearchException
from rich.filesize import decimal

from peerscope.engine.client import cluster_client, node_client
from peerscope.engine.errors import EngineError
from peerscope.engine.java import NO_VECTOR, find_java
from peerscope.engine.node import Node
from peerscope.engine.place import DEDICATED, dedicated, is_safe
from peerscope.engine.settings import MB, EngineSettings, machine_memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensearchpy import OpenSearch

    from peerscope.engine.place import Account
    from peerscope.settings import Settings

NEEDED_PLUGINS = ("opensearch-knn", "opensearch-neural-search")
NEEDED_DISK = 1_000_000_000  # bytes: 0.2 GB for OpenSearch, a model, and an index of 50,000 works
NEEDED_BESIDES_HEAP = 1024  # megabytes: the embedding model, the web server and the page cache


@dataclass(frozen=True)
class Check:
    """Result of one check: what was checked, whether it passed, and the details."""

    name: str
    ok: bool
    detail: str
    is_warning: bool = False
    """Whether it works, but worse than it could."""


def diagnose(settings: Settings | EngineSettings) -> Iterator[Check]:
    """Check everything that OpenSearch needs; nothing is started, downloaded or changed."""
    settings = EngineSettings.from_settings(settings)
    if settings.url:
        yield from _reachable(f"cluster {settings.url}", cluster_client(settings, timeout=5.0))
    else:
        yield from _embedded(settings)


def _embedded(settings: EngineSettings) -> Iterator[Check]:
    node = Node(settings)
    yield _java()
    if account := node.place.account:
        yield _account(account, settings.home)
    yield _disk(node.place.folder)
    yield _memory(settings.heap)
    status = node.status()
    if status.state == "stopped" or not status.node:
        yield Check("engine", True, "not running; it starts when needed, or with `peerscope engine start`")
        return
    state = "answers" if status.state == "running" else f"does not answer; its log is {status.log}"
    yield Check("engine", status.state == "running", f"process {status.node.pid} at {status.node.url} {state}")
    if status.state == "running":
        yield from _reachable("node", node_client(status.node.url, timeout=5.0))


def _java() -> Check:
    try:
        java = find_java()
    except EngineError as error:
        return Check("java", False, str(error))
    if not java.has_vector:
        return Check("java", True, f"{java}; {NO_VECTOR}", is_warning=True)
    return Check("java", True, f"{java}, vector instructions used")


def _account(account: Account, home: Path) -> Check:
    """Check which account runs OpenSearch when this process is root's, and that root's files are safe from others."""
    if not is_safe(home):
        return Check("account", False, f"another user can change {home}: choose PEERSCOPE_HOME in a folder of root")
    if account == dedicated():
        return Check("account", True, f"OpenSearch runs as {DEDICATED}")
    advice = f"useradd --system --no-create-home --shell /usr/sbin/nologin {DEDICATED}"
    return Check("account", True, f"OpenSearch runs as nobody, like other services perhaps; better: {advice}")


def _disk(folder: Path) -> Check:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    return Check("disk", free > NEEDED_DISK, f"{decimal(free)} free in {existing}")


def _memory(heap: int) -> Check:
    total = machine_memory() // MB
    return Check("memory", total >= heap + NEEDED_BESIDES_HEAP, f"{heap} MB of heap out of {total} MB in this machine")


def _reachable(name: str, client: OpenSearch) -> Iterator[Check]:
    try:
        version = client.info()["version"]["number"]
        health = client.cluster.health()["status"]
        plugins = {plugin["component"] for plugin in client.cat.plugins(params={"format": "json"})}
    except OpenSearchException as error:
        yield Check(name, False, f"is unreachable: {str(error).splitlines()[0]}")
        return
    yield Check(name, health != "red", f"OpenSearch {version}, {health}")
    missing = [plugin for plugin in NEEDED_PLUGINS if plugin not in plugins]
    yield Check("plugins", not missing, f"missing: {', '.join(missing)}" if missing else ", ".join(NEEDED_PLUGINS))
