"""Find the files below a path, and detect the format of each: by its path, else its name, else its first characters."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.sources import openalex_snapshot
from indexer.sources.base import GZIP_MAGIC, STDIN, FileFormat, SourceError, printable
from indexer.sources.encoding import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Number of bytes that are read to detect a format.
_START = 4_096


def detect_format(path: str, formats: Sequence[FileFormat]) -> FileFormat | None:
    """Return the first format that recognizes a file; None when there is none, or for standard input."""
    by_path = (item for item in formats if any(Path(path).match(pattern) for pattern in item.patterns))
    by_name = (item for item in formats if item.suffixes and _plain_name(path).endswith(item.suffixes))
    return next(by_path, None) or next(by_name, None) or _by_content(path, formats)


def _plain_name(path: str) -> str:
    return path.lower().removesuffix(".gz")


def _by_content(path: str, formats: Sequence[FileFormat]) -> FileFormat | None:
    """Detect by the first characters; None for a pipe, from which reading would remove them."""
    if path == STDIN or not Path(path).is_file():
        return None
    start = decode(_start(path))[0].lstrip()
    return next((item for item in formats if item.starts and start.startswith(item.starts)), None)


def _start(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            is_gzip = file.read(2) == GZIP_MAGIC
            file.seek(0)
            return gzip.GzipFile(fileobj=file).read(_START) if is_gzip else file.read(_START)
    except (OSError, EOFError):
        # The source reports the same error when it is read.
        return b""


def find_files(path: str, formats: Sequence[FileFormat]) -> list[str]:
    """Return the file at a path, or the files in a folder that some format recognizes by name or path.

    Files of an OpenAlex snapshot come newest first, the others by name. Raises SourceError when there is none.
    """
    location = Path(path)
    if path == STDIN or location.is_file() or location.is_fifo():
        return [path]
    if not location.exists():
        raise SourceError(f"{printable(path)}: no such file or folder")
    if not location.is_dir():
        raise SourceError(f"{printable(path)}: neither a file nor a folder")
    files = [file for file in location.rglob("*") if _is_wanted(file, location, formats) and file.is_file()]
    if not files:
        suffixes = ", ".join(suffix for item in formats for suffix in item.suffixes)
        raise SourceError(f"{printable(path)}: no {suffixes} (or .gz) file in this folder")
    return [str(file) for file in sorted(sorted(files, key=str), key=openalex_snapshot.recency, reverse=True)]


def _is_wanted(file: Path, folder: Path, formats: Sequence[FileFormat]) -> bool:
    is_part_of_works = openalex_snapshot.is_part_of_works(file, folder)
    if is_part_of_works is not None:
        return is_part_of_works
    if any(file.match(pattern) for item in formats for pattern in item.patterns):
        return True
    suffixes = tuple(suffix for item in formats for suffix in item.suffixes)
    return _plain_name(file.name).endswith(suffixes) and file.name != openalex_snapshot.MANIFEST
