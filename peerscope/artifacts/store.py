"""The local store: a file is in it whole and checked, or not at all.

Downloads go to a folder beside it and are moved in by a rename once their SHA-256 is right, so a `kill -9` at any
moment leaves at worst that folder, which the next fetch empties. One process fetches at a time; reading needs no lock.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from rich.filesize import decimal

from peerscope.artifacts.errors import ChecksumError, StorageError
from peerscope.artifacts.file_lock import exclusive
from peerscope.artifacts.folder import home, make_folder
from peerscope.artifacts.progress import download_progress
from peerscope.artifacts.verified import read_notes, sha256_of, stamp, write_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from peerscope.artifacts.lockfile import Artifact

PARALLEL = 6  # small jars are bound by round trips; more than this and a repository may answer 429
SPARE = 50_000_000  # bytes of disk to leave free


def fetch(artifacts: Iterable[Artifact], *, title: str) -> list[Path]:
    """Return the local path of each file, in order, downloading what is missing or damaged. Every file is checked.

    Raises `DownloadError`, `ChecksumError` or `StorageError`; what was fetched until then is not fetched again.
    """
    wanted = list(artifacts)
    store = make_folder(home() / "artifacts")
    if _unverified(store, wanted):
        with exclusive(store / ".lock"):
            _complete(store, wanted, title)
    return [store / artifact.path for artifact in wanted]


def _unverified(store: Path, wanted: list[Artifact]) -> list[Artifact]:
    notes = read_notes(store)
    return [item for item in wanted if notes.get(str(item.path), []) != stamp(store / item.path, item.sha256)]


def _complete(store: Path, wanted: list[Artifact], title: str) -> None:
    missing = [item for item in _unverified(store, wanted) if not _is_good(store / item.path, item)]
    try:
        if missing:
            _download_all(store, missing, title)
    finally:
        _note(store, wanted)


def _is_good(path: Path, artifact: Artifact) -> bool:
    """Return whether the file is what the lock names; a damaged one is removed, so that it is fetched anew."""
    if not path.exists():
        return False
    if path.stat().st_size == artifact.size and sha256_of(path) == artifact.sha256:
        return True
    path.unlink()
    return False


def _note(store: Path, wanted: list[Artifact]) -> None:
    """Note the files that are there now: each was checked before it came in, or just now."""
    notes = read_notes(store)
    for item in wanted:
        if mark := stamp(store / item.path, item.sha256):
            notes[str(item.path)] = mark
    try:
        write_notes(store, notes)
    except OSError as error:
        raise StorageError(f"cannot write in the folder {store}: {error.strerror or error}") from error


def _download_all(store: Path, missing: list[Artifact], title: str) -> None:
    size = sum(item.size for item in missing)
    _require_space(store, size)
    incoming = store / ".incoming"
    shutil.rmtree(incoming, ignore_errors=True)  # of a run that was killed; we hold the lock, so nobody uses it
    make_folder(incoming)
    try:
        with download_progress(title, size, len(missing)) as advance, ThreadPoolExecutor(PARALLEL) as pool:
            list(pool.map(partial(_bring, store, incoming, advance), missing))
    finally:
        shutil.rmtree(incoming, ignore_errors=True)


def _require_space(store: Path, size: int) -> None:
    free = shutil.disk_usage(store).free
    if free < size + SPARE:
        raise StorageError(f"not enough disk space in {store}: {decimal(size)} are needed and {decimal(free)} are free")


def _bring(store: Path, incoming: Path, advance: Callable[[int], None], artifact: Artifact) -> None:
    from peerscope.artifacts.remote import download, maven  # 0.15 s of imports that only a first run needs

    path = download(artifact, maven(incoming, advance))
    _require_match(path, artifact)
    target = store / artifact.path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file:
            os.fsync(file.fileno())  # a rename may outlive a power cut that the bytes do not
        path.replace(target)
    except OSError as error:
        raise StorageError(f"cannot write in the folder {target.parent}: {error.strerror or error}") from error


def _require_match(path: Path, artifact: Artifact) -> None:
    seen, size = sha256_of(path), path.stat().st_size
    if (seen, size) != (artifact.sha256, artifact.size):
        path.unlink()
        raise ChecksumError(
            f"{artifact.filename} is not the file that was pinned: expected SHA-256 {artifact.sha256}"
            f" ({artifact.size} bytes), got {seen} ({size} bytes); it was removed, run this again to fetch it anew"
        )
