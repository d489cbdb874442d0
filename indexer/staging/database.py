"""The works of a run on their way into the index, in a SQLite file: a run may bring in any number of them.

They wait there until it is known who their authors are, since a work goes into the index once, with everything that
belongs to it. The file is also where the process that finds that out reads from and answers to (`resolving`). After a
kill, the next run empties it and reads its sources again, which takes a small part of the time that embedding does.
"""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from indexer.records import parse_work, topics_of
from indexer.staging.changes import FormerAuthor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from indexer.records import Work
    from indexer.staging.changes import Change

#: `staged`: what this run writes or removes. `known`: the other works of the index, with the researchers behind their
#: authors `before` and `after` this run. `redirects`: ids that lead to another researcher; new ones are of this run.
_TABLES = """
CREATE TABLE staged (
    id TEXT PRIMARY KEY, record TEXT, labelled INTEGER, content_hash TEXT, former TEXT, added_at TEXT, after TEXT,
    vector BLOB
) WITHOUT ROWID;
CREATE TABLE known (id TEXT PRIMARY KEY, record TEXT, before TEXT, after TEXT) WITHOUT ROWID;
CREATE TABLE redirects (id TEXT PRIMARY KEY, researcher TEXT, is_new INTEGER) WITHOUT ROWID;
CREATE TABLE reasons (researcher TEXT PRIMARY KEY, sentences TEXT) WITHOUT ROWID;
CREATE TABLE near (sentence TEXT);
"""
#: Two processes write to it, one beside the other; what a crash would lose is made anew anyway.
_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
#: Seconds that one writer waits for the other.
PATIENCE = 300
#: Works read from the file at a time where the caller does not say how many.
PAGE = 1_000
#: SQLite takes at most so many values in one question everywhere.
ASKED = 500


class StagedWork(NamedTuple):
    """A work to write (None: to remove), its hash, the authors that its stored version named, and who its authors are.

    `added_at` is when it first came in, None when that is now. `researchers` has an id for each author in their order,
    once they are identified.
    """

    id: str
    work: Work | None
    content_hash: str
    former: list[FormerAuthor]
    added_at: str | None
    researchers: list[str]


class AuthoredWork(NamedTuple):
    """A work whose authors are to be found: a known one with their ids, or a staged one with its former authors."""

    work: Work
    before: list[str] | None
    former: list[FormerAuthor]


