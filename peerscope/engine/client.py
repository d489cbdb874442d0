"""The one way to an OpenSearch: a named cluster, or the embedded node, which is started when needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy import OpenSearch

from peerscope.engine.circuit_breaker import GuardedTransport
from peerscope.engine.errors import NotRunning
from peerscope.engine.json import FastJSON
from peerscope.engine.node import START_TIMEOUT, Node
from peerscope.engine.readiness import wait_until_ready
from peerscope.engine.settings import EngineSettings

if TYPE_CHECKING:
    from peerscope.engine.circuit_breaker import Guard
    from peerscope.engine.state import NodeState
    from peerscope.settings import Settings

TIMEOUT = 30.0  # seconds for one request: a bulk of a thousand works with vectors takes 1 to 2 on two cores
POOL = 16  # connections kept open, as many as a web server's worker has threads; more would only wait in OpenSearch


def connect(
    settings: Settings | EngineSettings | None = None,
    *,
    start: bool = True,
    timeout: float = TIMEOUT,
    pool: int = POOL,
    ready_timeout: float = START_TIMEOUT,
    guard: Guard | None = None,
) -> OpenSearch:
    """Return a client of the cluster that is named in the settings, or else of the embedded node.

    A cluster is not asked anything yet: `wait_until_ready` does. The embedded node is found, or started as a part of
    this process (`start=False`: `NotRunning` is raised), and is ready when this returns. Raises `EngineError`.
    With a `guard`, its limits hold for every request of the client once it is given.
    """
    settings = EngineSettings.from_settings(settings)
    if settings.url:
        return cluster_client(settings, timeout=timeout, pool=pool, guard=guard)
    node = Node(settings)
    state = node.answering() or (node.start() if start else None)
    if not state:
        raise NotRunning(
            "OpenSearch is not running: start it with `peerscope engine start`, or name a cluster in"
            " PEERSCOPE_OPENSEARCH_URL"
        )
    client = node_client(state, timeout=timeout, pool=pool)
    wait_until_ready(client, ready_timeout)
    return node_client(state, timeout=timeout, pool=pool, guard=guard) if guard else client


def node_client(
    state: NodeState, *, timeout: float = TIMEOUT, pool: int = POOL, guard: Guard | None = None
) -> OpenSearch:
    """Return a client of a running embedded node."""
    return OpenSearch(hosts=[state.url], timeout=timeout, pool_maxsize=pool, **_options(guard))


def cluster_client(
    settings: EngineSettings, *, timeout: float = TIMEOUT, pool: int = POOL, guard: Guard | None = None
) -> OpenSearch:
    """Return a client of the cluster that the settings name. A safe request that fails is sent anew, twice.

    Where several addresses are named, requests go to them in turn, and what fails on one is sent to the next.
    """
    options: dict[str, Any] = {"timeout": timeout, "pool_maxsize": pool, "max_retries": 2, "http_compress": True}
    if settings.user:
        options["http_auth"] = (settings.user, settings.password or "")
    if settings.ca:
        options["ca_certs"] = str(settings.ca)
    return OpenSearch(hosts=settings.urls, **options, **_options(guard))


def _options(guard: Guard | None) -> dict[str, Any]:
    guarded = {"transport_class": GuardedTransport, "guard": guard} if guard else {}
    return {"serializer": FastJSON(), **guarded}
