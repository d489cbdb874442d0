"""The node's logs: reading them, following them, and finding why a start failed; and messages on stderr."""

from __future__ import annotations

import os
import re
import stat
import time
from collections import deque
from contextlib import contextmanager, suppress
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from peerscope.engine.errors import EngineError
from peerscope.terminal import Console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from peerscope.engine.place import Place

TELLING = re.compile(r"\[(ERROR|FATAL) *\]|Exception\b|Error\b|Caused by|fatal")
NOISE = re.compile(r"^\s*at |^WARNING: |^\s*\.\.\. \d+ more")  # stack frames, Java's deprecation warnings
WIDTH = 300


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a file, none when it does not exist."""
    with _open_log(path) as file:
        return [_printable(line) for line in deque(file, count)]


def follow(path: Path, pause: float = 0.5) -> Iterator[str]:
    """Yield each line written from now on, without end; a rolled-over file is read from its start."""
    position = size_of(path)
    while True:
        position = position if size_of(path) >= position else 0
        with _open_log(path) as file:
            file.seek(position)
            yield from map(_printable, iter(file.readline, ""))
            position = file.tell()
        time.sleep(pause)


def why_it_failed(place: Place, log_offset: int, count: int = 5) -> list[str]:
    """Return the most telling lines about a failed start, logged after the first `log_offset` bytes."""
    printed = _meaningful(last_lines(place.console, 200))  # by Java, before the log exists
    logged = _meaningful(_lines_after(place.log, log_offset))
    telling = printed + [line for line in logged if TELLING.search(line)]
    return list(dict.fromkeys(telling or logged))[-count:]


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 when it does not exist."""
    with suppress(FileNotFoundError):
        return path.lstat().st_size
    return 0


def _meaningful(lines: list[str]) -> list[str]:
    return [line[:WIDTH] for line in lines if line.strip() and not NOISE.search(line)]


def _lines_after(path: Path, offset: int) -> list[str]:
    if size_of(path) < offset:  # rolled over in the meantime
        offset = 0
    with _open_log(path) as file:
        file.seek(offset)
        return [_printable(line) for line in file]


def _open_log(path: Path) -> TextIO:
    """Open a log that the node's account may have written; a missing file is empty. Raises `EngineError`.

    Root does not read what that account could not: a link is refused, and so is a file of another owner than its
    folder, such as a hard link.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return StringIO()
    except OSError as error:
        raise EngineError(f"cannot read {path}: {error.strerror or error}") from error
    file = open(handle, encoding="utf-8", errors="replace")  # noqa: SIM115 (the caller closes it)
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != path.parent.stat().st_uid:
        file.close()
        raise EngineError(f"{path} is not a log of the account that runs OpenSearch")
    return file


def _printable(line: str) -> str:
    """Return a line without its end and without characters that control a terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "\ufffd" for char in line.rstrip("\r\n"))


@contextmanager
def show_progress(text: str) -> Iterator[None]:
    """Show on stderr what the block does: a spinner in a terminal, otherwise one line."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status(text):
            yield
    else:
        console.print(text, soft_wrap=True)
        yield


def note(text: str) -> None:
    """Print one line on stderr."""
    Console(stderr=True, highlight=False).print(text, soft_wrap=True)
