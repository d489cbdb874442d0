"""read -> check -> identify -> embed -> write: each step takes an iterator and gives one, so memory stays bounded.

What makes a run safe to kill at any moment: works go in one batch after another under their own ids, and before a
batch is written, every researcher it touches is marked in the index `pending`. Researchers are built from the works
in the index, and only then is their mark taken away. The next run finds works that did not change by their content
hash and passes over them, and finds the marks that are left.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from embedding import work_text
from indexer.bulk import index_action, patiently, write
from indexer.documents import content_hash, work_document
from indexer.records import RecordError, Work, parse_work, unknown_keys
from indexer.report import Stopwatch
from indexer.sources import SourceError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from opensearchpy import OpenSearch

    from embedding import Embedder
    from indexer.report import Report
    from indexer.sources import Item, Source
    from mappings import IndexNames

#: Works embedded and written together: about five seconds of work at 50 works/s, which is what a kill costs, and
#: enough texts to sort by length.
BATCH = 256


class Read(NamedTuple):
    """A record that passed the checks, and where it stood."""

    item: Item
    work: Work


class Stored(NamedTuple):
    """What the index holds of a work already."""

    content_hash: str
    researcher_ids: frozenset[str]


def read(sources: Iterable[Source], report: Report, unknown: Counter[str]) -> Iterator[Read]:
    """Give the records of all sources that pass the checks; the others go to the report, and so do broken files."""
    for source in sources:
        try:
            for item in source:
                report.counts.read += 1
                if checked := _check(item, report, unknown):
                    yield checked
        except SourceError as error:
            report.broken_sources.append(str(error))


def _check(item: Item, report: Report, unknown: Counter[str]) -> Read | None:
    if item.problem:
        report.reject(item, item.problem)
        return None
    try:
        work = parse_work(item.value)
    except RecordError as error:
        report.reject(item, str(error))
        return None
    unknown.update(unknown_keys(item.value))
    return Read(item, work)


def first_of_each(records: Iterable[Read], report: Report) -> Iterator[Read]:
    """Pass each work on once. A repeated record is counted; one of the same id that says otherwise is refused.

    The ids seen are kept in a temporary SQLite file, not in memory: an input may hold any number of them.
    """
    with closing(sqlite3.connect("")) as seen:
        seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, content INTEGER, place TEXT) WITHOUT ROWID")
        for record in records:
            content = hash(record.work)
            place = f"{record.item.source}, line {record.item.line}"
            row = (record.work.id, content, place)
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", row).rowcount:
                yield record
                continue
            first = seen.execute("SELECT content, place FROM seen WHERE id = ?", row[:1]).fetchone()
            if first[0] == content:
                report.counts.repeated += 1
            else:
                report.reject(record.item, f"id {record.work.id} is already taken by another record ({first[1]})")


def index_works(
    client: OpenSearch,
    names: IndexNames,
    embedder: Embedder,
    records: Iterable[Read],
    report: Report,
    on_batch: Callable[[], None],
) -> None:
    """Embed and write the works that are new or changed, batch by batch."""
    rest = iter(records)
    while batch := [record.work for record in islice(rest, BATCH)]:
        changed = list(_changed(client, names, batch, embedder.model.fingerprint, report))
        if changed:
            _write_batch(client, names, embedder, changed, report)
        on_batch()


class Change(NamedTuple):
    """A work to write, its hash, and the researchers that its stored version named."""

    work: Work
    content_hash: str
    former: frozenset[str]


def _changed(
    client: OpenSearch, names: IndexNames, works: list[Work], fingerprint: str, report: Report
) -> Iterator[Change]:
    stored = _stored(client, names, [work.id for work in works])
    for work in works:
        digest, there = content_hash(work, fingerprint), stored.get(work.id)
        if there is None:
            report.counts.new += 1
        elif there.content_hash == digest:
            report.counts.unchanged += 1
            continue
        else:
            report.counts.changed += 1
        yield Change(work, digest, there.researcher_ids if there else frozenset())


def _stored(client: OpenSearch, names: IndexNames, ids: list[str]) -> dict[str, Stored]:
    fields = {"_source_includes": "content_hash,researchers.id"}
    answer = patiently(client.mget, index=names.works, body={"ids": ids}, params=fields)
    return {
        found["_id"]: Stored(
            found["_source"]["content_hash"], frozenset(entry["id"] for entry in found["_source"]["researchers"])
        )
        for found in answer["docs"]
        if found.get("found")
    }


def _write_batch(
    client: OpenSearch, names: IndexNames, embedder: Embedder, changes: list[Change], report: Report
) -> None:
    with Stopwatch(report, "embed"):
        vectors = embedder.embed_works([work_text(change.work.title, change.work.abstract) for change in changes])
    with Stopwatch(report, "write"):
        documents: list[dict[str, Any]] = [work_document(change.work) for change in changes]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        for document, change, vector in zip(documents, changes, vectors, strict=True):
            document["embedding"] = vector.tolist()
            document["embedding_model"] = embedder.model.name
            document["content_hash"] = change.content_hash
            document["indexed_at"] = now
        touched = {entry["id"] for document in documents for entry in document["researchers"]}
        touched = touched.union(*(change.former for change in changes))
        write(client, (index_action(names.pending, id_, {"researcher_id": id_}) for id_ in sorted(touched)))
        write(client, (index_action(names.works, document["id"], document) for document in documents))
