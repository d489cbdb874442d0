"""read -> check -> drop repetitions: the records of a run's sources that can be indexed.

Each step takes an iterator and returns one, so memory stays bounded.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from indexer.records import RecordError, RecordWarning, Work, parse_work, unknown_keys, withdrawn_id
from indexer.sources import SourceError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from indexer.sources import Item, Source
    from indexer.staging.report import Report


class CheckedRecord(NamedTuple):
    """A record that passed the checks, with its source and line; `work` is None when the record withdraws its work."""

    item: Item
    id: str
    work: Work | None
    warnings: tuple[RecordWarning, ...] = ()


def read(sources: Iterable[Source], report: Report, unknown: Counter[str]) -> Iterator[CheckedRecord]:
    """Return the records of all sources that pass the checks; rejected records and broken files go to the report.

    `unknown` counts the keys that are not read.
    """
    for source in sources:
        try:
            for item in source:
                report.counts.read += 1
                if record := _check(item, report, unknown):
                    yield record
        except SourceError as error:
            report.broken_sources.append(str(error))


def _check(item: Item, report: Report, unknown: Counter[str]) -> CheckedRecord | None:
    if item.problem:
        report.reject(item, item.problem)
        report.counts.not_works += not item.is_work
        return None
    try:
        if withdrawn := withdrawn_id(item.value):
            return CheckedRecord(item, withdrawn, None)
        warnings = list(item.warnings)
        work = parse_work(item.value, warnings)
    except RecordError as error:
        report.reject(item, str(error))
        return None
    unknown.update(unknown_keys(item.value))
    return CheckedRecord(item, work.id, work, tuple(warnings))


class FirstRecord(NamedTuple):
    """The first record of an id in a run: the hash of its content, and its place for messages."""

    content: int
    place: str


class Seen:
    """The ids that a run has read, in a temporary SQLite database: an input may hold any number of them."""

    def __init__(self) -> None:
        """Start with no ids."""
        # An empty name is SQLite's own temporary database: in memory while small, then on disk, deleted when closed.
        self._database = sqlite3.connect("")
        self._database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, content INTEGER, place TEXT) WITHOUT ROWID")

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()

    def add(self, id_: str, content: int, place: str) -> FirstRecord | None:
        """Add a record. Return None when it is the first of its id, otherwise the first one."""
        if self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (id_, content, place)).rowcount:
            return None
        return FirstRecord(*self._database.execute("SELECT content, place FROM seen WHERE id = ?", (id_,)).fetchone())

    def missing(self, ids: Iterable[str]) -> list[str]:
        """Return those of the ids that were not read."""
        query = "SELECT 1 FROM seen WHERE id = ?"
        return [id_ for id_ in ids if not self._database.execute(query, (id_,)).fetchone()]


def first_of_each(records: Iterable[CheckedRecord], seen: Seen, report: Report) -> Iterator[CheckedRecord]:
    """Return the first record of each id. An equal one is counted as repeated, a different one is rejected.

    Except for an older version, from a source that returns the newest version of a work first.
    """
    for record in records:
        content = hash(record.work)
        first = seen.add(record.id, content, f"{record.item.source}, line {record.item.line}")
        if first is None:
            yield record
        elif first.content == content or record.item.is_version:
            report.note(record.item, "repeated", record.id)
        else:
            report.reject(record.item, f"id {record.id} is already taken by another record ({first.place})")
