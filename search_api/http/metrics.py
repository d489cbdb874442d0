"""Prometheus metrics: requests by route and status, time by part, query cache, degraded responses, circuit breaker.

Worker processes write their numbers into a shared folder, and the one that answers /metrics adds them up. When it is
imported, prometheus_client reads the environment for that folder; so this module is imported by `create_app`, in the
worker, and not at the top of any other.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from flask import Blueprint, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from search_api.http import timing
from search_api.http.endpoint import plain
from search_api.http.services import KEY as SERVICES
from search_api.http.services import services

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("metrics", __name__)

#: Key of `app.extensions`.
KEY = "peerscope-metrics"

#: Seconds: around a search of 20 ms, up to the target of 2 s, and beyond.
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
#: Clients can invent methods; all others count as one.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = Counter("peerscope_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("peerscope_request_seconds", "Time to answer.", ["route", "status"], buckets=BUCKETS)
PARTS = Histogram("peerscope_part_seconds", "Time in one part of an answer.", ["part"], buckets=BUCKETS)
EMBEDDINGS = Counter("peerscope_query_embeddings_total", "Queries embedded, or found in the cache.", ["cache"])
DEGRADED = Counter("peerscope_degraded_answers_total", "Responses by keyword only because embedding failed.")
CIRCUIT = Gauge("peerscope_circuit_open", "1 while the circuit breaker is open.", multiprocess_mode="livemax")


class _EmbeddingCounts:
    """Adds what the embedder has counted since it was loaded to our counters."""

    def __init__(self) -> None:
        self._seen = {"hit": 0, "miss": 0}
        self._lock = threading.Lock()

    def add(self, counts: dict[str, int]) -> None:
        """Count what is new. A reloaded embedder restarts its counters at zero."""
        with self._lock:
            for cache, count in counts.items():
                if (new := count - self._seen[cache]) > 0:
                    EMBEDDINGS.labels(cache).inc(new)
                self._seen[cache] = count

    def skip(self, counts: dict[str, int]) -> None:
        """Leave out what was counted so far."""
        with self._lock:
            self._seen = dict(counts)


@blueprint.get("/metrics")
@plain("Metrics for Prometheus", "text/plain")
def metrics() -> Response:
    """Return the numbers of all workers in Prometheus' text format."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def install(app: Flask) -> None:
    """Count every request of the app."""
    app.register_blueprint(blueprint)
    embeddings = app.extensions[KEY] = _EmbeddingCounts()

    @app.after_request
    def count(response: Response) -> Response:
        route = str(request.url_rule) if request.url_rule else "unmatched"
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(method, route, response.status_code).inc()
        SECONDS.labels(route, response.status_code).observe(time.perf_counter() - g.begun)
        for part, seconds in timing.parts().items():
            PARTS.labels(part).observe(seconds)
        if g.get("degraded"):
            DEGRADED.inc()
        embeddings.add(services().embedded())
        CIRCUIT.set(services().circuit_is_open())
        return response


def skip_embeddings(app: Flask) -> None:
    """Do not count what the app has embedded so far, in its warm-up."""
    counts: _EmbeddingCounts = app.extensions[KEY]
    counts.skip(app.extensions[SERVICES].embedded())
