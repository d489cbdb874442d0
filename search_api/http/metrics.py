"""What Prometheus may know: requests by route and status, time by part, the query cache, degraded answers, the circuit.

With several worker processes each writes its numbers into a folder that they share, and whichever is asked for
/metrics adds them up. prometheus_client decides for that when it is imported, by the environment; therefore this module
is imported by `create_app`, in the worker, and not at the top of any other.
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
from search_api.http.services import services

if TYPE_CHECKING:
    from flask import Flask

blueprint = Blueprint("metrics", __name__)

#: Seconds: around a search of 20 ms, the promised two, and what lies beyond.
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
#: A client can make up a method; those of its own making are one.
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = Counter("peerscope_requests_total", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("peerscope_request_seconds", "Time to answer.", ["route", "status"], buckets=BUCKETS)
PARTS = Histogram("peerscope_part_seconds", "Time in one part of an answer.", ["part"], buckets=BUCKETS)
EMBEDDINGS = Counter("peerscope_query_embeddings_total", "Queries embedded, or found in the cache.", ["cache"])
DEGRADED = Counter("peerscope_degraded_answers_total", "Answers by keyword, since embedding was out of order.")
CIRCUIT = Gauge(
    "peerscope_circuit_open", "1 while OpenSearch is not asked since it did not answer.", multiprocess_mode="livemax"
)


class _CacheCount:
    """Turns what the embedder has counted since it was loaded into steps of our counters."""

    def __init__(self) -> None:
        self._told = {"hit": 0, "miss": 0}
        self._lock = threading.Lock()

    def tell(self, counted: dict[str, int]) -> None:
        """Count what is new. An embedder that was loaded anew begins at nought again."""
        with self._lock:
            for cache, count in counted.items():
                if (new := count - self._told[cache]) > 0:
                    EMBEDDINGS.labels(cache).inc(new)
                self._told[cache] = count


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
    cache = _CacheCount()

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
        cache.tell(services().embedded())
        CIRCUIT.set(services().circuit_is_open())
        return response
