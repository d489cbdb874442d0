"""The progress of a run where there is no terminal, as in a log: one line every ten seconds."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from indexer.sources import Source
    from indexer.staging.report import Report

SECONDS = 10.0


class _State(NamedTuple):
    """What a run does: the name of the part, what it counts, how much is done, and of how much (None: unknown).

    A part without `noun` counts nothing.
    """

    part: str
    noun: str
    done: int
    share: float | None
    total: int | None = None


class ProgressLines:
    """A listener that writes how much is read, embedded or built, the rate, and the time that is left."""

    def __init__(self, write: Callable[[str], None], sources: Sequence[Source], seconds: float = SECONDS) -> None:
        """Prepare to write a line every `seconds` during the `with` block, also while the run reports nothing."""
        self._write, self._sources, self._seconds = write, sources, seconds
        sizes = [source.size for source in sources]
        self._size = None if None in sizes else sum(size or 0 for size in sizes)
        self._state = _State("reading", "records", 0, None)
        self._began = time.monotonic()
        #: The stage of identity that other processes work on beside the rest; None if there is none.
        self._tasks: _State | None = None
        self._tasks_began = self._began
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True, name="progress")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def read(self, report: Report) -> None:
        """Receive the report after a batch of records was read."""
        position = sum(source.position for source in self._sources)
        self._move(_State("reading", "records", report.counts.read, position / self._size if self._size else None))

    def works(self, done: int, total: int) -> None:
        """Receive the number of works embedded, or written, and their total."""
        self._move(_State("embedding", "works", done, done / total if total else None, total))

    def topics(self, done: int) -> None:
        """Receive the number of works without topics that were looked at."""
        self._move(_State("topics", "works", done, None))

    def researchers(self, done: int, total: int) -> None:
        """Receive the number of researchers built, and their total."""
        self._move(_State("researchers", "researchers", done, done / total if total else None, total))

    def tasks(self, stage: str, done: int, total: int) -> None:
        """Receive how many tasks of a stage are done, and their total."""
        state = _State(f"identity ({stage})", "tasks", done, done / total, total)
        if self._tasks is None or state.part != self._tasks.part:
            self._tasks_began = time.monotonic()
        self._tasks = state

    def begin(self, part: str) -> None:
        """Receive the name of a part of the run that begins."""
        self._move(_State(part, "", 0, None))

    def _move(self, state: _State) -> None:
        if state.part != self._state.part:
            self._began = time.monotonic()
        self._state = state

    def _repeat(self) -> None:
        while not self._ended.wait(self._seconds):
            for line in self._lines(time.monotonic()):
                self._write(line)

    def _lines(self, now: float) -> list[str]:
        """Return a line for each part that works. That of a finished part would be repeated until the next begins."""
        parts = [(self._state, self._began), (self._tasks, self._tasks_began)]
        return [describe(state, now - began) for state, began in parts if state and (state.share or 0) < 1]


def describe(state: _State, seconds: float) -> str:
    """Return a line such as `embedding: 1,200 of 5,000 works, 84/s, 45 s left`, or `publishing: 20 s`."""
    if not state.noun:
        return f"{state.part}: {duration(seconds)}"
    of = f" of {state.total:,}" if state.total else ""
    parts = [f"{state.part}: {state.done:,}{of} {state.noun}"]
    if seconds > 0 and state.done:
        parts.append(f"{state.done / seconds:,.0f}/s")
    if state.share:
        if not state.total:
            parts.append(f"{state.share:.0%} of the files")
        if seconds > 0 and state.done and state.share < 1:
            parts.append(f"{duration(seconds * (1 - state.share) / state.share)} left")
    return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return a time in its two largest units: `45 s`, `3 min 20 s`, `2 h 5 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
