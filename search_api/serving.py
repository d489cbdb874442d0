"""The production server: gunicorn with threaded workers around one app."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

from search_api.app import create_app
from search_api.services import KEY

if TYPE_CHECKING:
    from flask import Flask

#: Requests at once in a worker: most of their time is spent waiting for OpenSearch.
THREADS = 8


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
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the app in a worker, with the model loaded before the first request comes."""
        app = create_app()
        with app.app_context():
            app.extensions[KEY].embed_query("warm up")
        return app
