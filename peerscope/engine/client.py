"""Clients of OpenSearch: of the configured cluster, or of the embedded node, which is started when needed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import orjson
from opensearchpy import JSONSerializer, OpenSearch

from peerscope.engine.circuit_breaker import BreakerTransport
from peerscope.engine.errors import NotRunning
from peerscope.engine.following import FollowingTransport, NodeAddress
from peerscope.engine.node import START_TIMEOUT, Node
from peerscope.engine.process import read_state
from peerscope.engine.readiness import wait_until_ready
from peerscope.engine.settings import EngineSettings

if TYPE_CHECKING:
    from pathlib import Path

    from peerscope.engine.circuit_breaker import CircuitBreaker
    from peerscope.settings import Settings

TIMEOUT = 30.0  # seconds per request; a bulk of a thousand works with vectors takes 1 to 2 on two cores
POOL = 16  # connections that a client keeps open: more than the 8 threads of a web server's worker use


def without_traceback(record: logging.LogRecord) -> bool:
    """Replace the traceback of a failed request by its last line; keep the record.

    opensearch-py logs a traceback of 40 lines whenever a response takes too long, even if the next attempt succeeds.
    """
    if record.exc_info and record.exc_info[1]:
        error = record.exc_info[1]
        record.msg, record.args = "%s: %s", (record.getMessage(), f"{type(error).__name__}: {error}")
        record.exc_info = None
    return True


logging.getLogger("opensearch").addFilter(without_traceback)


class OrjsonSerializer(JSONSerializer):
    """Serializer that uses orjson, ten times as fast for vectors, and falls back to opensearch-py's own."""

    def dumps(self, data: Any) -> str:
        """Return JSON; a string is assumed to be JSON already. NaN becomes null."""
        if isinstance(data, str):
            return data
        try:
            return orjson.dumps(data, default=self.default).decode()
        except TypeError:  # an unpaired surrogate, a number of more than 64 bits, or a key that is not a string
            text: str = super().dumps(data)
            return text

    def loads(self, text: str) -> Any:
        """Return the parsed JSON. Raises opensearch-py's SerializationError."""
        try:
            return orjson.loads(text)
        except ValueError:
            return super().loads(text)


def connect(
    settings: Settings | EngineSettings,
    *,
    start: bool = True,
    timeout: float = TIMEOUT,
    ready_timeout: float = START_TIMEOUT,
    breaker: CircuitBreaker | None = None,
) -> OpenSearch:
    """Return a client of the cluster in the settings, otherwise of the embedded node.

    A cluster is not contacted yet; `wait_until_ready` does that. The embedded node is found, or started as a child of
    this process, and is ready when this returns; with `start=False`, `NotRunning` is raised if it does not run. When it
    is restarted on another port, the client follows it. The limits of a `breaker` apply to every request of the
    returned client. Timeouts are in seconds. Raises `EngineError`.
    """
    settings = EngineSettings.from_settings(settings)
    if settings.url:
        return cluster_client(settings, timeout=timeout, breaker=breaker)
    node = Node(settings)
    state = node.answering() or (node.start() if start else None)
    if not state:
        raise NotRunning(
            "OpenSearch is not running: start it with `peerscope engine start`, or set PEERSCOPE_OPENSEARCH_URL to a"
            " cluster"
        )
    folder = node.place.folder
    client = node_client(state.url, folder, timeout=timeout)
    wait_until_ready(client, ready_timeout)
    return node_client(state.url, folder, timeout=timeout, breaker=breaker) if breaker else client


def follow(
    settings: Settings | EngineSettings,
    *,
    timeout: float = TIMEOUT,
    breaker: CircuitBreaker | None = None,
) -> OpenSearch:
    """Return a client as `connect` does, but without starting the embedded node or waiting for it.

    For the worker processes of a server: a node that one of them started would end with it.
    """
    settings = EngineSettings.from_settings(settings)
    if settings.url:
        return cluster_client(settings, timeout=timeout, breaker=breaker)
    folder = Node(settings).place.folder
    state = read_state(folder)
    url = state.url if state else f"http://127.0.0.1:{settings.port}"
    return node_client(url, folder, timeout=timeout, breaker=breaker)


def node_client(
    url: str,
    folder: Path | None = None,
    *,
    timeout: float = TIMEOUT,
    breaker: CircuitBreaker | None = None,
) -> OpenSearch:
    """Return a client of a running embedded node; it follows the node of `folder` to another port."""
    options = _options(breaker)
    if folder:
        options = {"transport_class": FollowingTransport, **options, "address": NodeAddress(folder)}
    return OpenSearch(hosts=[url], timeout=timeout, pool_maxsize=POOL, **options)


def cluster_client(
    settings: EngineSettings, *, timeout: float = TIMEOUT, breaker: CircuitBreaker | None = None
) -> OpenSearch:
    """Return a client of the cluster in the settings; a safe request that fails is retried twice.

    With several addresses, requests go to them in turn, and a failed one is retried on the next.
    """
    options: dict[str, Any] = {"timeout": timeout, "pool_maxsize": POOL, "max_retries": 2, "http_compress": True}
    if settings.user:
        options["http_auth"] = (settings.user, settings.password or "")
    if settings.ca:
        options["ca_certs"] = str(settings.ca)
    return OpenSearch(hosts=settings.urls, **options, **_options(breaker))


def _options(breaker: CircuitBreaker | None) -> dict[str, Any]:
    transport = {"transport_class": BreakerTransport, "breaker": breaker} if breaker else {}
    return {"serializer": OrjsonSerializer(), **transport}
