"""gunicorn worker: a process that serves connections with threads."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any

from gunicorn.workers.base import Worker as BaseWorker

from search_api.http.connections import ConnectionServer

#: Seconds between two signs of life; how long loading the app may take, which on first use downloads the model.
HEARTBEAT, LOADING = 1.0, 600.0


class Worker(BaseWorker):  # type: ignore[misc]  # gunicorn has no type information
    """Loads the app, serves until it is told to stop or its master is gone, and finishes the requests it has."""

    def load_wsgi(self) -> None:
        """Load the app while another thread reports that this process is alive."""
        loaded = threading.Event()
        threading.Thread(target=self._notify_until, args=(loaded,), daemon=True).start()
        try:
            super().load_wsgi()
        finally:
            loaded.set()

    def _notify_until(self, loaded: threading.Event) -> None:
        deadline = time.monotonic() + LOADING
        while not loaded.wait(HEARTBEAT) and time.monotonic() < deadline:
            self.notify()

    def run(self) -> None:
        """Serve. A worker whose threads all hang stops reporting, so that the master replaces it."""
        (listener,) = self.sockets
        server = ConnectionServer(self.wsgi, listener.sock, self.cfg.threads, self.app.limits)
        while self.alive and os.getppid() == self.ppid:
            if not server.is_hung:
                self.notify()
            server.poll(HEARTBEAT)
        server.stop_accepting()
        deadline = time.monotonic() + self.cfg.graceful_timeout
        while server.is_busy and time.monotonic() < deadline:
            self.notify()
            server.poll(HEARTBEAT / 4)

    def handle_abort(self, *_: Any) -> None:
        """End at once: the master sends SIGABRT to a worker that hangs, whose threads cannot be waited for."""
        self.log.error("worker %s ends because it was aborted", self.pid)
        sys.stderr.flush()
        os._exit(1)
