"""Locks between processes: a lock on a private file, which the system releases when its holder ends, however it ends.

Not the package filelock: it empties the file before it locks it, and it does not know who holds a lock. The file is
never deleted: a third process would lock a new file while another one still waits for the old one.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from weakref import WeakSet

import psutil

from peerscope.errors import PeerscopeError
from peerscope.private_files import make_private_folder, open_private
from peerscope.terminal import echo

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds to wait for a process of the same account: it may be downloading OpenSearch over a slow connection.
PATIENCE = 1_800.0
#: Seconds to wait for another account's process. It could only open a file that was readable before it was repaired,
#: and its lock might never end.
FOREIGN_PATIENCE = 10.0
#: Seconds until a waiting process prints what it waits for.
QUIET = 5.0
PAUSE = 0.1
SYSTEM_LOCKS = Path("/proc/locks")
#: Characters shown of a command line.
WIDTH = 120


class LockHeldError(PeerscopeError):
    """Another process held the lock for too long; the message names it."""


@dataclass(frozen=True)
class LockHolder:
    """The process that holds a lock; what the system does not reveal is None."""

    pid: int | None = None
    user: str | None = None
    command: str | None = None
    is_foreign: bool = False
    """Whether it runs as another account."""

    def __str__(self) -> str:
        if self.pid is None:
            return "a process that this account cannot see"
        user = f" of {self.user}" if self.user else ""
        return f"process {self.pid}{user}" + (f": {self.command}" if self.command else "")


#: The locks that this process holds.
_held: WeakSet[FileLock] = WeakSet()


def _disown_all() -> None:
    """Close the files of the parent's locks in a forked process, which would keep them when the parent is killed."""
    for lock in list(_held):
        lock._disown()


os.register_at_fork(after_in_child=_disown_all)


class FileLock:
    """The lock on one file. Not reentrant: two objects of one process exclude each other."""

    def __init__(self, path: Path) -> None:
        """Name the file, which is created when the lock is acquired."""
        self.path = path
        self._file: IO[Any] | None = None

    def take(self) -> bool:
        """Acquire the lock if it is free; return whether this object holds it. Raises OSError."""
        if self._file:
            return True
        make_private_folder(self.path.parent)
        file = open_private(self.path, "a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        _held.add(self)
        # For messages on systems that do not list locks.
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        return True

    def release(self) -> None:
        """Release the lock, also if another process has inherited the open file."""
        if self._file:
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._disown()

    def _disown(self) -> None:
        """Close the file without releasing the lock."""
        if self._file:
            self._file.close()
            self._file = None
            _held.discard(self)

    def holder(self) -> LockHolder:
        """Return the process that holds the lock, as far as the system or the file names it."""
        pid = _locking_process(self.path) or _written_process(self.path)
        try:
            process = psutil.Process(pid) if pid else None
            if process is None:
                return LockHolder()
            with process.oneshot():
                command = _printable(" ".join(process.cmdline()) or process.name())
                is_foreign = process.uids().effective != os.geteuid()
                return LockHolder(process.pid, _printable(process.username()), command, is_foreign)
        except psutil.Error:
            return LockHolder(pid)


@contextmanager
def file_lock(
    path: Path, *, patience: float = PATIENCE, foreign_patience: float = FOREIGN_PATIENCE
) -> Iterator[FileLock]:
    """Hold the lock on `path` during the block; wait while another process holds it.

    Waits `patience` seconds for a process of the same account, and `foreign_patience` for another account's. Raises
    LockHeldError after that, and OSError when the file cannot be opened.
    """
    lock = FileLock(path)
    _wait_for(lock, patience, foreign_patience)
    try:
        yield lock
    finally:
        lock.release()


def _wait_for(lock: FileLock, patience: float, foreign_patience: float) -> None:
    began, is_announced = time.monotonic(), False
    while not lock.take():
        waited = time.monotonic() - began
        if waited > min(patience, foreign_patience):
            holder = lock.holder()
            if waited > (foreign_patience if holder.is_foreign or holder.pid is None else patience):
                raise LockHeldError(
                    f"{lock.path} has been locked for {waited:.0f} s by {holder}. Wait until it ends, or end it."
                )
        if waited > QUIET and not is_announced:
            echo(f"Waiting for {lock.holder()}, which holds {lock.path}", err=True)
            is_announced = True
        time.sleep(PAUSE)


def _locking_process(path: Path) -> int | None:
    """Return the process that locks a file, as `/proc/locks` lists it; None on other systems, or if it is hidden."""
    try:
        lines, status = SYSTEM_LOCKS.read_text(encoding="ascii", errors="replace").splitlines(), path.stat()
    except OSError:
        return None
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    holders = {}
    for line in lines:
        # 1: FLOCK  ADVISORY  WRITE 4711 08:01:131081 0 EOF; a process that waits has `->` as the second word.
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5].endswith(f":{status.st_ino}"):
            holders[fields[5].rpartition(":")[0]] = int(fields[4])
    # Some file systems list another device than they report for the file.
    pid = holders.get(device) or next(iter(holders.values()), None)
    return pid if pid and pid > 0 else None


def _written_process(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _printable(text: str) -> str:
    """Return one short line without control characters: another account chooses the text."""
    return "".join(character if character.isprintable() else "?" for character in text)[:WIDTH]
