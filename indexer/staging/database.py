"""The staging database: the works of a run on their way into the index, in a SQLite file that can hold any number.

They wait here until their authors are identified, since a work is written once, with everything that belongs to it. The
process that identifies authors reads its input from this file and writes its result to it. After a kill, the next run
empties the file and reads its sources again, which takes a small part of the time that embedding takes.
"""

from __future__ import annotations

import json
import sqlite3
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import numpy as np

from indexer.records import parse_work, topics_of
from indexer.staging.changes import FormerAuthor
from peerscope.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from indexer.records import Work
    from indexer.staging.changes import Change
    from mappings.documents import Identity, Provenance, WorkTopic

#: `staged`: works that this run writes or removes. `known`: the other works of the index, with the researchers of their
#: authors `before` and `after` this run. `redirects`: ids of merged researchers; `is_new` for those of this run.
#: `embedded`: embeddings that an interrupted run has left, by the key of `indexer.build.embedding.text_key`.
#: `wanted`: works whose embeddings are evidence on authors. `steps`: what the two processes have finished.
#: `written`: what the documents of researchers need of works that this run has written.
_TABLES = """
CREATE TABLE staged (
    id TEXT PRIMARY KEY, record TEXT, labelled INTEGER, content_hash TEXT, former TEXT, added_at TEXT, after TEXT,
    vector BLOB, provenance TEXT, is_last INTEGER
) WITHOUT ROWID;
CREATE TABLE known (id TEXT PRIMARY KEY, record TEXT, before TEXT, after TEXT, vector BLOB) WITHOUT ROWID;
CREATE TABLE wanted (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE embedded (key TEXT PRIMARY KEY, vector BLOB) WITHOUT ROWID;
CREATE TABLE steps (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE redirects (id TEXT PRIMARY KEY, researcher TEXT, is_new INTEGER) WITHOUT ROWID;
CREATE TABLE written (id TEXT PRIMARY KEY, facts BLOB) WITHOUT ROWID;
"""
#: Two processes write to it at the same time; what a crash would lose is computed again anyway.
_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
#: Seconds that one writer waits for the other.
TIMEOUT = 300
#: Works read from the file at a time by default.
PAGE = 1_000
#: Values in one query, which every SQLite accepts.
MAX_VALUES = 500


class StagedWork(NamedTuple):
    """A work to write, or to remove when `work` is None, its hash, and the authors of its stored version.

    `added_at` is when it was first indexed, None for a new work. `researchers` has an id for each author in their
    order, once they are identified. `provenance` says which records describe the work.
    """

    id: str
    work: Work | None
    content_hash: str
    former: list[FormerAuthor]
    added_at: str | None
    researchers: list[str]
    provenance: Provenance | None = None


class AuthoredWork(NamedTuple):
    """A work whose authors are to be identified: a known one has their ids in `before`, a staged one `former`."""

    id: str
    record: dict[str, Any]
    before: list[str] | None
    former: list[FormerAuthor]


class Reassigned(NamedTuple):
    """A known work whose researchers changed: their ids before and after this run, in the order of its authors."""

    id: str
    before: list[str]
    after: list[str]


class MergeReasons(NamedTuple):
    """Why the works of a researcher are one person's: each join as a sentence, and the groups of works."""

    researcher_id: str
    sentences: list[str]
    identity: Identity


class NearResearcher(TypedDict):
    """One of two researchers that were nearly merged."""

    id: str
    name: str
    works: int


class ProbableDuplicate(TypedDict):
    """Two researchers that were nearly merged, the score in nats, and the evidence for it."""

    left: NearResearcher
    right: NearResearcher
    score: float
    evidence: list[str]
    sentence: str


