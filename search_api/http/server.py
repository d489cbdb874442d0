"""The production server: processes of gunicorn that serve connections with waitress, around one app each."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import re
import resource
import shutil
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from gunicorn.app.base import BaseApplication
from threadpoolctl import threadpool_limits

from mappings import Scale
from peerscope import engine
from peerscope.errors import PeerscopeError
from search_api.http import extensions, limits, request_log
from search_api.http.arbiter import Arbiter
from search_api.http.connections import MAX_CONNECTIONS, Limits
from search_api.http.services import THREADS
from search_api.http.warming import REQUESTS, Rewarmer, warm_up
from search_api.http.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from peerscope.settings import Settings

#: Seconds without a sign of life after which a worker is replaced, and that a stopping one has to finish its requests.
HANGING, GRACEFUL = 30, 10
#: Objects allocated between two collections of garbage. A response with 1,000 hits has 5,000 objects, none of them part
#: of a cycle: with Python's default of 700, a request for it took 3.6 ms of CPU, and 1.5 with this.
ALLOCATIONS = 50_000
#: Beginning of the names of folders of metrics; the process id of the server follows.
METRICS = "peerscope-metrics-"


def check(settings: Settings) -> None:
    """Check what only a server needs, so that a mistake ends in one message before the first worker starts.

    Raises SettingsError or StoreError.
    """
    limits.counter(settings)
    Scale.from_settings(settings)
    for extension in extensions.load(settings):
        extension.check(settings)


class ListenError(PeerscopeError):
    """The server cannot listen at the address."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address; the server begins to listen when it runs. Raises ListenError."""
    listener: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        if listener:
            listener.close()
        advice = "; choose another port with --port" if error.errno == errno.EADDRINUSE else ""
        raise ListenError(f"Cannot listen at {host}:{port}: {error.strerror or error}{advice}.") from error
    return listener


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no type information
    """Serves until it is interrupted. Each worker makes its own app, with its own connections and model session."""

    def __init__(
        self,
        listener: socket.socket,
        settings: Settings,
        make_app: Callable[..., Flask],
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve `make_app`, which is `create_app`, at a bound socket; `announce` is called when it listens."""
        self._settings, self._make_app, self._announce = settings, make_app, announce
        self._arbiter: Arbiter | None = None
        self.limits = Limits.from_settings(settings)
        self._options: dict[str, Any] = {
            "bind": f"fd://{listener.detach()}",
            "workers": settings.worker_count,
            "threads": THREADS,
            "worker_class": Worker,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "timeout": HANGING,
            "graceful_timeout": GRACEFUL,
            "control_socket_disable": True,
            # In the master process, which outlives its workers.
            "when_ready": self._when_ready,
            "child_exit": lambda _, worker: mark_process_dead(worker.pid),
            # In a worker.
            "post_worker_init": lambda worker: self._arbiter and self._arbiter.mark_booted(worker),
        }
        _allow_open_files()
        _share_metrics()
        super().__init__()

    def load_config(self) -> None:
        """Pass the options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until a signal ends it; then the process exits."""
        self._arbiter = Arbiter(self)
        self._arbiter.run()

    def load(self) -> Flask:
        """Return the app of a worker, warmed up before the first request."""
        # A cleaner of temporary files may have removed it.
        Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True, exist_ok=True)
        app = self._make_app({"STARTS_ENGINE": False, "LOADS_VECTORS": True}, settings=self._settings)
        is_replacement = self._arbiter is not None and self._arbiter.has_served
        warm_up(app, self._make_app, () if is_replacement else REQUESTS)
        request_log.configure(self._settings)
        prepare_process()
        Rewarmer(app, self._make_app).start()
        for extension in extensions.installed(app):
            extension.start_worker(app, self._settings)
        return app

    def _when_ready(self, _: Any) -> None:
        engine.keep_alive(self._settings)
        self._announce()


def prepare_process() -> None:
    """Set up a process that answers requests; its app has been created.

    Threads of a matrix product wait for each other busily, while other requests and OpenSearch need the cores: similar
    researchers took .15 s of CPU with two threads, and .06 s with one. The garbage collector leaves the app alone, and
    looks for cycles less often.
    """
    threadpool_limits(1, "blas")
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)


def _allow_open_files() -> None:
    """Raise the limit of open files to what all connections of a worker may need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * MAX_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _share_metrics() -> None:
    """Create the folder in which workers share their metrics; it is empty at every start and removed at the end.

    One that PROMETHEUS_MULTIPROC_DIR names is left as it is. A `TemporaryDirectory` is not used: each worker would
    inherit its finalizer and remove the folder when it ends.
    """
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        return
    _remove_abandoned_metrics()
    owner = os.getpid()
    folder = tempfile.mkdtemp(prefix=f"{METRICS}{owner}-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    atexit.register(lambda: shutil.rmtree(folder, ignore_errors=True) if os.getpid() == owner else None)


def _remove_abandoned_metrics() -> None:
    """Remove the folders of servers that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{METRICS}*"):
        owner = re.match(r"\d+", folder.name.removeprefix(METRICS))
        with suppress(OSError):
            if owner and not psutil.pid_exists(int(owner[0])) and folder.stat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)


def mark_process_dead(pid: int) -> None:
    """Drop the gauges of a worker that has ended."""
    from prometheus_client import multiprocess  # only after the variable is set

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
