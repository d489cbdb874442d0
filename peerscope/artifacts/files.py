"""Local files: the errors about them, folders, file locks, checksums, and the record of files already verified.

Hashing a hundred files at each start would take longer than comparing their size and time. A file counts as verified
while its size and modification time are those recorded when its SHA-256 matched; a truncated, overwritten or replaced
file differs in one of them and is hashed again.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from peerscope import locks
from peerscope.errors import PeerscopeError
from peerscope.private_files import make_home, make_private_folder, write_private

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


def make_folder(folder: Path, *, is_home: bool = False) -> Path:
    """Create a private folder with its parents unless it exists, and return it; see `make_home` for the home folder.

    Raises `StorageError`.
    """
    try:
        (make_home if is_home else make_private_folder)(folder)
    except OSError as error:
        raise StorageError(f"cannot make the folder {folder}: {error.strerror or error}") from error
    return folder


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock on `path`, which is created if missing, during the block; wait while another process holds it.

    Raises `StorageError` when it cannot be created, or when the other process holds it for too long; see `locks`.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locks.file_lock(path))
        except locks.LockHeldError as error:
            raise StorageError(str(error)) from error
        except OSError as error:
            raise StorageError(f"cannot write in the folder {path.parent}: {error.strerror or error}") from error
        yield


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
    try:
        write_private(folder / VERIFIED, json.dumps(stamps, indent=0))
    except OSError as error:
        raise StorageError(f"cannot write in the folder {folder}: {error.strerror or error}") from error
