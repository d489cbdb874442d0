"""The records that a run has read, in a temporary SQLite database: an input may hold any number of them.

It knows every record that was read, and holds those that are new or have changed together with the records of indexed
works that may be affected. Records with a common key may describe one work and are returned together.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from indexer.deduplication.matching import fold_title, version_keys
from indexer.records import RecordWarning, parse_work
from indexer.records.source_record import RecordKey, SourceRecord, to_record
from indexer.sources import Item

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from indexer.records.work_decisions import WorkDecisions
    from indexer.staging.reading import CheckedRecord

#: `seen`: every record that was read. `records`: those to be grouped, with `line` and `item` of a record that was read,
#: and `work_id` of one that was read from the index. `keys`: what records of one work have in common. `affected`: works
#: of the index whose records are grouped again. `removed`: records to leave out.
_TABLES = """
CREATE TABLE seen (
    source TEXT, file TEXT, id TEXT, digest TEXT, title TEXT, place TEXT, PRIMARY KEY (source, file, id)
) WITHOUT ROWID;
CREATE INDEX same ON seen (source, id, digest);
CREATE TABLE records (
    number INTEGER PRIMARY KEY, source TEXT, file TEXT, id TEXT, modified REAL, digest TEXT, record TEXT,
    item TEXT, line INTEGER, warnings TEXT, is_known INTEGER
);
CREATE UNIQUE INDEX record_keys ON records (source, file, id);
CREATE TABLE keys (key TEXT, number INTEGER, PRIMARY KEY (key, number)) WITHOUT ROWID;
CREATE TABLE affected (id TEXT PRIMARY KEY, is_loaded INTEGER) WITHOUT ROWID;
CREATE TABLE removed (source TEXT, file TEXT, id TEXT, PRIMARY KEY (source, file, id)) WITHOUT ROWID;
"""
#: Values in one query, which every SQLite accepts.
MAX_VALUES = 500


class FirstRecord(NamedTuple):
    """The first record with a key in a run: the digest of its content, its folded title, and its place for messages."""

    digest: str
    title: str
    place: str


class PooledRecord(NamedTuple):
    """A record to be grouped; `item` and `warnings` are those of a record that was read in this run.

    `is_known` says whether the index has an earlier version of it.
    """

    record: SourceRecord
    item: Item | None
    warnings: tuple[RecordWarning, ...]
    is_known: bool


class IncomingRecords:
    """The records of a run until they are grouped; a context manager."""

    def __init__(self) -> None:
        """Start with no records."""
        # An empty name is SQLite's own temporary database: in memory while small, then on disk, deleted when closed.
        self._database = sqlite3.connect("")
        self._database.executescript(_TABLES)

    def __enter__(self) -> IncomingRecords:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()

    def see(self, checked: CheckedRecord) -> FirstRecord | None:
        """Note a record that was read. Return None when it is the first with its key, otherwise the first one.

        The same record in two files of one format is read once.
        """
        digest = checked.record.digest if checked.record else ""
        title = fold_title(checked.record.work.title) if checked.record else ""
        source, file, id_ = checked.key
        values = (source, file, id_, digest, title, checked.place)
        known: tuple[str, ...] = (source, file, id_)
        if not self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?, ?)", values).rowcount:
            condition = "WHERE source = ? AND file = ? AND id = ?"
        elif file:
            # SQLite would search the primary key, whose first column all records have in common.
            condition = "INDEXED BY same WHERE source = ? AND id = ? AND digest = ? AND file != ?"
            known = (source, id_, digest, file)
        else:
            return None
        query = f"SELECT digest, title, place FROM seen {condition}"  # noqa: S608 (our own conditions)
        first = self._database.execute(query, known).fetchone()
        return FirstRecord(*first) if first else None

    def note_read(self, key: RecordKey) -> None:
        """Note that the record of a key was read: the same content is now in another file."""
        self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, '', '', '')", key)

    def unread(self, keys: Iterable[RecordKey]) -> list[RecordKey]:
        """Return those of the keys that were not read."""
        query = "SELECT 1 FROM seen WHERE source = ? AND file = ? AND id = ?"
        return [key for key in keys if not self._database.execute(query, key).fetchone()]

    def keys_read(self, ids: Iterable[tuple[str, str]]) -> Iterator[RecordKey]:
        """Return the keys of the records that were read, from any file, with a source and id of these pairs."""
        for source, id_ in ids:
            rows = self._database.execute("SELECT file FROM seen WHERE source = ? AND id = ?", (source, id_))
            yield from (RecordKey(source, file, id_) for (file,) in rows)

    def add(self, checked: CheckedRecord, *, is_known: bool) -> None:
        """Add a record that is new or has changed."""
        if checked.record:
            item, warnings = checked.item, json.dumps(checked.warnings)
            self._insert(checked.record, (item.source, item.line, warnings, is_known))

    def add_indexed(self, record: SourceRecord) -> None:
        """Add a record of an affected work, unless it was read or removed in this run."""
        query = "SELECT 1 FROM removed WHERE source = ? AND file = ? AND id = ?"
        if not self._database.execute(query, record.key).fetchone():
            self._insert(record, (None, None, "[]", True))

    def _insert(self, record: SourceRecord, values: tuple[str | None, int | None, str, bool]) -> None:
        work = json.dumps(to_record(record.work), ensure_ascii=False)
        row = (*record.key, record.modified, record.digest, work, *values)
        inserted = self._database.execute(
            "INSERT OR IGNORE INTO records (source, file, id, modified, digest, record, item, line, warnings, "
            "is_known) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        if inserted.rowcount:
            keys = (*record.claimed_ids, *version_keys(record.work))
            self._database.executemany("INSERT INTO keys VALUES (?, ?)", ((key, inserted.lastrowid) for key in keys))

    def remove(self, key: RecordKey) -> None:
        """Leave a record of the index out of its work."""
        self._database.execute("INSERT OR IGNORE INTO removed VALUES (?, ?, ?)", key)

    def affect(self, work_ids: Iterable[str]) -> None:
        """Mark works of the index whose records are to be grouped again."""
        rows = ((id_,) for id_ in work_ids)
        self._database.executemany("INSERT OR IGNORE INTO affected VALUES (?, 0)", rows)

    def take_unloaded(self) -> list[str]:
        """Return some affected works whose records were not returned before; an empty list at the end."""
        query = "SELECT id FROM affected WHERE NOT is_loaded ORDER BY id LIMIT ?"
        ids = [id_ for (id_,) in self._database.execute(query, (MAX_VALUES,))]
        self._database.executemany("UPDATE affected SET is_loaded = 1 WHERE id = ?", ((id_,) for id_ in ids))
        return ids

    def affected(self) -> list[str]:
        """Return the ids of all affected works."""
        return [id_ for (id_,) in self._database.execute("SELECT id FROM affected ORDER BY id")]

    def connect(self, decisions: WorkDecisions) -> None:
        """Add a common key to the records that a decision joins."""
        for number, merge in enumerate(decisions.merges):
            marks = ",".join("?" * len(merge.ids))
            self._database.execute(
                f"INSERT OR IGNORE INTO keys SELECT DISTINCT ?, number FROM keys WHERE key IN ({marks})",  # noqa: S608
                (f"merge {number}", *merge.ids),
            )

    def components(self) -> Iterator[list[PooledRecord]]:
        """Return the records in groups with common keys, directly or through others; most groups have one record."""
        roots = self._roots()
        members: dict[int, list[int]] = defaultdict(list)
        for number in roots:
            members[_root(roots, number)].append(number)
        for numbers in members.values():
            yield self._records(numbers)
        for (number,) in self._database.execute("SELECT number FROM records ORDER BY number").fetchall():
            if number not in roots:
                yield self._records([number])

    def _roots(self) -> dict[int, int]:
        """Return a forest of the records that share keys: the parent of each, which is itself for a root."""
        query = (
            "SELECT key, number FROM keys WHERE key IN (SELECT key FROM keys GROUP BY key HAVING count(*) > 1) "
            "ORDER BY key, number"
        )
        parents: dict[int, int] = {}
        last, first = None, 0
        for key, number in self._database.execute(query):
            parents.setdefault(number, number)
            if key == last:
                a, b = sorted((_root(parents, first), _root(parents, number)))
                parents[b] = a
            else:
                last, first = key, number
        return parents

    def _records(self, numbers: Sequence[int]) -> list[PooledRecord]:
        records = []
        for start in range(0, len(numbers), MAX_VALUES):
            part = numbers[start : start + MAX_VALUES]
            rows = self._database.execute(
                "SELECT source, file, modified, digest, record, item, line, warnings, is_known FROM records "  # noqa: S608
                f"WHERE number IN ({','.join('?' * len(part))}) ORDER BY number",
                part,
            )
            records += [_pooled(*row) for row in rows]
        return records


def _pooled(
    source: str, file: str, modified: float, digest: str, record: str, item: str | None, line: int, warnings: str,
    is_known: int,
) -> PooledRecord:  # fmt: skip
    value = json.loads(record)
    return PooledRecord(
        SourceRecord(source, parse_work(value), file, modified, digest),
        Item(item, line, value) if item is not None else None,
        tuple(RecordWarning(*warning) for warning in json.loads(warnings)),
        bool(is_known),
    )


def _root(parents: dict[int, int], number: int) -> int:
    while parents[number] != number:
        parents[number] = number = parents[parents[number]]
    return number
