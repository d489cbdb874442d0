"""The node's logs: reading them, following them, and finding why a start failed; and messages on stderr."""

from __future__ import annotations

import re
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from peerscope.engine.place import Place

TELLING = re.compile(r"\[(ERROR|FATAL) *\]|Exception\b|Error\b|Caused by|fatal")
NOISE = re.compile(r"^\s*at |^WARNING: |^\s*\.\.\. \d+ more")  # stack frames, Java's deprecation warnings
WIDTH = 300


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a file, none when it does not exist."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, count)]
    except FileNotFoundError:
        return []


def follow(path: Path, pause: float = 0.5) -> Iterator[str]:
    """Yield each line written from now on, without end; a rolled-over file is read from its start."""
    position = size_of(path)
    while True:
        if path.exists():
            position = position if size_of(path) >= position else 0
            with path.open(encoding="utf-8", errors="replace") as file:
                file.seek(position)
                yield from (line.rstrip("\n") for line in file)
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
    return path.stat().st_size if path.exists() else 0


def _meaningful(lines: list[str]) -> list[str]:
    return [line[:WIDTH] for line in lines if line.strip() and not NOISE.search(line)]


def _lines_after(path: Path, offset: int) -> list[str]:
    if size_of(path) < offset:  # rolled over in the meantime
        offset = 0
    if not path.exists():
        return []
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(offset)
        return file.read().splitlines()


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
