"""The local store of pinned files: a file is in it complete and verified, or not at all.

Files are downloaded to a folder within it and renamed into place once their SHA-256 matches, so a `kill -9` leaves at
most that folder, which the next download empties. One process downloads at a time; reading needs no lock.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.filesize import decimal

from peerscope.artifacts.files import (
    ChecksumError,
    StorageError,
    file_lock,
    make_folder,
    read_verified,
    sha256_of,
    stamp,
    write_verified,
)
from peerscope.private_files import FILE, make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from peerscope.artifacts.lockfile import Artifact

PARALLEL = 6  # round trips dominate for small jars; with more, a repository may answer 429
SPARE = 50_000_000  # bytes of disk to leave free


def fetch(artifacts: Iterable[Artifact], *, title: str, home: Path, mirror: str | None = None) -> list[Path]:
    """Return the local path of each file, in order; missing and damaged ones are downloaded. Every file is verified.

    The store is a folder in `home`; `mirror` is the address of a Maven repository to use instead of the public ones.
    Raises `DownloadError`, `ChecksumError` or `StorageError`; files downloaded before the error are kept.
    """
    files = list(artifacts)
    store = _Store(make_folder(make_folder(home, is_home=True) / "artifacts"), mirror)
    if store.unverified(files):
        with file_lock(store.folder / ".lock"):
            store.complete(files, title)
    return [store.path(file) for file in files]


@dataclass(frozen=True)
class _Store:
    folder: Path
    mirror: str | None

    def path(self, artifact: Artifact) -> Path:
        return self.folder / artifact.path

    def unverified(self, artifacts: Sequence[Artifact]) -> list[Artifact]:
        stamps = read_verified(self.folder)
        return [item for item in artifacts if stamps.get(str(item.path), []) != stamp(self.path(item), item.sha256)]

    def complete(self, artifacts: Sequence[Artifact], title: str) -> None:
        """Download what is missing or damaged, and record what is verified. The caller holds the lock."""
        missing = [item for item in self.unverified(artifacts) if not self._is_intact(item)]
        try:
            if missing:
                self._download_all(missing, title)
        finally:
            self._record(artifacts)

    def _is_intact(self, artifact: Artifact) -> bool:
        """Return whether the file matches its pin; remove a damaged one, so that it is downloaded again."""
        path = self.path(artifact)
        if not path.exists():
            return False
        if path.stat().st_size == artifact.size and sha256_of(path) == artifact.sha256:
            return True
        path.unlink()
        return False

    def _record(self, artifacts: Sequence[Artifact]) -> None:
        """Record the files that exist now: each was verified before the rename, or just now."""
        stamps = read_verified(self.folder)
        for item in artifacts:
            if mark := stamp(self.path(item), item.sha256):
                stamps[str(item.path)] = mark
        write_verified(self.folder, stamps)

    def _download_all(self, missing: Sequence[Artifact], title: str) -> None:
        from peerscope.artifacts.download import download_progress  # 0.15 s of imports that only a first run needs

        size = sum(item.size for item in missing)
        self._require_space(size)
        incoming = self.folder / ".incoming"
        shutil.rmtree(incoming, ignore_errors=True)  # of a killed run; the lock is ours, so no process uses it
        make_folder(incoming)
        try:
            with download_progress(title, size, len(missing)) as advance, ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(partial(self._download, incoming, advance), missing))
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _require_space(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < size + SPARE:
            needed = f"{decimal(size)} are needed and {decimal(free)} are free"
            raise StorageError(f"not enough disk space in {self.folder}: {needed}")

    def _download(self, incoming: Path, advance: Callable[[int], None], artifact: Artifact) -> None:
        from peerscope.artifacts.download import download, maven

        path = download(artifact, maven(incoming, self.mirror, advance))
        _require_match(path, artifact)
        target = self.path(artifact)
        try:
            make_private_folder(target.parent)
            with path.open("rb") as file:
                os.fchmod(file.fileno(), FILE)
                os.fsync(file.fileno())  # after a power cut, the rename may be on disk before the bytes are
            path.replace(target)
        except OSError as error:
            raise StorageError(f"cannot write in the folder {target.parent}: {error.strerror or error}") from error


def _require_match(path: Path, artifact: Artifact) -> None:
    sha256, size = sha256_of(path), path.stat().st_size
    if (sha256, size) != (artifact.sha256, artifact.size):
        path.unlink()
        raise ChecksumError(
            f"{artifact.filename} is not the pinned file: expected SHA-256 {artifact.sha256}"
            f" ({artifact.size} bytes), received {sha256} ({size} bytes); it was removed, run this again to retry"
        )
