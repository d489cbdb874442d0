"""The production server: gunicorn with threaded workers around one app."""

from __future__ import annotations

import atexit
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from accounts import mail
from accounts.database import Database
from accounts.delivery.worker import Deliverer
from mappings import Scale
from peerscope import engine
from peerscope.embedding import EmbeddingError
from search_api.app import create_app, proxies
from search_api.http import limits, request_log, settings
from search_api.http.services import KEY, Services
from search_api.http.worker import MAX_REQUEST_LINE, Worker

if TYPE_CHECKING:
    from flask import Flask

#: Requests at once in a worker: most of their time is spent waiting for OpenSearch.
THREADS = 8
#: Seconds that the first answers of a worker may take, while nobody waits for them.
WARM_UP_TIMEOUT = 30.0
#: Seconds that OpenSearch may take for a batch of people's states, while nobody waits for it.
DELIVERY_TIMEOUT = 10.0


def workers() -> int:
    """Return the number of worker processes: `PEERSCOPE_WORKERS`, else one for each core up to four."""
    return settings.whole("PEERSCOPE_WORKERS", 0, 0, 1_000) or min(4, os.cpu_count() or 1)


def check_settings() -> None:
    """Look at the settings before any worker is made, for each would stumble over them by itself.

    Raises SettingError or StoreError for what cannot be used.
    """
    workers()
    limits.limit_of()
    limits.counter()
    proxies()
    request_log.chosen_style()
    mail.server()
    Database().close()
    Scale.from_env()
    settings.check()


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no type information
    """Serves until it is interrupted. Each worker makes its own app: its own connections, its own model session."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at `host`:`port`."""
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
        """Make the app in a worker, warm before the first request comes."""
        app = create_app()
        warm_up(app)
        request_log.configure()  # after the questions that nobody asked
        deliver(app)
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


def deliver(app: Flask) -> None:
    """Bring people's states to the index from a thread of this worker, unless another worker does."""
    there: Services = app.extensions[KEY]
    Deliverer(there.accounts, engine.connect(timeout=DELIVERY_TIMEOUT), there.names).start()


def warm_up(app: Flask) -> None:
    """Load the model, and have OpenSearch answer each kind of question once before somebody waits for it.

    A node that has just started takes seconds for the first of each; then there is no limit of time but this. One that
    does not answer at all is not waited for: then this worker answers 503 until it does.
    """
    there: Services = app.extensions[KEY]
    with suppress(EmbeddingError):
        there.embedder().embed_query("warm up")
    if not there.client.ping():
        return
    patient = create_app(services=replace(there, client=engine.connect(timeout=WARM_UP_TIMEOUT)))
    client = patient.test_client()
    for question in (
        "works?q=warm+up&facets=topic",
        "researchers?q=Warm+Up",
        "researchers?about=warm+up",
        "topics",
        "autocomplete?q=wa",
    ):
        client.get(f"/api/v1/{question}")
