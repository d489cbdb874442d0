"""The lock of the one process that writes: a file lock in the home folder, and a document in the cluster.

The document names the holder, who writes it again at every heartbeat. A killed holder leaves it behind: on the same
machine its process is known to have ended; a holder on another machine is watched for longer than a heartbeat, and
taken for dead when the document does not change. No clocks are compared.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
from opensearchpy.exceptions import ConflictError, NotFoundError, TransportError

from mappings.indices import create_shared_index
from peerscope.errors import PeerscopeError
from peerscope.locks import FileLock
from peerscope.private_files import make_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from opensearchpy import OpenSearch

    from mappings import IndexNames
    from mappings.documents import WriterLockDocument

#: Seconds between two heartbeats, and how long a silent holder is watched: three heartbeats, and a pause of OpenSearch.
HEARTBEAT = 5.0
WATCH = 20.0
#: Seconds by which two readings of a process's start may differ: it is counted from a boot time that is adjusted.
START_TOLERANCE = 5.0
_ID = "writer"


class LockedError(PeerscopeError):
    """Another run holds the lock, or took it over from this one."""


@contextmanager
def only_writer(home: Path, client: OpenSearch, names: IndexNames) -> Iterator[WriterLock]:
    """Hold the lock of the home folder and that of the indices. Raises LockedError when another process holds one."""
    file = FileLock(make_home(home) / "index.lock")
    if not file.take():
        raise LockedError(_locked(str(file.holder())))
    try:
        with WriterLock(client, names) as lock:
            yield lock
    finally:
        file.release()


def _locked(holder: str) -> str:
    return f"Another run is writing to the index ({holder}). Wait until it ends."


@dataclass(frozen=True)
class Holder:
    """The process that holds the lock; `began`, its start, tells it from a later process with the same number.

    `token` tells one lock of a process from another.
    """

    host: str
    process: int
    began: float
    token: str = ""

    @classmethod
    def me(cls) -> Holder:
        """Return this process with a new token."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time(), uuid4().hex)

    @property
    def is_local(self) -> bool:
        """Whether the process runs on this machine."""
        return self.host == socket.gethostname()

    def has_ended(self) -> bool:
        """Return whether the process is known to have ended; False for one on another machine."""
        if not self.is_local:
            return False
        try:
            return abs(psutil.Process(self.process).create_time() - self.began) > START_TOLERANCE
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:  # it exists, and belongs to another account
            return False

    def to_document(self) -> WriterLockDocument:
        """Return the holder as it is stored."""
        return {"host": self.host, "process": self.process, "began": self.began, "token": self.token}


class WriterLock:
    """Holds the lock of an index prefix during a `with` block."""

    def __init__(
        self, client: OpenSearch, names: IndexNames, *, heartbeat: float = HEARTBEAT, watch: float = WATCH
    ) -> None:
        """Prepare the lock without taking it; `heartbeat` and `watch` are seconds."""
        self._client, self._index, self._heartbeat, self._watch = client, names.lock, heartbeat, watch
        self._me = Holder.me()
        self._version: dict[str, int] = {}
        self._ended = threading.Event()
        self._lost = False
        self._renewing = threading.Lock()
        self._thread = threading.Thread(target=self._send_heartbeats, daemon=True)

    @property
    def token(self) -> str:
        """The token of this lock, 32 hexadecimal digits."""
        return self._me.token

    def __enter__(self) -> WriterLock:
        """Take the lock. Raises LockedError when a live process holds it."""
        create_shared_index(self._client, self._index, "lock")
        try:
            response = self._write(op_type="create")
        except ConflictError:
            response = self._take_over()
        self._keep_version(response)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            self._client.delete(index=self._index, id=_ID, params=self._version, ignore=[404, 409])
        except TransportError:
            # OpenSearch is unavailable; the next run sees that this process has ended.
            return

    def check(self) -> None:
        """Renew the lock; raise LockedError when it was lost: this machine was suspended, and another run took over.

        While OpenSearch is unavailable, no other run can take the lock over either.
        """
        if not self._lost:
            self._renew()
        if self._lost:
            raise LockedError("Another run took over while this one was suspended. Run the same command again.")

    def _write(self, **params: Any) -> dict[str, Any]:
        response: dict[str, Any] = self._client.index(
            index=self._index, id=_ID, body=self._me.to_document(), params={**self._version, **params}
        )
        return response

    def _keep_version(self, response: dict[str, Any]) -> None:
        self._version = {"if_seq_no": response["_seq_no"], "if_primary_term": response["_primary_term"]}

    def _take_over(self) -> dict[str, Any]:
        try:
            stored = self._stored()
            holder = Holder(**stored["_source"])
            if holder == self._me:
                # The document was written, but the response was lost, and the client repeated the request.
                return stored
            if not holder.has_ended() and (holder.is_local or self._changes(stored)):
                raise LockedError(_locked(f"process {holder.process} on {holder.host}"))
            self._keep_version(stored)
            return self._write()
        except (ConflictError, NotFoundError) as error:
            raise LockedError("Another run began or ended at this moment. Run the same command again.") from error

    def _stored(self) -> dict[str, Any]:
        response: dict[str, Any] = self._client.get(index=self._index, id=_ID)
        return response

    def _changes(self, before: dict[str, Any]) -> bool:
        """Watch the document, and return whether its holder writes it."""
        deadline = time.monotonic() + self._watch
        while time.monotonic() < deadline:
            time.sleep(min(1.0, self._watch / 10))
            if self._stored()["_seq_no"] != before["_seq_no"]:
                return True
        return False

    def _send_heartbeats(self) -> None:
        while not self._ended.wait(self._heartbeat):
            self._renew()
            if self._lost:
                return

    def _renew(self) -> None:
        try:
            with self._renewing:
                self._keep_version(self._send_heartbeat())
        except (ConflictError, NotFoundError):
            self._lost = True
        except TransportError:
            # OpenSearch is unavailable, to every other run as well.
            return

    def _send_heartbeat(self) -> dict[str, Any]:
        """Write the document; return its version. Raises ConflictError when another run has written it."""
        try:
            return self._write()
        except ConflictError:
            # After a lost response the document is newer than known, and still this run's.
            stored = self._stored()
            if Holder(**stored["_source"]) != self._me:
                raise
            return stored
