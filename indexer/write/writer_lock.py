"""One writer at a time, on however many machines: a document in the cluster says who writes, and beats while they do.

A holder that was killed leaves the document behind. On the same machine its process is seen to be gone; from another
one it is watched for longer than a beat, and taken to be gone when it stands still. No clocks are compared.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil
from opensearchpy.exceptions import ConflictError, NotFoundError, TransportError

from mappings.indices import create_shared_index
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from opensearchpy import OpenSearch

    from mappings import IndexNames

#: Seconds between two beats, and how long a silent holder is watched: time for three beats, and for OpenSearch to stop
#: and think.
BEAT = 5.0
WATCH = 20.0
#: Seconds by which the beginning of one process may seem to differ: it is counted from a boot time that is corrected.
SAME_BEGINNING = 5.0
_ID = "writer"


class LockedError(PeerscopeError):
    """Another run holds the lock, or took it over from this one."""


@contextmanager
def only_writer(home: Path, client: OpenSearch, names: IndexNames) -> Iterator[WriterLock]:
    """Hold the lock of the one process that writes: of the home folder, then of the indices.

    Raises LockedError when another one holds either.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "index.lock").open("a+", encoding="utf-8") as file:
        try:
            # The system lets go of it even when the process is killed.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LockedError(
                f"Another run is writing to the index (process {file.read().strip()}); wait for it to end."
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        with WriterLock(client, names) as lock:
            yield lock


@dataclass(frozen=True)
class Holder:
    """Who writes: a process, told from a later one with the same number by the time it began.

    `token` tells one lock of a process from another.
    """

    host: str
    process: int
    began: float
    token: str = ""

    @classmethod
    def me(cls) -> Holder:
        """Return this process, with a token of its own."""
        return cls(socket.gethostname(), os.getpid(), psutil.Process().create_time(), uuid4().hex)

    def is_gone(self) -> bool:
        """Return whether the process is known to have ended; False for one on another machine."""
        if self.host != socket.gethostname():
            return False
        try:
            return abs(psutil.Process(self.process).create_time() - self.began) > SAME_BEGINNING
        except psutil.NoSuchProcess:
            return True


class WriterLock:
    """Holds the lock of an index prefix while a `with` block runs."""

    def __init__(self, client: OpenSearch, names: IndexNames, *, beat: float = BEAT, watch: float = WATCH) -> None:
        """Name what to lock; `beat` and `watch` are seconds."""
        self._client, self._index, self._beat, self._watch = client, names.lock, beat, watch
        self._me = Holder.me()
        self._version: dict[str, int] = {}
        self._ended = threading.Event()
        self._lost = False
        self._heart = threading.Thread(target=self._keep_beating, daemon=True)

    def __enter__(self) -> WriterLock:
        """Take the lock. Raises LockedError when somebody else holds it and is alive."""
        create_shared_index(self._client, self._index, "lock")
        try:
            answer = self._write(op_type="create")
        except ConflictError:
            answer = self._take_over()
        self._keep_version(answer)
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._heart.join()
        try:
            self._client.delete(index=self._index, id=_ID, params=self._version, ignore=[404, 409])
        except TransportError:
            # OpenSearch is away; the next run sees that this process is gone.
            return

    def check(self) -> None:
        """Raise LockedError when the lock was lost: this machine slept, and another run went on in its place."""
        if self._lost:
            raise LockedError("Another run took over while this one stood still. Run the same command again.")

    def _write(self, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.index(
            index=self._index, id=_ID, body=asdict(self._me), params={**self._version, **params}
        )
        return answer

    def _keep_version(self, answer: dict[str, Any]) -> None:
        self._version = {"if_seq_no": answer["_seq_no"], "if_primary_term": answer["_primary_term"]}

    def _take_over(self) -> dict[str, Any]:
        try:
            stored = self._stored()
            holder = Holder(**stored["_source"])
            if holder == self._me:
                # It was written; only the answer was lost, and the client sent it again.
                return stored
            if not holder.is_gone() and (holder.host == socket.gethostname() or not self._stands_still(stored)):
                who = f"process {holder.process} on {holder.host}"
                raise LockedError(f"Another run is writing to the index ({who}); wait for it to end.")
            self._keep_version(stored)
            return self._write()
        except (ConflictError, NotFoundError) as error:
            raise LockedError("Another run began or ended just now. Run the same command again.") from error

    def _stored(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._client.get(index=self._index, id=_ID)
        return answer

    def _stands_still(self, before: dict[str, Any]) -> bool:
        deadline = time.monotonic() + self._watch
        while time.monotonic() < deadline:
            time.sleep(min(1.0, self._watch / 10))
            if self._stored()["_seq_no"] != before["_seq_no"]:
                return False
        return True

    def _keep_beating(self) -> None:
        while not self._ended.wait(self._beat):
            try:
                self._keep_version(self._beaten())
            except (ConflictError, NotFoundError):
                self._lost = True
                return
            except TransportError:
                # OpenSearch is away for now, for every other run too.
                continue

    def _beaten(self) -> dict[str, Any]:
        """Write a beat; give the version of the document. Raises ConflictError when it is another run's by now."""
        try:
            return self._write()
        except ConflictError:
            # A beat whose answer was lost counts as well: then the document is newer than known, and still ours.
            stored = self._stored()
            if Holder(**stored["_source"]) != self._me:
                raise
            return stored
