"""Local copies of files that never change, for the processes of one machine that read them from an object store."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.stages.folder import UNFINISHED
from peerscope.private_files import make_private_folder, open_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class LocalCopies:
    """A folder of copies, the least recently used of which are deleted when they take more than `limit` bytes.

    A task has hard links to its inputs in a folder of scratch files, so no copy that is in use is deleted. Together,
    copies take at most `limit` bytes, or as many as the inputs of the tasks that are running. All changes are made
    under one lock, so each file is downloaded once per machine.
    """

    def __init__(self, path: Path, limit: int) -> None:
        """Create the folder, readable by its owner only."""
        self._path, self._limit = make_private_folder(path), limit
        self._copies = make_private_folder(path / "copies")

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Create a folder for unfinished files, which is deleted at the end.

        Its owner holds a lock on it, which the system releases when the process ends. So the folder of a killed
        process is recognized, and deleted by the next caller.
        """
        with self._locked():
            self._delete_abandoned()
            path = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self._path))
            descriptor = _lock_folder(path)
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
            if descriptor is not None:
                os.close(descriptor)

    @contextmanager
    def borrow(
        self, keys: Sequence[str], download: Callable[[dict[str, Path], Callable[[int], None]], None]
    ) -> Iterator[list[Path]]:
        """Return paths of copies during the block.

        `download` receives the paths of missing ones by key, and a function that makes room for a number of bytes.
        """
        try:
            with self.scratch() as scratch:
                with self._locked():
                    missing = {key: scratch / key for key in keys if not self._link(key, scratch)}
                    if missing:
                        download(missing, self._make_room)
                    for key, path in missing.items():
                        self._keep(key, path)
                yield [scratch / key for key in keys]
        finally:
            with self._locked():
                self._make_room(0)

    def add(self, key: str, path: Path) -> None:
        """Keep a file that this process has written as a copy."""
        with self._locked():
            self._make_room(path.stat().st_size)
            self._keep(key, path)

    def discard(self, is_obsolete: Callable[[str], bool]) -> None:
        """Delete copies that are not needed any more by their keys."""
        with self._locked():
            for path in self._copies.iterdir():
                if is_obsolete(path.name):
                    path.unlink()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open_private(self._path / "lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _link(self, key: str, scratch: Path) -> bool:
        """Link a copy into a folder, and note that it was used; return whether there is one."""
        try:
            os.link(self._copies / key, scratch / key)
        except FileNotFoundError:
            return False
        os.utime(scratch / key)
        return True

    def _keep(self, key: str, path: Path) -> None:
        path.chmod(0o600)
        (self._copies / key).unlink(missing_ok=True)
        os.link(path, self._copies / key)

    def _make_room(self, size: int) -> None:
        """Delete the copies that were not used for longest until another `size` bytes fit, except those in use."""
        copies = [(entry, entry.stat()) for entry in os.scandir(self._copies)]
        excess = size - self._limit + sum(status.st_size for _, status in copies)
        for entry, status in sorted(copies, key=lambda copy: copy[1].st_mtime_ns):
            if excess <= 0:
                break
            if status.st_nlink == 1:  # not in use
                os.unlink(entry.path)
                excess -= status.st_size

    def _delete_abandoned(self) -> None:
        for path in self._path.glob(f"{UNFINISHED}*"):
            descriptor = _lock_folder(path)
            if descriptor is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(descriptor)


def _lock_folder(path: Path) -> int | None:
    """Lock a folder until the returned descriptor is closed; return None if another process has locked it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
