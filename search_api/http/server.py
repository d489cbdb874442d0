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
from search_api.http import extensions, limits, request_log, settings
from search_api.http.services import KEY, Services
from search_api.http.worker import MAX_REQUEST_LINE, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from peerscope.settings import Settings

#: Requests at once in a worker: most of their time is spent waiting for OpenSearch.
THREADS = 8
#: Seconds that the first answers of a worker may take, while nobody waits for them.
WARM_UP_TIMEOUT = 30.0


def workers() -> int:
    """Return the number of worker processes: `PEERSCOPE_WORKERS`, else one for each core up to four."""
    return settings.whole("PEERSCOPE_WORKERS", 0, 0, 1_000) or min(4, os.cpu_count() or 1)


def check(configured: Settings) -> None:
    """Check the settings before the first worker starts, so that a mistake ends in one message.

    Raises SettingsError or StoreError.
    """
    workers()
    limits.limit_of()
    limits.counter()
    settings.whole("PEERSCOPE_PROXIES", 0, 0, 10)
    request_log.chosen_style()
    Scale.from_env()
    settings.check()
    for extension in extensions.load(configured):
        extension.check(configured)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no type information
    """Serves until it is interrupted. Each worker makes its own app, with its own connections and model session."""

    def __init__(self, host: str, port: int, make_app: Callable[..., Flask]) -> None:
        """Listen at `host`:`port`; `make_app` is `create_app`."""
        self._make_app = make_app
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "workers": workers(),
            "threads": THREADS,
            "worker_class": Worker,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "timeout": 60,
            "graceful_timeout": 10,
            "limit_request_line": MAX_REQUEST_LINE,
            # In the master process, which outlives its workers.
            "when_ready": lambda _: engine.keep_alive(),
            "child_exit": lambda _, worker: mark_process_dead(worker.pid),
        }
        _share_metrics()
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app of a worker, warmed up before the first request."""
        app = self._make_app()
        warm_up(app, self._make_app)
        request_log.configure()  # after the warm-up, whose requests are not to be logged
        services: Services = app.extensions[KEY]
        for extension in extensions.installed(app):
            extension.start_worker(app, services.settings)
        return app


def _share_metrics() -> None:
    """Make the folder through which workers add up their metrics; it is empty at every start and goes at the end.

    Whoever names one in the environment looks after it.
    """
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="peerscope-metrics-")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder.name
        owner = os.getpid()
        atexit.register(lambda: folder.cleanup() if os.getpid() == owner else None)


def mark_process_dead(pid: int) -> None:
    """Forget the gauges of a worker that has ended."""
    from prometheus_client import multiprocess  # not before the folder is named

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def warm_up(app: Flask, make_app: Callable[..., Flask]) -> None:
    """Load the model, and have OpenSearch answer each kind of question once before somebody waits for it.

    A node that has just started takes seconds for the first of each; then there is no limit of time but this. One that
    does not answer at all is not waited for: then this worker answers 503 until it does.
    """
    there: Services = app.extensions[KEY]
    with suppress(EmbeddingError):
        there.embedder().embed_query("warm up")
    if not there.client.ping():
        return
    patient = make_app(services=replace(there, client=engine.connect(timeout=WARM_UP_TIMEOUT)), extensions=[])
    client = patient.test_client()
    for question in (
        "works?q=warm+up&facets=topic",
        "researchers?q=Warm+Up",
        "researchers?about=warm+up",
        "topics",
        "autocomplete?q=wa",
    ):
        client.get(f"/api/v1/{question}")
