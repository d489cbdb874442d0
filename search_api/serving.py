"""The production server: gunicorn with threaded workers around one app."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

import engine
from embedding import EmbeddingError
from search_api.app import create_app
from search_api.services import KEY, Services

if TYPE_CHECKING:
    from flask import Flask

#: Requests at once in a worker: most of their time is spent waiting for OpenSearch.
THREADS = 8
#: Seconds that the first answers of a worker may take, while nobody waits for them.
WARM_UP_TIMEOUT = 30.0


def workers() -> int:
    """Give the number of worker processes: `PEERSCOPE_WORKERS`, else one for each core up to four."""
    return int(os.environ.get("PEERSCOPE_WORKERS", 0)) or min(4, os.cpu_count() or 1)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no type information
    """Serves until it is interrupted. Each worker makes its own app: its own connections, its own model session."""

    def __init__(self, host: str, port: int) -> None:
        """Listen at `host`:`port`."""
        self._options: dict[str, Any] = {
            "bind": f"{host}:{port}",
            "workers": workers(),
            "threads": THREADS,
            "worker_class": "gthread",
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "timeout": 60,
            "graceful_timeout": 10,
            # The longest request line gunicorn can be set to: a pasted abstract fits in a query.
            "limit_request_line": 8190,
            # In the master process, which outlives its workers.
            "when_ready": lambda _: engine.keep_alive(),
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the app in a worker, warm before the first request comes."""
        app = create_app()
        warm_up(app)
        return app


def warm_up(app: Flask) -> None:
    """Load the model, and have OpenSearch answer each kind of question once before somebody waits for it.

    A node that has just started takes seconds for the first of each; then there is no limit of time but this.
    """
    there: Services = app.extensions[KEY]
    with suppress(EmbeddingError):
        there.embedder().embed_query("warm up")
    patient = create_app(services=replace(there, client=engine.connect(timeout=WARM_UP_TIMEOUT)))
    client = patient.test_client()
    for question in ("works?q=warm+up&facets=topic", "researchers?q=Warm+Up", "researchers?about=warm+up", "topics"):
        client.get(f"/api/v1/{question}")
