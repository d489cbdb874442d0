"""Local files: the errors about them, folders, file locks, checksums, and the record of files already verified.

Hashing a hundred files at each start would take longer than comparing their size and time. A file counts as verified
while its size and modification time are those recorded when its SHA-256 matched; a truncated, overwritten or replaced
file differs in one of them and is hashed again.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERIFIED = "verified.json"

#: Size in bytes, modification time in nanoseconds and SHA-256 of a verified file.
Stamp = list[str | int]


class ArtifactError(PeerscopeError):
    """Base of the errors about pinned files and local folders."""


class DownloadError(ArtifactError):
    """A file cannot be downloaded: no network, or the repository does not have it."""


class ChecksumError(ArtifactError):
    """A downloaded file differs from the pinned one. It has been removed."""


class StorageError(ArtifactError):
    """A local folder cannot be written, or its disk is full."""


def make_folder(folder: Path) -> Path:
    """Create a folder with its parents unless it exists, and return it. Raises `StorageError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return folder


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock on `path`, which is created if missing, during the block; wait while another process holds it.

    The system releases it when the holder dies, however it dies. The file stays: deleting it would let a third process
    lock a new file while another still waits for the old one. Raises `StorageError`.
    """
    from filelock import FileLock  # only here: it imports asyncio, 30 ms that most commands do not need

    make_folder(path.parent)
    lock = FileLock(path, mode=0o644)
    try:
        lock.acquire()
    except OSError as error:
        raise StorageError(f"cannot write in the folder {path.parent}: {error.strerror or error}") from error
    try:
        yield
    finally:
        lock.release()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp(path: Path, sha256: str) -> Stamp | None:
    """Return the stamp of an existing file with this SHA-256, None when there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, sha256]


def read_verified(folder: Path) -> dict[str, Stamp]:
    """Return the stamps of the verified files by path; empty when unreadable, so that all are hashed again."""
    try:
        stamps = json.loads((folder / VERIFIED).read_bytes())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def write_verified(folder: Path, stamps: dict[str, Stamp]) -> None:
    """Replace the stamps atomically. The caller holds the folder's lock. Raises `StorageError`."""
    fresh = folder / f"{VERIFIED}.new"
    try:
        fresh.write_text(json.dumps(stamps, indent=0), encoding="utf-8")
        os.replace(fresh, folder / VERIFIED)
    except OSError as error:
        raise StorageError(f"cannot write in the folder {folder}: {error.strerror or error}") from error