class StagingDatabase:
    """What a run writes or removes, by work; a context manager that deletes its file at the end."""

    def __init__(self, path: Path, *, join: bool = False) -> None:
        """Create an empty database at `path`; with `join`, open the one that another process has created there."""
        self.path = path
        self._joined = join
        if not join:
            self._remove()
            create_private(path)
        self._database = sqlite3.connect(path, timeout=TIMEOUT)
        self._database.executescript(_PRAGMAS + ("" if join else _TABLES))

    def __enter__(self) -> StagingDatabase:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()
        if not self._joined:
            self._remove()

    def _remove(self) -> None:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def __len__(self) -> int:
        return self._count("TRUE")

    def __bool__(self) -> bool:
        """Return True also when nothing is staged: `len` would count every row."""
        return True

    def __contains__(self, id_: str) -> bool:
        return self._database.execute("SELECT 1 FROM staged WHERE id = ?", (id_,)).fetchone() is not None

    def add(self, changes: Iterable[Change]) -> None:
        """Stage works that are new, changed or removed; the last change of a work counts."""
        self._put(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?, ?)",
            (
                (
                    change.id,
                    None if change.work is None else json.dumps(change.record),
                    change.work is not None and bool(change.work.topics),
                    change.content_hash,
                    json.dumps(change.former),
                    change.added_at,
                    change.provenance and json.dumps(change.provenance),
                    change.is_last,
                )
                for change in changes
            ),
        )

    def add_known(self, works: Iterable[tuple[str, Any, list[str]]]) -> None:
        """Add works of the index that are not staged: id, record, and the researcher of each author."""
        rows = ((id_, json.dumps(record), json.dumps(before)) for id_, record, before in works)
        self._put("INSERT OR REPLACE INTO known VALUES (?, ?, ?, NULL, NULL)", rows)

    def add_redirects(self, redirects: Mapping[str, str], *, new: bool) -> None:
        """Add redirects from ids of merged researchers: those of the index, or with `new` those of this run."""
        rows = ((id_, researcher_id, new) for id_, researcher_id in redirects.items())
        self._put("INSERT OR REPLACE INTO redirects VALUES (?, ?, ?)", rows)

    def redirects(self, *, new: bool) -> dict[str, str]:
        """Return the redirects of the index, or with `new` those of this run."""
        return dict(self._database.execute("SELECT id, researcher FROM redirects WHERE is_new = ?", (new,)))

    def authored_works(self) -> Iterator[AuthoredWork]:
        """Return all works that are indexed or about to be, by id, for their authors to be identified."""
        query = (
            "SELECT id, record, before, NULL FROM known "
            "UNION ALL SELECT id, record, NULL, former FROM staged WHERE record NOT NULL ORDER BY id"
        )
        for id_, record, before, former in self._database.execute(query):
            yield AuthoredWork(id_, json.loads(record), before and json.loads(before), _former(former or "[]"))

    def count_authored(self) -> int:
        """Return the number of works that are indexed or about to be."""
        (known,) = self._database.execute("SELECT count(*) FROM known").fetchone()
        return int(known) + self._count("record NOT NULL")

    def save_researchers(self, researchers: Iterable[tuple[str, Sequence[str]]]) -> None:
        """Save who the authors of works are: a work's id, and a researcher's id for each author in order."""
        remaining = iter(researchers)
        while rows := [(json.dumps(ids), id_) for id_, ids in islice(remaining, PAGE)]:
            self._put("UPDATE staged SET after = ? WHERE id = ?", rows)
            self._put("UPDATE known SET after = ? WHERE id = ?", rows)

    def reassigned(self) -> Iterator[list[Reassigned]]:
        """Return the known works whose researchers changed, in batches by id."""
        query = "SELECT id, before, after FROM known WHERE after != before AND id > ? ORDER BY id LIMIT ?"
        last = ""
        while rows := self._database.execute(query, (last, PAGE)).fetchall():
            yield [Reassigned(id_, json.loads(before), json.loads(after)) for id_, before, after in rows]
            last = rows[-1][0]

    def count(self, *, labelled: bool) -> int:
        """Return the number of works to write whose source gives topics, or of those without."""
        return self._count(_to_write(labelled))

    def to_write(
        self, size: int = PAGE, *, labelled: bool | None = None, last: bool | None = None
    ) -> Iterator[list[StagedWork]]:
        """Return the works to write in batches, by id; with `labelled`, only those with or without topics.

        With `last`, only those that are written after all others, or those that are not.
        """
        return self._batches(_to_write(labelled) + ("" if last is None else f" AND is_last = {int(last)}"), size)

    def to_remove(self) -> Iterator[list[StagedWork]]:
        """Return the works to remove in batches, by id."""
        return self._batches("record IS NULL", PAGE)

    def request_vectors(self, ids: Iterable[str]) -> None:
        """Ask the other process for the embeddings of these works, which computes or reads the missing ones."""
        self._put("INSERT OR IGNORE INTO wanted VALUES (?)", ((id_,) for id_ in ids))
        self._put("INSERT INTO steps VALUES (?)", [("requested",)])

    @property
    def is_requested(self) -> bool:
        """Whether embeddings are requested that have not been delivered."""
        steps = {name for (name,) in self._database.execute("SELECT name FROM steps")}
        return steps == {"requested"}

    @property
    def is_delivered(self) -> bool:
        """Whether all requested embeddings have been delivered."""
        return bool(self._database.execute("SELECT 1 FROM steps WHERE name = 'delivered'").fetchone())

    def deliver_vectors(self) -> None:
        """State that all requested embeddings are saved."""
        self._put("INSERT INTO steps VALUES (?)", [("delivered",)])

    def wanted(self, size: int = PAGE) -> Iterator[list[StagedWork]]:
        """Return the staged works whose embeddings are requested and not saved yet, in batches by id."""
        return self._batches("record NOT NULL AND vector IS NULL AND id IN (SELECT id FROM wanted)", size)

    def wanted_known(self) -> list[str]:
        """Return the ids of known works whose embeddings are requested."""
        return [id_ for (id_,) in self._database.execute("SELECT id FROM known JOIN wanted USING (id) ORDER BY id")]

    def save_known_vectors(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Save embeddings of known works, float32[d] each."""
        rows = ((vector.astype(np.float32).tobytes(), id_) for id_, vector in vectors.items())
        self._put("UPDATE known SET vector = ? WHERE id = ?", rows)

    def all_vectors(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the saved embeddings of staged and known works, float32[d] each."""
        ids = list(ids)
        rows = self._select("SELECT id, vector FROM known WHERE vector NOT NULL AND id IN", ids)
        return self.vectors(ids) | {id_: np.frombuffer(vector, np.float32) for id_, vector in rows}

    def save_vectors(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Save embeddings of works, float32[d] each, for the documents that are built from them."""
        rows = ((vector.astype(np.float32).tobytes(), id_) for id_, vector in vectors.items())
        self._put("UPDATE staged SET vector = ? WHERE id = ?", rows)

    def vectors(self, ids: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return the saved embeddings of these works, float32[d] each."""
        rows = self._select("SELECT id, vector FROM staged WHERE vector NOT NULL AND id IN", ids)
        return {id_: np.frombuffer(vector, np.float32) for id_, vector in rows}

    def add_embedded(self, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Add embeddings that an interrupted run has left, float32[d] each, by the digest of what determines them."""
        rows = ((key, vector.tobytes()) for key, vector in vectors)
        self._put("INSERT OR IGNORE INTO embedded VALUES (?, ?)", rows)

    def embedded(self, keys: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        """Return those of these embeddings that were added, by their digest."""
        rows = self._select("SELECT key, vector FROM embedded WHERE key IN", keys)
        return {key: np.frombuffer(vector, np.float32) for key, vector in rows}

    def save_facts(self, facts: Iterable[tuple[str, bytes]]) -> None:
        """Save what the documents of researchers need of works that are written now: their ids, and JSON."""
        self._put("INSERT OR REPLACE INTO written VALUES (?, ?)", facts)

    def facts(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return what was saved with `save_facts`, by id."""
        return dict(self._select("SELECT id, facts FROM written WHERE id IN", ids))

    def forget_facts(self, ids: Iterable[str]) -> None:
        """Forget what was saved of works that are changed in the index."""
        self._put("DELETE FROM written WHERE id = ?", ((id_,) for id_ in ids))

    def labelled(self) -> Iterator[tuple[str, NDArray[np.float32], list[WorkTopic]]]:
        """Return the works with topics whose embeddings are saved: id, embedding and topics."""
        for batch in self.to_write(labelled=True):
            vectors = self.vectors(staged.id for staged in batch)
            for staged in batch:
                if staged.work and staged.id in vectors:
                    yield staged.id, vectors[staged.id], topics_of(staged.work)

    def _select(self, query: str, ids: Iterable[str]) -> Iterator[Any]:
        """Return the rows of a query that ends with IN, for any number of ids."""
        remaining = list(ids)
        for start in range(0, len(remaining), MAX_VALUES):
            values = remaining[start : start + MAX_VALUES]
            yield from self._database.execute(f"{query} ({','.join('?' * len(values))})", values)

    def _put(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._database:
            self._database.executemany(statement, rows)

    def _count(self, condition: str) -> int:
        (count,) = self._database.execute(f"SELECT count(*) FROM staged WHERE {condition}").fetchone()  # noqa: S608
        return int(count)

    def _batches(self, condition: str, size: int) -> Iterator[list[StagedWork]]:
        last = ""
        query = (
            "SELECT id, record, content_hash, former, added_at, after, provenance FROM staged "  # noqa: S608 (our own conditions)
            f"WHERE id > ? AND {condition} ORDER BY id LIMIT ?"
        )
        while rows := self._database.execute(query, (last, size)).fetchall():
            yield [
                StagedWork(
                    id_,
                    parse_work(json.loads(record)) if record else None,
                    digest,
                    _former(former),
                    added_at,
                    json.loads(after) if after else [],
                    json.loads(provenance) if provenance else None,
                )
                for id_, record, digest, former, added_at, after, provenance in rows
            ]
            last = rows[-1][0]


def _to_write(labelled: bool | None) -> str:
    return "record NOT NULL" + ("" if labelled is None else f" AND labelled = {int(labelled)}")


def _former(text: str) -> list[FormerAuthor]:
    return [FormerAuthor(*author) for author in json.loads(text)]
