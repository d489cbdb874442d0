"""Watch files and folders, and index those that are new or have changed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources import SourceError
from indexer.sources.files import find_files
from indexer.sources.registry import file_formats
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Seconds between two checks of the folders. A file is indexed if it did not change between two checks, so that
#: it is not read while another program writes it.
INTERVAL = 5.0


class Version(NamedTuple):
    """Identifies a version of a file: its time of change in nanoseconds, and its size."""

    changed: int
    size: int


class Watcher:
    """The files below some paths, and which versions of them are indexed."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Store the paths; nothing counts as indexed."""
        self._paths = paths
        #: The folder in which each file was found; None for a file that the user named.
        self.folders: dict[str, Path | None] = {}
        self._seen: dict[str, Version] = {}
        self._indexed: dict[str, Version] = {}

    def changed(self) -> list[str]:
        """Return the files whose current version is not indexed, and which did not change since the last call."""
        current = self._look()
        stable = [file for file, version in current.items() if self._seen.get(file) == version]
        self._seen = current
        return [file for file in stable if self._indexed.get(file) != current[file]]

    def mark(self, files: Iterable[str]) -> None:
        """Register that these files are indexed as they were at the last call of `changed`."""
        self._indexed |= {file: self._seen[file] for file in files if file in self._seen}

    def _look(self) -> dict[str, Version]:
        versions = {}
        formats = file_formats()
        for path in self._paths:
            try:
                found = find_files(path, formats)
            except SourceError:
                # A folder may still be empty, and a file may be replaced right now.
                continue
            for file, folder in found:
                try:
                    state = Path(file).stat()
                except OSError:
                    continue
                self.folders[file] = folder
                versions[file] = Version(state.st_mtime_ns, state.st_size)
        return versions


def watch(
    watcher: Watcher,
    index: Callable[[list[str]], None],
    report: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Index changed files until the process is interrupted.

    A run that cannot start, because another one is writing or OpenSearch is unavailable, is reported and repeated.
    """
    watcher.changed()
    while True:
        sleep(INTERVAL)
        files = watcher.changed()
        if not files:
            continue
        try:
            index(files)
        except PeerscopeError as error:
            report(f"{error} The files will be read again.")
        else:
            watcher.mark(files)
