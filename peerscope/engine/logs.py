"""Reading the node's logs: their end, what goes on being written, and why a start failed."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from peerscope.engine.place import Place

TELLING = re.compile(r"\[(ERROR|FATAL) *\]|Exception\b|Error\b|Caused by|fatal")
NOISE = re.compile(r"^\s*at |^WARNING: |^\s*\.\.\. \d+ more")  # stack frames, Java's notes on its own future
WIDTH = 300


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines of a file, none when there is no file."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, count)]
    except FileNotFoundError:
        return []


def follow(path: Path, pause: float = 0.5) -> Iterator[str]:
    """Return each line that is written from now on, without end; a file that was rolled over is read from its start."""
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
    """Return the lines that tell most about a failed start, of what was logged after `log_offset` bytes of the log."""
    printed = _meaningful(last_lines(place.console, 200))  # by Java, before there is a log
    logged = _meaningful(_lines_after(place.log, log_offset))
    telling = printed + [line for line in logged if TELLING.search(line)]
    return list(dict.fromkeys(telling or logged))[-count:]


def size_of(path: Path) -> int:
    """Return the size of a file in bytes, 0 when there is none."""
    return path.stat().st_size if path.exists() else 0


def _meaningful(lines: list[str]) -> list[str]:
    return [line[:WIDTH] for line in lines if line.strip() and not NOISE.search(line)]


def _lines_after(path: Path, offset: int) -> list[str]:
    if size_of(path) < offset:  # rolled over meanwhile
        offset = 0
    if not path.exists():
        return []
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(offset)
        return file.read().splitlines()
