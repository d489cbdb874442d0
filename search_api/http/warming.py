"""First requests to OpenSearch, which take seconds on a node that has just started; no client should wait for them."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from opensearchpy.exceptions import OpenSearchException

from peerscope import engine
from peerscope.embedding import EmbeddingError
from search_api.http.services import KEY, Services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask

#: One request of each kind.
REQUESTS = (
    "works?q=warm+up&facets=topic",
    "researchers?q=Warm+Up",
    "researchers?about=warm+up",
    "topics",
    "autocomplete?q=wa",
)
#: Seconds that each may take, and between two looks at the circuit breaker.
TIMEOUT, EVERY = 30.0, 1.0

log = logging.getLogger(__name__)


def warm_up(app: Flask, make_app: Callable[..., Flask], requests: Sequence[str] = REQUESTS) -> None:
    """Load the model, and send one request of each kind, which count neither in the metrics nor in the request log.

    A node that does not answer at all is not waited for: the worker answers 503 until it does. A worker that replaces
    another one sends none, because the node is warm and clients wait for it.
    """
    from search_api.http import metrics  # imported late; see its docstring

    services: Services = app.extensions[KEY]
    with suppress(EmbeddingError):
        services.embedder().embed_query("warm up")
    if requests and services.client.ping():
        send(services, make_app, requests)
    metrics.skip_embeddings(app)


def send(services: Services, make_app: Callable[..., Flask], requests: Sequence[str] = REQUESTS) -> None:
    """Send requests through an app whose client waits longer than the one that answers users."""
    patient = replace(services, client=engine.follow(services.settings, timeout=TIMEOUT))
    client = make_app({"OBSERVED": False, "RATE_LIMIT": "off"}, patient, extensions=[]).test_client()
    for request in requests:
        client.get(f"/api/v1/{request}")


class Rewarmer(threading.Thread):
    """Warms a restarted node up while the circuit breaker is open.

    Without it, the first searches, which take longer than the breaker allows, would keep the circuit open.
    """

    def __init__(self, app: Flask, make_app: Callable[..., Flask], every: float = EVERY) -> None:
        """Look every `every` seconds."""
        super().__init__(name="rewarmer", daemon=True)
        self._services: Services = app.extensions[KEY]
        self._make_app = make_app
        self._every = every
        self._stopped = threading.Event()

    def run(self) -> None:
        """Warm up whenever the circuit is open and the node answers, until stopped."""
        while not self._stopped.wait(self._every):
            if not self._services.circuit_is_open():
                continue
            try:
                if engine.follow(self._services.settings, timeout=self._every).ping():
                    send(self._services, self._make_app)
            except (OpenSearchException, OSError):
                log.exception("the node cannot be warmed up")

    def stop(self) -> None:
        """Stop and wait for the end."""
        self._stopped.set()
        self.join()
