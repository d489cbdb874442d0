"""Program that serves an app over a pretended OpenSearch, with routes that misbehave, for test_server.py."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Response
from threadpoolctl import threadpool_info

from peerscope.settings import Settings
from search_api.http import server
from search_api.http.server import Server, listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

#: Bytes of a streamed response, and of its parts.
STREAM, PART = 30_000_000, 50_000


def make_app(config: Any = None, services: Any = None, **_: Any) -> Flask:
    """Return the app of a worker."""
    if Path(os.environ["BROKEN"]).exists():
        raise RuntimeError("this worker cannot start")
    # Only now: it imports the metrics, for which the server must have set the environment.
    from tests.search_api.test_serving import FakeOpenSearch, app_over

    app = app_over(FakeOpenSearch(), Settings.load(), **{**(config or {}), "LOADS_VECTORS": False})

    @app.get("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.get("/blas")
    def blas() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    @app.get("/exit/<int:status>")
    def leave(status: int) -> str:
        os._exit(status)

    @app.get("/hang")
    def hang() -> str:
        os.kill(os.getpid(), signal.SIGSTOP)
        return "continued"

    @app.get("/slow/<int:seconds>")
    def slow(seconds: int) -> str:
        time.sleep(seconds)
        return "done"

    @app.get("/stream")
    def stream() -> Any:
        def parts() -> Iterator[bytes]:
            try:
                for number in range(STREAM // PART):
                    yield bytes([number % 256]) * PART
            finally:
                sys.stderr.write("stream closed\n")

        return Response(parts(), mimetype="application/octet-stream")  # which is not compressed

    return app


if __name__ == "__main__":
    server.HANGING = int(os.environ.get("HANGING", server.HANGING))
    Server(listen("127.0.0.1", int(sys.argv[1])), Settings.load(), make_app, lambda: click.echo("listening")).run()
