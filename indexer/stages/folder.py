"""The folder of the files that stages read and write; each is complete as soon as it has its name."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.stages.task import StageError
from peerscope.private_files import make_private_folder, open_private

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

#: Prefix of the names of files and folders that are not complete.
UNFINISHED = "tmp-"


class StageFolder:
    """Files that never change, in a folder on a local disk or a file system that all workers share.

    `ObjectStoreFolder` has the same methods for an object store, so nothing else builds the path of a file of a stage.
    """

    def __init__(self, path: Path) -> None:
        """Create the folder, readable by its owner only: the files contain names of people."""
        self.path = make_private_folder(path)

    @property
    def location(self) -> str:
        """Return what a worker passes to `open_folder`: a path or a URL, without any secret."""
        return str(self.path)

    def check(self) -> None:
        """Raise StageError unless files can be written; an existing folder needs no check before the first file."""

    def __contains__(self, name: str) -> bool:
        return name in self.sizes([name])

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """Return the sizes in bytes of those of some files that exist, by name."""
        found = {}
        for name in names:
            try:
                found[name] = (self.path / name).stat().st_size
            except FileNotFoundError:
                continue
        return found

    def names(self, kind: str) -> list[str]:
        """Return the names of all files of a kind, sorted; kinds are the names of stages and others."""
        return sorted(path.name for path in self.path.glob(f"{kind}-*.*"))

    @contextmanager
    def local_copies(self, names: Iterable[str]) -> Iterator[list[Path]]:
        """Return the paths under which this process can read some files during the block.

        Raises StageError if one of them does not exist.
        """
        paths = [self.path / name for name in names]
        if missing := next((path for path in paths if not path.exists()), None):
            raise StageError(
                f"The machine {socket.gethostname()} cannot read {missing}: the folder of stages (PEERSCOPE_STAGES) "
                "must be shared by all machines, under the same path."
            )
        yield paths

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Create a folder for unfinished files, which is deleted at the end."""
        path = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self.path))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def publish(self, finished: Path, name: str) -> None:
        """Move a finished file to its name, atomically and durably; one that is there already has the same content."""
        finished.chmod(0o600)
        with finished.open("rb") as file:
            os.fsync(file.fileno())
        finished.replace(self.path / name)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, such as a list of other files; one with the same name is replaced atomically."""
        with self.scratch() as scratch:
            path = scratch / name
            with open_private(path, "wb") as file:
                file.write(content)
            self.publish(path, name)

    def read(self, name: str) -> bytes | None:
        """Return the content of a file that `write` may have replaced; None if there is none."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, names: Collection[str]) -> None:
        """Delete some files that no task needs any more; a missing one is no error."""
        for name in names:
            (self.path / name).unlink(missing_ok=True)

    def keep_only(self, names: Collection[str]) -> None:
        """Delete all other files, and what killed tasks left; no task may be running."""
        for path in self.path.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name not in names:
                path.unlink(missing_ok=True)


def copies_in_pages(folder: StageFolder, names: Sequence[str], page: int) -> Iterator[list[Path]]:
    """Yield paths of some files as `local_copies` does, a page at a time, so that few are copied at once."""
    for start in range(0, len(names), page):
        with folder.local_copies(names[start : start + page]) as paths:
            yield paths
