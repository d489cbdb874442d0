"""The works that a run has read, in a temporary SQLite file: an input may hold any number of them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType


class First(NamedTuple):
    """The first record of an id in this run: a hash of what it says, and where it stood."""

    content: int
    place: str


class Seen:
    """Remembers the first record of every id; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        """Begin with nothing."""
        # An empty name is SQLite's own temporary database: in memory while small, then on disk, gone when closed.
        self._rows = sqlite3.connect("")
        self._rows.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, content INTEGER, place TEXT) WITHOUT ROWID")

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._rows.close()

    def first(self, id_: str, content: int, place: str) -> First | None:
        """Note a record. None when it is the first of its id, else the one that came before."""
        if self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (id_, content, place)).rowcount:
            return None
        return First(*self._rows.execute("SELECT content, place FROM seen WHERE id = ?", (id_,)).fetchone())

    def not_among(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that were not read."""
        return [id_ for id_ in ids if not self._rows.execute("SELECT 1 FROM seen WHERE id = ?", (id_,)).fetchone()]
