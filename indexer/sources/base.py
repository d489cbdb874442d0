"""What every source is: a name, how far it is read, and an iterator of Items in the import format.

A source knows nothing of what happens to its records. Files share how they are opened, unpacked and counted, and how
a damaged one is reported; feeds from the network share that they have no size.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from indexer.records import drop_invalid_fields
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
#: A file that has to be read as a whole (JSON, BibTeX, RIS) may have this many bytes, unpacked: it is kept in memory.
MAX_WHOLE = 200_000_000
#: Of a record that comes without a text of its own, this many characters are kept to find it by.
EXCERPT = 2_000


class SourceError(PeerscopeError):
    """A source that cannot be read, or not to its end; the message says which and why."""


class NotAWork(ValueError):  # noqa: N818 (the name says it: a verdict on the record, no fault)
    """A record that its own source marks as something else than a work; the message says as what."""


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a source: its decoded value, or the reason why there is none. `line` is its ordinal."""

    source: str
    line: int
    value: Any = None
    problem: str | None = None
    text: str = ""
    is_work: bool = True
    """False where the source itself says that it is something else; then `problem` says as what."""
    is_version: bool = False
    """Whether the source may hold older versions of it as well, which are read later."""


class Source(Protocol):
    """Anything that gives Items; `position` of `size` bytes are read, and `size` is None where nobody can know it.

    Raises SourceError while iterated when it breaks off; what came before that has been given by then.
    """

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def size(self) -> int | None:
        """Bytes in all."""

    @property
    def position(self) -> int:
        """Bytes read so far; 0 without a size."""

    def __iter__(self) -> Iterator[Item]: ...


def converted(
    source: str, line: int, convert: Callable[[Any], dict[str, Any]], value: Any, text: str | None = None
) -> Item:
    """Return the Item of a record in a foreign format. One that is not in that format's shape costs only itself."""
    text = json.dumps(value)[:EXCERPT] if text is None else text
    try:
        return Item(source, line, drop_invalid_fields(convert(value)), text=text)
    except NotAWork as verdict:
        return Item(source, line, problem=str(verdict), text=text, is_work=False)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return Item(source, line, problem=f"not in its format's shape: {type(error).__name__}: {error}", text=text)


def printable(path: str) -> str:
    """Return a path as text that can be written anywhere: bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


class FileSource(ABC):
    """One file, plain or gzipped, or standard input. What it holds is read by `items`."""

    def __init__(self, path: str) -> None:
        """Name the source; nothing is opened yet."""
        # A name that is not UTF-8 could be neither printed nor put into a report.
        self.name = "standard input" if path == STDIN else printable(path)
        self._path = path
        self.size = None if path == STDIN else Path(path).stat().st_size
        self._raw: IO[bytes] | None = None

    @abstractmethod
    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Return the Items of the unpacked file."""

    @property
    def position(self) -> int:
        """Bytes read so far, counted before they are unpacked; 0 for standard input."""
        if self._raw is None or self.size is None:
            return 0
        return self.size if self._raw.closed else self._raw.tell()

    def __iter__(self) -> Iterator[Item]:
        try:
            with self._open() as raw:
                self._raw = raw
                yield from self.items(gzip.GzipFile(fileobj=raw) if self._is_gzip(raw) else raw)  # type: ignore[arg-type]
        except (EOFError, zlib.error) as error:
            raise SourceError(f"{self.name}: the gzip data breaks off or is damaged ({error})") from error
        except OSError as error:
            raise SourceError(f"{self.name}: {error.strerror or error}") from error

    def _open(self) -> IO[bytes]:
        return sys.stdin.buffer if self._path == STDIN else Path(self._path).open("rb")

    def _is_gzip(self, raw: IO[bytes]) -> bool:
        """Tell by the first bytes, since names lie; a `.gz` that is none is refused with that reason."""
        start: bytes = raw.peek(2)  # type: ignore[attr-defined]  # a BufferedReader, see _open
        is_gzip = start.startswith(GZIP_MAGIC)
        if self._path.endswith(".gz") and not is_gzip and self.size:
            raise SourceError(f"{self.name}: named .gz, but it is not gzip data")
        return is_gzip

    def whole_text(self, file: IO[bytes]) -> str:
        """Read a file that has no use in parts. Raises SourceError when it is too large or not UTF-8."""
        data = file.read(MAX_WHOLE + 1)
        if len(data) > MAX_WHOLE:
            raise SourceError(f"{self.name}: larger than {MAX_WHOLE:,} bytes; split it, or use JSON lines")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(f"{self.name}: not UTF-8 ({error}); save it in that encoding") from error
