"""The works of a run on their way into the index, in a temporary SQLite file: a run may bring in any number of them.

They wait there until all are read, since only then is it known who their authors are: a work goes into the index once,
with everything that belongs to it. After a kill the file is gone, and the next run reads its sources again, which takes
a small part of the time that embedding does.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from indexer.documents import topics_of
from indexer.identity.mentions import MentionKey
from indexer.pipeline import FormerAuthor
from indexer.records import parse_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from numpy.typing import NDArray

    from indexer.pipeline import Change
    from indexer.records import Work

_TABLES = """
CREATE TABLE staged (
    id TEXT PRIMARY KEY, record TEXT, labelled INTEGER, content_hash TEXT, former TEXT, researchers TEXT, vector BLOB
) WITHOUT ROWID;
CREATE TABLE reasons (researcher TEXT PRIMARY KEY, sentences TEXT) WITHOUT ROWID;
"""
#: Works read from the file at a time where the caller does not say how many.
PAGE = 1_000
#: SQLite takes at most so many values in one question everywhere.
ASKED = 500


class StagedWork(NamedTuple):
    """A work to write (None: to remove), its hash, the authors that its stored version named, and who its authors are.

    `researchers` has an id for each author in their order, once they are identified.
    """

    id: str
    work: Work | None
    content_hash: str
    former: list[FormerAuthor]
    researchers: list[str]


class Staged:
    """What a run brings in or takes out, by work; a context manager that leaves nothing behind."""

    def __init__(self) -> None:
        """Begin with nothing."""
        # An empty name is SQLite's own temporary database: in memory while small, then on disk, gone when closed.
        self._rows = sqlite3.connect("")
        self._rows.executescript(_TABLES)

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._rows.close()

    def __len__(self) -> int:
        return self._count("TRUE")

    def __bool__(self) -> bool:
        """Be there even when nothing is staged; whether anything is, `len` tells, and it counts every row for that."""
        return True

    def __contains__(self, id_: str) -> bool:
        return self._rows.execute("SELECT 1 FROM staged WHERE id = ?", (id_,)).fetchone() is not None

    def add(self, changes: Iterable[Change]) -> None:
        """Take in what is new, changed or gone; the last word on a work counts."""
        self._rows.executemany(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (
                (
                    change.id,
                    None if change.work is None else json.dumps(change.record),
                    change.work is not None and bool(change.work.topics),
                    change.content_hash,
                    json.dumps(change.former),
                )
                for change in changes
            ),
        )

    def count(self, *, labelled: bool) -> int:
        """Count the works to write that come with topics, or those that come without."""
        return self._count(_written(labelled))

    def to_write(self, size: int = PAGE, *, labelled: bool | None = None) -> Iterator[list[StagedWork]]:
        """Give the works to write in batches, by id; only those with topics or those without when asked so."""
        return self._batches(_written(labelled), size)

    def to_remove(self) -> Iterator[list[StagedWork]]:
        """Give the works to remove in batches, by id."""
        return self._batches("record IS NULL", PAGE)

    def keep_researchers(self, ids: Mapping[MentionKey, str], because: Mapping[str, list[str]]) -> None:
        """Keep who is behind each author of the works to write, and why mentions were taken to be one researcher's."""
        for batch in self.to_write():
            rows = (
                (
                    json.dumps([ids[MentionKey(one.id, position)] for position in range(1, len(one.work.authors) + 1)]),
                    one.id,
                )
                for one in batch
                if one.work
            )
            self._rows.executemany("UPDATE staged SET researchers = ? WHERE id = ?", rows)
        reasons = ((id_, json.dumps(sentences)) for id_, sentences in because.items())
        self._rows.executemany("INSERT INTO reasons VALUES (?, ?)", reasons)

    def because(self, researcher_id: str) -> list[str]:
        """Give the sentences that say why a researcher's works are one person's; none where nothing was joined."""
        row = self._rows.execute("SELECT sentences FROM reasons WHERE researcher = ?", (researcher_id,)).fetchone()
        return list(json.loads(row[0])) if row else []

    def keep_vectors(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep the works' embeddings, float32[d] each, for what is built from them."""
        rows = ((vector.astype(np.float32).tobytes(), id_) for id_, vector in vectors.items())
        self._rows.executemany("UPDATE staged SET vector = ? WHERE id = ?", rows)

    def vectors(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Give the embeddings that are kept of these works, float32[d] each."""
        found: dict[str, NDArray[np.float32]] = {}
        wanted = list(ids)
        for start in range(0, len(wanted), ASKED):
            some = wanted[start : start + ASKED]
            marks = ",".join("?" * len(some))
            question = f"SELECT id, vector FROM staged WHERE vector NOT NULL AND id IN ({marks})"  # noqa: S608 (only ?)
            found |= {id_: np.frombuffer(vector, np.float32) for id_, vector in self._rows.execute(question, some)}
        return found

    def labelled(self) -> Iterator[tuple[str, NDArray[np.float32], list[dict[str, str]]]]:
        """Give the works that come with topics: id, embedding and topics, as far as embeddings are kept."""
        for batch in self.to_write(labelled=True):
            vectors = self.vectors(one.id for one in batch)
            for one in batch:
                if one.work and one.id in vectors:
                    yield one.id, vectors[one.id], topics_of(one.work)

    def _count(self, condition: str) -> int:
        (count,) = self._rows.execute(f"SELECT count(*) FROM staged WHERE {condition}").fetchone()  # noqa: S608
        return int(count)

    def _batches(self, condition: str, size: int) -> Iterator[list[StagedWork]]:
        last = ""
        question = (
            "SELECT id, record, content_hash, former, researchers FROM staged "  # noqa: S608 (conditions of this file)
            f"WHERE id > ? AND {condition} ORDER BY id LIMIT ?"
        )
        while rows := self._rows.execute(question, (last, size)).fetchall():
            yield [
                StagedWork(
                    id_,
                    parse_work(json.loads(record)) if record else None,
                    digest,
                    [FormerAuthor(*author) for author in json.loads(former)],
                    json.loads(researchers) if researchers else [],
                )
                for id_, record, digest, former, researchers in rows
            ]
            last = rows[-1][0]


def _written(labelled: bool | None) -> str:
    return "record NOT NULL" + ("" if labelled is None else f" AND labelled = {int(labelled)}")
