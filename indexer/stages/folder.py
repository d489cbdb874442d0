"""The folder of the files that stages read and write; each is complete as soon as it has its name."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peerscope.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: Prefix of the names of files and folders that are not complete.
UNFINISHED = "tmp-"


class StageFolder:
    """A folder of files that never change, on a local disk or a file system that all workers share."""

    def __init__(self, path: Path) -> None:
        """Create the folder, readable by its owner only: the files contain names of people."""
        self.path = path
        make_private_folder(path)

    def file(self, name: str) -> Path:
        """Return the path of a file."""
        return self.path / name

    def __contains__(self, name: str) -> bool:
        return self.file(name).exists()

    def size(self, name: str) -> int:
        """Return the size of a file in bytes."""
        return self.file(name).stat().st_size

    def files(self, kind: str) -> list[Path]:
        """Return the paths of all files of a kind, sorted by name; kinds are the names of stages and others."""
        return sorted(self.path.glob(f"{kind}-*.*"))

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
        finished.replace(self.file(name))
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def keep_only(self, names: Collection[str]) -> None:
        """Delete all other files, and what killed tasks left; no task may be running."""
        for path in self.path.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name not in names:
                path.unlink(missing_ok=True)
