"""The production server: gunicorn with threaded workers around one app."""

from __future__ import annotations

import atexit
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from mappings import Scale
from peerscope import engine
from peerscope.embedding import EmbeddingError
from search_api.http import extensions, limits, request_log
from search_api.http.services import KEY, Services
from search_api.http.worker import MAX_REQUEST_LINE, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from peerscope.settings import Settings

#: Concurrent requests of a worker: most of their time is spent waiting for OpenSearch.
THREADS = 8
#: Timeout in seconds of the first requests of a worker, which no client waits for.
WARM_UP_TIMEOUT = 30.0


#: Requests that fill the caches of a node that has just started, one of each kind.
WARM_UP = (
    "works?q=warm+up&facets=topic",
    "researchers?q=Warm+Up",
    "researchers?about=warm+up",
    "topics",
    "autocomplete?q=wa",
)


def check(settings: Settings) -> None:
    """Check what only a server needs, so that a mistake ends in one message before the first worker starts.

    Raises SettingsError or StoreError.
    """
    limits.counter(settings)
    Scale.from_settings(settings)
    for extension in extensions.load(settings):
        extension.check(settings)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no type information
    """Serves until it is interrupted. Each worker makes its own app, with its own connections and model session."""

    def __init__(self, host: str, port: int, settings: Settings, make_app: Callable[..., Flask]) -> None:
        """Listen at `host`:`port`; `make_app` is `create_app`."""
        self._settings, self._make_app = settings, make_app
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "workers": settings.workers or min(4, os.cpu_count() or 1),
            "threads": THREADS,
            "worker_class": Worker,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "timeout": 60,
            "graceful_timeout": 10,
            "limit_request_line": MAX_REQUEST_LINE,
            # In the master process, which outlives its workers.
            "when_ready": lambda _: engine.keep_alive(settings),
            "child_exit": lambda _, worker: mark_process_dead(worker.pid),
        }
        _share_metrics()
        super().__init__()

    def load_config(self) -> None:
        """Pass the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app of a worker, warmed up before the first request."""
        app = self._make_app(settings=self._settings)
        warm_up(app, self._make_app)
        request_log.configure(self._settings)
        for extension in extensions.installed(app):
            extension.start_worker(app, self._settings)
        return app


def _share_metrics() -> None:
    """Create the folder in which workers share their metrics; it is empty at every start and removed at the end.

    One that PROMETHEUS_MULTIPROC_DIR names is left as it is.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="peerscope-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder.name
        owner = os.getpid()
        atexit.register(lambda: folder.cleanup() if os.getpid() == owner else None)


def mark_process_dead(pid: int) -> None:
    """Drop the gauges of a worker that has ended."""
    from prometheus_client import multiprocess  # only after the variable is set

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def warm_up(app: Flask, make_app: Callable[..., Flask]) -> None:
    """Load the model, and send one request of each kind, which count neither in the metrics nor in the request log.

    A node that has just started takes seconds for the first of each, so these have a longer timeout. A node that does
    not answer at all is not waited for: the worker answers 503 until it does.
    """
    from search_api.http import metrics  # imported late; its docstring says why

    services: Services = app.extensions[KEY]
    with suppress(EmbeddingError):
        services.embedder().embed_query("warm up")
    if services.client.ping():
        patient = replace(services, client=engine.connect(services.settings, timeout=WARM_UP_TIMEOUT))
        client = make_app({"OBSERVED": False, "RATE_LIMIT": "off"}, patient, extensions=[]).test_client()
        for request in WARM_UP:
            client.get(f"/api/v1/{request}")
    metrics.skip_embeddings(app)
