"""gunicorn's master process: replaces workers that end or hang, reloads without a gap, and stops at once."""

from __future__ import annotations

import mmap
import signal
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.arbiter import Arbiter as BaseArbiter

#: Seconds between a worker that ended while loading the app and the next attempt.
RETRY = 2.0
#: Workers whose state is shared with the master process at one time, by their number modulo this.
SLOTS = 4_096
#: An exit status that no process has.
NEVER = -1


class Arbiter(BaseArbiter):  # type: ignore[misc]  # gunicorn has no type information
    """Keeps the number of workers. Once one of them has served, no end of a worker ends the service."""

    def __init__(self, app: Any) -> None:
        super().__init__(app)
        #: One byte per worker, written by it when it has loaded the app.
        self._booted = mmap.mmap(-1, SLOTS)
        self._stopping: set[int] = set()
        self._failed_at = float("-inf")

    @property
    def has_served(self) -> bool:
        """Whether a worker has loaded the app before; also known to workers that were started later."""
        return bool(self.WORKER_BOOT_ERROR == NEVER)

    def spawn_worker(self) -> Any:
        """Start a worker."""
        self._booted[(self.worker_age + 1) % SLOTS] = 0
        return super().spawn_worker()

    def mark_booted(self, worker: Any) -> None:
        """Record that a worker has loaded the app. Called in its process."""
        self._booted[worker.age % SLOTS] = 1

    def is_booted(self, worker: Any) -> bool:
        """Return whether a worker has loaded the app."""
        return bool(self._booted[worker.age % SLOTS])

    def reap_workers(self) -> None:
        """Remove workers that have ended. Only while none has ever served, one that cannot start ends the service."""
        before = dict(self.WORKERS)
        if any(map(self.is_booted, before.values())):
            self.WORKER_BOOT_ERROR = self.APP_LOAD_ERROR = NEVER
        super().reap_workers()
        ended = before.keys() - self.WORKERS.keys()
        self._stopping -= ended
        if any(not self.is_booted(before[pid]) for pid in ended):
            self._failed_at = time.monotonic()

    def manage_workers(self) -> None:
        """Start missing workers; stop surplus ones, the oldest first, once the others can serve."""
        if len(self.WORKERS) < self.num_workers and time.monotonic() - self._failed_at > RETRY:
            self.spawn_workers()
        ready = sum(self.is_booted(worker) for pid, worker in self.WORKERS.items() if pid not in self._stopping)
        for pid, worker in sorted(self.WORKERS.items(), key=lambda item: item[1].age):
            if pid not in self._stopping and ready > self.num_workers and self.is_booted(worker):
                ready -= 1
                self._stopping.add(pid)
                self.kill_worker(pid, signal.SIGTERM)

    def handle_hup(self) -> None:
        """Replace all workers; the old ones serve until the new ones have loaded the app."""
        self.log.warning("Replacing all workers")
        for _ in range(self.num_workers):
            self.spawn_worker()

    def stop(self, graceful: bool = True) -> None:
        """Stop all workers. New connections are refused from now on, even while workers finish their requests.

        Closing the listening socket here would not do that, because the workers have it too.
        """
        for listener in self.LISTENERS:
            with suppress(OSError):
                listener.sock.shutdown(socket.SHUT_RDWR)
        super().stop(graceful)
