"""Find the files below a path, and detect the format of each: by its path, else its name, else its first characters."""

from __future__ import annotations

import gzip
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources import openalex_snapshot
from indexer.sources.base import GZIP_MAGIC, STDIN, FileFormat, SourceError, printable
from indexer.sources.encoding import decode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Number of bytes that are read to detect a format.
_START = 4_096
#: Suffixes of files in a folder that are read if a format recognizes their content.
_TEXT = (".txt", ".tsv", ".csv")


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
    return next((item for item in formats if _is_start(item, start)), None)


def _is_start(item: FileFormat, start: str) -> bool:
    return bool(item.starts and start.startswith(item.starts)) or bool(item.content and item.content.match(start))


def _start(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            is_gzip = file.read(2) == GZIP_MAGIC
            file.seek(0)
            return gzip.GzipFile(fileobj=file).read(_START) if is_gzip else file.read(_START)
    except (OSError, EOFError):
        # The source reports the same error when it is read.
        return b""


class FoundFile(NamedTuple):
    """A file to read, and the folder in which it was found; None for a file that the user named."""

    path: str
    folder: Path | None = None


def find_files(path: str, formats: Sequence[FileFormat]) -> list[FoundFile]:
    """Return the file at a path, or the files in a folder that some format recognizes by name or path.

    Files of an OpenAlex snapshot come newest first, the others by name. A symbolic link is followed if the user named
    it. Links in a folder are not followed, and a warning names one: another account may have made them to have a
    private file read. Raises SourceError when there is no file.
    """
    location = Path(path)
    if path == STDIN or location.is_file() or location.is_fifo():
        return [FoundFile(path)]
    if not location.exists():
        raise SourceError(f"{printable(path)}: no such file or folder")
    if not location.is_dir():
        raise SourceError(f"{printable(path)}: neither a file nor a folder")
    wanted = [file for file in _walk(location) if _is_wanted(file, location, formats)]
    _warn_of_links([file for file in wanted if file.is_symlink()], location)
    files = [file for file in wanted if not file.is_symlink() and file.is_file()]
    if not files:
        suffixes = ", ".join(suffix for item in formats for suffix in item.suffixes)
        raise SourceError(f"{printable(path)}: no {suffixes} (or .gz) file in this folder")
    files = sorted(sorted(files, key=str), key=openalex_snapshot.recency, reverse=True)
    return [FoundFile(str(file), location) for file in files]


def _walk(folder: Path) -> Iterator[Path]:
    """Yield all files below a folder; links to folders are yielded like files, and not entered."""
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        yield from (Path(parent, name) for name in (*files, *links))


def _warn_of_links(links: Sequence[Path], folder: Path) -> None:
    root = folder.resolve()
    # A file of this folder is read under its own name.
    outside = sorted(str(link) for link in links if not link.resolve().is_relative_to(root))
    if outside:
        count = f"{len(outside)} symbolic links" if len(outside) > 1 else "a symbolic link"
        logging.getLogger(__name__).warning(
            "%s: %s out of the folder not followed, such as %s. Name the file that it leads to.",
            printable(str(folder)), count, printable(outside[0]),
        )  # fmt: skip


def _is_wanted(file: Path, folder: Path, formats: Sequence[FileFormat]) -> bool:
    is_part_of_works = openalex_snapshot.is_part_of_works(file, folder)
    if is_part_of_works is not None:
        return is_part_of_works
    if any(file.match(pattern) for item in formats for pattern in item.patterns):
        return True
    suffixes = tuple(suffix for item in formats for suffix in item.suffixes)
    if _plain_name(file.name).endswith(_TEXT):
        return not file.is_symlink() and file.is_file() and _by_content(str(file), formats) is not None
    return _plain_name(file.name).endswith(suffixes) and file.name != openalex_snapshot.MANIFEST