class StagingDatabase:
    """What a run brings in or takes out, by work; a context manager that leaves nothing behind."""

    def __init__(self, path: Path, *, join: bool = False) -> None:
        """Begin with nothing in the file at `path`; with `join`, open what another process has begun there."""
        self.path = path
        self._joined = join
        if not join:
            self._remove()
        self._rows = sqlite3.connect(path, timeout=PATIENCE)
        self._rows.executescript(_PRAGMAS + ("" if join else _TABLES))

    def __enter__(self) -> StagingDatabase:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._rows.close()
        if not self._joined:
            self._remove()

    def _remove(self) -> None:
        for end in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    def __len__(self) -> int:
        return self._count("TRUE")

    def __bool__(self) -> bool:
        """Be there even when nothing is staged; whether anything is, `len` tells, and it counts every row for that."""
        return True

    def __contains__(self, id_: str) -> bool:
        return self._rows.execute("SELECT 1 FROM staged WHERE id = ?", (id_,)).fetchone() is not None

    def add(self, changes: Iterable[Change]) -> None:
        """Take in what is new, changed or gone; the last word on a work counts."""
        self._put(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
            (
                (
                    change.id,
                    None if change.work is None else json.dumps(change.record),
                    change.work is not None and bool(change.work.topics),
                    change.content_hash,
                    json.dumps(change.former),
                    change.added_at,
                )
                for change in changes
            ),
        )

    def add_known(self, works: Iterable[tuple[str, Any, list[str]]]) -> None:
        """Take in works of the index that are not staged: id, record, and the researcher behind each author."""
        rows = ((id_, json.dumps(record), json.dumps(before)) for id_, record, before in works)
        self._put("INSERT OR REPLACE INTO known VALUES (?, ?, ?, NULL)", rows)

    def add_redirects(self, redirects: Mapping[str, str], *, new: bool) -> None:
        """Take in ids that lead to another researcher, as the index has them or as this run adds them."""
        self._put(
            "INSERT OR REPLACE INTO redirects VALUES (?, ?, ?)", ((id_, to, new) for id_, to in redirects.items())
        )

    def redirects(self, *, new: bool) -> dict[str, str]:
        """Return the ids that lead to another researcher: those of the index, or those of this run."""
        return dict(self._rows.execute("SELECT id, researcher FROM redirects WHERE is_new = ?", (new,)))

    def authored_works(self) -> Iterator[AuthoredWork]:
        """Return all works that are in the index or about to be, by id, for their authors to be found."""
        question = (
            "SELECT id, record, before, NULL FROM known "
            "UNION ALL SELECT id, record, NULL, former FROM staged WHERE record NOT NULL ORDER BY id"
        )
        for _, record, before, former in self._rows.execute(question):
            yield AuthoredWork(parse_work(json.loads(record)), before and json.loads(before), _former(former or "[]"))

    def save_researchers(self, found: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Keep who is behind the authors of works: the work's id, and a researcher's id for each author in order."""
        rows = [(json.dumps(ids), id_) for id_, ids in found]
        self._put("UPDATE staged SET after = ? WHERE id = ?", rows)
        self._put("UPDATE known SET after = ? WHERE id = ?", rows)

    def save_merge_reasons(self, because: Mapping[str, list[str]], near: Iterable[str]) -> None:
        """Keep why mentions were taken to be one researcher's, and of whom that was nearly said."""
        rows = ((id_, json.dumps(sentences)) for id_, sentences in because.items())
        self._put("INSERT INTO reasons VALUES (?, ?)", rows)
        self._put("INSERT INTO near VALUES (?)", ((sentence,) for sentence in near))

    def reassigned(self) -> Iterator[list[tuple[str, list[str], list[str]]]]:
        """Return the known works whose researchers are others now, in batches by id: id, before, and after."""
        question = "SELECT id, before, after FROM known WHERE after != before AND id > ? ORDER BY id LIMIT ?"
        last = ""
        while rows := self._rows.execute(question, (last, PAGE)).fetchall():
            yield [(id_, json.loads(before), json.loads(after)) for id_, before, after in rows]
            last = rows[-1][0]

    def probable_duplicates(self) -> list[str]:
        """Return the sentences about probable duplicates, the likeliest first."""
        return [sentence for (sentence,) in self._rows.execute("SELECT sentence FROM near ORDER BY rowid")]

    def count(self, *, labelled: bool) -> int:
        """Count the works to write that come with topics, or those that come without."""
        return self._count(_written(labelled))

    def to_write(self, size: int = PAGE, *, labelled: bool | None = None) -> Iterator[list[StagedWork]]:
        """Return the works to write in batches, by id; only those with topics or those without when asked so."""
        return self._batches(_written(labelled), size)

    def to_remove(self) -> Iterator[list[StagedWork]]:
        """Return the works to remove in batches, by id."""
        return self._batches("record IS NULL", PAGE)

    def merge_reasons(self, ids: Iterable[str]) -> dict[str, list[str]]:
        """Return why a researcher's works are one person's, in sentences, of those of whom anything was joined."""
        rows = self._chosen("SELECT researcher, sentences FROM reasons WHERE researcher IN", ids)
        return {id_: json.loads(sentences) for id_, sentences in rows}

    def save_vectors(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep the works' embeddings, float32[d] each, for what is built from them."""
        rows = ((vector.astype(np.float32).tobytes(), id_) for id_, vector in vectors.items())
        self._put("UPDATE staged SET vector = ? WHERE id = ?", rows)

    def vectors(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the embeddings that are kept of these works, float32[d] each."""
        rows = self._chosen("SELECT id, vector FROM staged WHERE vector NOT NULL AND id IN", ids)
        return {id_: np.frombuffer(vector, np.float32) for id_, vector in rows}

    def labelled(self) -> Iterator[tuple[str, NDArray[np.float32], list[dict[str, str]]]]:
        """Return the works that come with topics: id, embedding and topics, as far as embeddings are kept."""
        for batch in self.to_write(labelled=True):
            vectors = self.vectors(one.id for one in batch)
            for one in batch:
                if one.work and one.id in vectors:
                    yield one.id, vectors[one.id], topics_of(one.work)

    def _chosen(self, question: str, ids: Iterable[str]) -> Iterator[Any]:
        """Return the rows of a question that ends with IN, for any number of ids."""
        wanted = list(ids)
        for start in range(0, len(wanted), ASKED):
            some = wanted[start : start + ASKED]
            yield from self._rows.execute(f"{question} ({','.join('?' * len(some))})", some)

    def _put(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._rows:
            self._rows.executemany(statement, rows)

    def _count(self, condition: str) -> int:
        (count,) = self._rows.execute(f"SELECT count(*) FROM staged WHERE {condition}").fetchone()  # noqa: S608
        return int(count)

    def _batches(self, condition: str, size: int) -> Iterator[list[StagedWork]]:
        last = ""
        question = (
            "SELECT id, record, content_hash, former, added_at, after FROM staged "  # noqa: S608 (conditions of this file)
            f"WHERE id > ? AND {condition} ORDER BY id LIMIT ?"
        )
        while rows := self._rows.execute(question, (last, size)).fetchall():
            yield [
                StagedWork(
                    id_,
                    parse_work(json.loads(record)) if record else None,
                    digest,
                    _former(former),
                    added_at,
                    json.loads(after) if after else [],
                )
                for id_, record, digest, former, added_at, after in rows
            ]
            last = rows[-1][0]


def _written(labelled: bool | None) -> str:
    return "record NOT NULL" + ("" if labelled is None else f" AND labelled = {int(labelled)}")


def _former(text: str) -> list[FormerAuthor]:
    return [FormerAuthor(*author) for author in json.loads(text)]
