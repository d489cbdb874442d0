"""What has been hashed already: hashing a hundred files at each start costs more than comparing their size and time.

A file counts as verified while its size and modification time are those noted when its SHA-256 was found right; a
truncated, overwritten or replaced file differs in one of them and is hashed anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NOTES = "verified.json"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp(path: Path, sha256: str) -> list[str | int] | None:
    """Return what marks this very file as verified, or None when there is no such file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns, sha256]


def read_notes(folder: Path) -> dict[str, list[str | int]]:
    """Read the notes of a folder. Unreadable notes are no notes: the files are then hashed again."""
    try:
        notes = json.loads((folder / NOTES).read_bytes())
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def write_notes(folder: Path, notes: dict[str, list[str | int]]) -> None:
    """Write the notes whole or not at all. The caller holds the folder's lock."""
    fresh = folder / f"{NOTES}.new"
    fresh.write_text(json.dumps(notes, indent=0), encoding="utf-8")
    os.replace(fresh, folder / NOTES)
