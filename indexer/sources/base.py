"""The interface of all sources, and the base class of those that read a file.

A source has a name and a position, and yields items in the import format. Files share how they are opened,
decompressed and measured, and how a damaged one is reported.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import stat
import sys
import time
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from indexer.records import RecordWarning
from indexer.sources.budget import record_budget
from indexer.sources.encoding import decode, printable_text
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
#: Maximum decompressed size in bytes of a file that is parsed as a whole (JSON, BibTeX, RIS) and so kept in memory.
MAX_WHOLE = 200_000_000
#: Number of characters of a record that are kept to find it by, where the format has no text for it.
EXCERPT = 2_000
#: Title of a record of another format that has none, but authors or an id by which it can be found.
UNTITLED = "[Untitled]"
#: Kind of the warning about a list of authors that is cut, by `et al.` or by a limit of the source.
INCOMPLETE_AUTHORS = "incomplete authors"


class SourceError(PeerscopeError):
    """A source that cannot be read, or not to its end; the message names it and the reason."""

    def __init__(self, message: str) -> None:
        """Store the message; it may quote a damaged file."""
        super().__init__(printable_text(message))


class NotAWork(ValueError):  # noqa: N818 (a property of the record, not an error)
    """A record that its own source marks as something other than a work; the message names what it is."""


class Origin(NamedTuple):
    """The source of a record by its short name, the file if it is not a catalogue, and when that was changed.

    The name is empty for a record of an earlier mapping version, which did not store it.
    """

    source: str
    file: str = ""
    modified: float = 0.0


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a source: its decoded value, or the problem with it. `line` is its number in the source, from 1."""

    source: str
    line: int
    value: Any = None
    problem: str | None = None
    text: str = ""
    is_work: bool = True
    """False where the source itself marks the record as something else; `problem` then names what it is."""
    is_version: bool = False
    """Whether the source may contain older versions of the same work, which are read after it."""
    warnings: tuple[RecordWarning, ...] = ()
    """What could not be read exactly."""
    format: str = ""
    """The kind of record, where a source has records of several kinds."""
    origin: Origin | None = None
    """Where the record came from first, if it was read from the index."""


class Source(Protocol):
    """An iterable of Items. Iteration raises SourceError when it ends early, after yielding what came before."""

    @property
    def name(self) -> str:
        """The name shown in messages."""

    @property
    def size(self) -> int | None:
        """Size in bytes; None when it is unknown."""

    @property
    def position(self) -> int:
        """Bytes read so far; 0 when the size is unknown."""

    def __iter__(self) -> Iterator[Item]: ...


def convert_record(
    source: str, line: int, convert: Callable[[Any], dict[str, Any]], value: Any, text: str | None = None
) -> Item:
    """Return the Item of a record in a foreign format.

    `convert` returns the record in the import format; its key `warnings` may have a list of RecordWarnings, of which
    one of the kind INCOMPLETE_AUTHORS marks the record. Whatever it raises for a record of another structure rejects
    only this record.
    """
    text = json.dumps(value)[:EXCERPT] if text is None else printable_text(text)
    try:
        with record_budget() as budget:
            record = convert(value)
        warnings = tuple(record.pop("warnings", ()))
        if budget.cut:
            message = f"its texts are longer than can be converted; {budget.cut:,} characters were cut"
            warnings += (RecordWarning("shortened record", message),)
        if isinstance(record.get("authors"), list):
            record["authors"] = [author for author in record["authors"] if _is_named(author)]
        if not record.get("title") and is_identified(record):
            record["title"] = UNTITLED
            warnings += (RecordWarning("no title", f"has no title; kept as {UNTITLED!r}"),)
        if any(warning.kind == INCOMPLETE_AUTHORS for warning in warnings):
            record.setdefault("authors_truncated", True)
        return Item(source, line, record, text=text, warnings=warnings)
    except NotAWork as error:
        return Item(source, line, problem=str(error), text=text, is_work=False)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        problem = f"does not have the structure of its format ({type(error).__name__}: {error})"
        return Item(source, line, problem=problem, text=text)


def is_identified(record: Mapping[str, Any]) -> bool:
    """Return whether a record has an id and, beside it, authors, a DOI or the id of a catalogue."""
    id_ = str(record.get("id") or "local:")
    if record.get("withdrawn"):
        return False
    return id_ != "local:" and bool(record.get("authors") or record.get("doi") or not id_.startswith("local:"))


