"""The import format: JSON lines, plain or gzipped, from files, folders or standard input.

One bad line costs that line; one bad file costs the rest of that file. Lines are read with a bound, so a file without
line ends cannot fill the memory.
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The longest line that is read, in bytes. The longest record of 97,000 real ones has 60 kB.
MAX_LINE = 1_000_000
SUFFIXES = (".jsonl", ".jsonl.gz")
STDIN = "-"


class SourceError(Exception):
    """A source that cannot be read, or not to its end; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a source: its decoded value, or the reason why there is none."""

    source: str
    line: int
    value: Any = None
    problem: str | None = None
    text: str = ""


class Source(Protocol):
    """Something to iterate over for Items. `position` of `size` are read so far; `size` is None where it is unknown.

    Raises SourceError while iterated when it breaks off; what came before it has been given by then.
    """

    name: str
    size: int | None

    @property
    def position(self) -> int:
        """How much is read, in the unit of `size`."""

    def __iter__(self) -> Iterator[Item]: ...


class JsonLines:
    """One file, or standard input, of JSON lines; sizes are in bytes before they are unpacked."""

    def __init__(self, path: str) -> None:
        """Name the source; nothing is opened yet."""
        self.name = "standard input" if path == STDIN else path
        self._path = path
        self.size = None if path == STDIN else Path(path).stat().st_size
        self._raw: IO[bytes] | None = None

    @property
    def position(self) -> int:
        """Bytes read so far, counted before they are unpacked; 0 for standard input."""
        if self._raw is None or self.size is None:
            return 0
        return self.size if self._raw.closed else self._raw.tell()

    def __iter__(self) -> Iterator[Item]:
        try:
            yield from self._items()
        except (EOFError, zlib.error) as error:
            raise SourceError(f"{self.name}: the gzip data breaks off or is damaged ({error})") from error
        except OSError as error:
            raise SourceError(f"{self.name}: {error.strerror or error}") from error

    def _items(self) -> Iterator[Item]:
        with self._open() as raw:
            self._raw = raw
            unpacked = gzip.GzipFile(fileobj=raw) if self._is_gzip(raw) else raw
            for number, line in enumerate(_bounded_lines(unpacked), 1):
                if line is None:
                    yield Item(self.name, number, problem=f"the line is longer than {MAX_LINE:,} bytes")
                elif line.strip():
                    yield self._item(number, line)

    def _open(self) -> IO[bytes]:
        return sys.stdin.buffer if self._path == STDIN else Path(self._path).open("rb")

    def _is_gzip(self, raw: IO[bytes]) -> bool:
        """Tell by the first bytes, since names lie; a `.gz` that is none is refused with that reason."""
        start: bytes = raw.peek(2)  # type: ignore[attr-defined]  # every buffered reader has peek
        is_gzip = start.startswith(b"\x1f\x8b")
        if self._path.endswith(".gz") and not is_gzip and self.size:
            raise SourceError(f"{self.name}: named .gz, but it is not gzip data")
        return is_gzip

    def _item(self, number: int, line: bytes) -> Item:
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            return Item(self.name, number, problem=f"not UTF-8: {error}", text=line.decode("utf-8", "replace"))
        try:
            return Item(self.name, number, json.loads(text), text=text)
        except (ValueError, RecursionError) as error:
            return Item(self.name, number, problem=f"not JSON: {error}", text=text)


def _bounded_lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes | None]:
    """Give the lines of a file one by one, and None in the place of one that is too long."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None


def open_sources(paths: Sequence[str]) -> Sequence[Source]:
    """Name the sources below the given paths: files, `-` for standard input, and folders with what they hold.

    Raises SourceError, before anything is read, when one does not exist, cannot be read, or a folder holds none.
    """
    return [JsonLines(file) for path in paths for file in _files(path)]


def _files(path: str) -> list[str]:
    where = Path(path)
    if path == STDIN or where.is_file() or where.is_fifo():
        return [path]
    if not where.exists():
        raise SourceError(f"{path}: no such file or folder")
    if not where.is_dir():
        raise SourceError(f"{path}: neither a file nor a folder")
    found = sorted(str(file) for file in where.rglob("*") if file.name.endswith(SUFFIXES) and file.is_file())
    if not found:
        raise SourceError(f"{path}: no {' or '.join(SUFFIXES)} file below this folder")
    return found