def _is_named(author: object) -> bool:
    """Return False for a name without letters: punctuation left between names, as in `X Consortium: A. B`."""
    return not isinstance(author, dict) or any(map(str.isalpha, str(author.get("name") or "")))


def printable(path: str) -> str:
    """Return a path as text that can be printed and stored: bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


def open_below(folder: Path, path: Path) -> IO[bytes]:
    """Open a regular file at or below `folder` without following any link below it. Raises OSError."""
    *folders, name = path.relative_to(folder).parts
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=handle)
            os.close(handle)
            handle = inner
        # NONBLOCK, because opening a pipe would wait.
        file = open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=handle), "rb")  # noqa: SIM115
    finally:
        os.close(handle)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "not a regular file any more")
    return file


class FileSource(ABC):
    """One file, plain or gzipped, or standard input. Subclasses implement `items`."""

    #: The folder in which the file was found: it is opened without following a link in or below that folder, since
    #: another user might have put it there after the search.
    folder: Path | None = None
    #: The name of the file's format.
    format = ""

    def __init__(self, path: str) -> None:
        """Store the path; the file is opened when iteration starts."""
        # A name that is not UTF-8 could be neither printed nor written to a report.
        self.name = "standard input" if path == STDIN else printable(path)
        self._path = path
        status = None if path == STDIN else Path(path).stat()
        self.size = status and status.st_size
        #: The path by which records of the file are known later, and when it was changed, in seconds since 1970.
        self.file = self.name if status is None else printable(os.path.abspath(path))
        self.modified = status.st_mtime if status else time.time()
        self._raw: IO[bytes] | None = None
        self._file_warnings: tuple[RecordWarning, ...] = ()

    @abstractmethod
    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield the Items of the decompressed file."""

    @property
    def position(self) -> int:
        """Bytes read so far, before decompression; 0 for standard input."""
        if self._raw is None or self.size is None:
            return 0
        return self.size if self._raw.closed else self._raw.tell()

    def __iter__(self) -> Iterator[Item]:
        try:
            with self._open() as raw:
                self._raw = raw
                file: IO[bytes] = gzip.GzipFile(fileobj=raw) if self._is_gzip(raw) else raw  # type: ignore[assignment]
                for item in self.items(file):
                    if self._file_warnings and not item.problem:
                        yield replace(item, warnings=(*self._file_warnings, *item.warnings))
                        self._file_warnings = ()
                    else:
                        yield item
        except (EOFError, zlib.error) as error:
            raise SourceError(f"{self.name}: the gzip data is incomplete or damaged ({error})") from error
        except OSError as error:
            raise SourceError(f"{self.name}: {error.strerror or error}") from error

    def _open(self) -> IO[bytes]:
        if self._path == STDIN:
            return sys.stdin.buffer
        return open_below(self.folder, Path(self._path)) if self.folder else Path(self._path).open("rb")

    def _is_gzip(self, raw: IO[bytes]) -> bool:
        """Detect gzip by the first bytes. Raises SourceError for a `.gz` file that is not gzip."""
        start: bytes = raw.peek(2)  # type: ignore[attr-defined]  # a BufferedReader, see _open
        is_gzip = start.startswith(GZIP_MAGIC)
        if self._path.endswith(".gz") and not is_gzip and self.size:
            raise SourceError(f"{self.name}: named .gz, but not gzip data")
        return is_gzip

    def whole_text(self, file: IO[bytes]) -> str:
        """Return the text of a file that is parsed as a whole. Raises SourceError when it is too large."""
        data = file.read(MAX_WHOLE + 1)
        if len(data) > MAX_WHOLE:
            raise SourceError(f"{self.name}: larger than {MAX_WHOLE:,} bytes; split it, or convert it to JSON lines")
        text, encoding = decode(data)
        self.note_encoding(encoding)
        return text

    def note_encoding(self, encoding: str) -> None:
        """Add a warning to the next record when a file is not UTF-8."""
        if encoding != "UTF-8":
            message = f"the file is not UTF-8 and was read as {encoding}"
            self._file_warnings = (RecordWarning("encoding", message),)


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A file format: the class that reads its files, and how they are recognized."""

    name: str
    reader: type[FileSource]
    suffixes: tuple[str, ...] = ()
    """Ends of file names in lower case, without `.gz`."""
    starts: tuple[str, ...] = ()
    """First characters of a file, after white space, for files whose names do not tell."""
    content: re.Pattern[str] | None = None
    """Matches the start of a file, for formats that need more than its first characters."""
    patterns: tuple[str, ...] = ()
    """Path patterns as in `pathlib.PurePath.match`; they are tried before suffixes."""
