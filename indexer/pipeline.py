"""read -> check -> identify -> embed -> write: each step takes an iterator and gives one, so memory stays bounded.

What makes a run safe to kill at any moment: works go in one batch after another under their own ids, and before a
batch is written, every researcher it touches is marked in the index `pending`. Researchers are built from the works
in the index, and only then is their mark taken away. The next run finds works that did not change by their content
hash and passes over them, and finds the marks that are left.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from embedding import work_text
from indexer.bulk import delete_action, index_action, marks, pages, patiently, write
from indexer.documents import content_hash, stored_vector, work_document
from indexer.records import RecordError, Work, parse_work, unknown_keys, withdrawn_id
from indexer.report import Stopwatch
from indexer.sources import SourceError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from opensearchpy import OpenSearch

    from embedding import Embedder
    from indexer.report import Report
    from indexer.seen import Seen
    from indexer.sources import Item, Source
    from indexer.target import Target
    from mappings import Generation

#: Works embedded and written together: about five seconds of work at 50 works/s, which is what a kill costs, and
#: enough texts to sort by length.
BATCH = 256
#: Ids looked at together when works that were not read are removed.
PAGE = 1_000


class Read(NamedTuple):
    """A record that passed the checks, and where it stood; without a work it says that one is withdrawn."""

    item: Item
    id: str
    work: Work | None


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
        if withdrawn := withdrawn_id(item.value):
            return Read(item, withdrawn, None)
        work = parse_work(item.value)
    except RecordError as error:
        report.reject(item, str(error))
        return None
    unknown.update(unknown_keys(item.value))
    return Read(item, work.id, work)


def first_of_each(records: Iterable[Read], seen: Seen, report: Report) -> Iterator[Read]:
    """Pass each work on once. A repeated record is counted; one of the same id that says otherwise is refused."""
    for record in records:
        content = hash(record.work)
        first = seen.first(record.id, content, f"{record.item.source}, line {record.item.line}")
        if first is None:
            yield record
        elif first.content == content:
            report.counts.repeated += 1
        else:
            report.reject(record.item, f"id {record.id} is already taken by another record ({first.place})")


class Change(NamedTuple):
    """A work to write (None: to remove), its hash, and the researchers that its stored version named."""

    id: str
    work: Work | None
    content_hash: str
    former: frozenset[str]


def changes(
    client: OpenSearch, target: Target, fingerprint: str, records: Iterable[Read], report: Report
) -> Iterator[list[Change]]:
    """Give, batch by batch, what is new, changed or withdrawn against what is stored; a batch may be empty."""
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        stored = stored_works(client, target, [record.id for record in batch])
        yield [change for record in batch if (change := _change(record, stored.get(record.id), fingerprint, report))]


def _change(record: Read, stored: Stored | None, fingerprint: str, report: Report) -> Change | None:
    former = stored.researcher_ids if stored else frozenset()
    if record.work is None:
        if stored is None:
            report.counts.unchanged += 1
            return None
        report.counts.removed += 1
        return Change(record.id, None, "", former)
    digest = content_hash(record.work, fingerprint)
    if stored and stored.content_hash == digest:
        report.counts.unchanged += 1
        return None
    if stored:
        report.counts.changed += 1
    else:
        report.counts.new += 1
    return Change(record.id, record.work, digest, former)


def stored_works(client: OpenSearch, target: Target, ids: list[str]) -> dict[str, Stored]:
    """Give what the index holds of these works."""
    if target.readable is None or not ids:
        return {}
    fields = {"_source_includes": "content_hash,researchers.id"}
    answer = patiently(client.mget, index=target.readable.works, body={"ids": ids}, params=fields)
    return {
        found["_id"]: Stored(
            found["_source"]["content_hash"], frozenset(entry["id"] for entry in found["_source"]["researchers"])
        )
        for found in answer["docs"]
        if found.get("found")
    }


def missing_works(client: OpenSearch, target: Target, seen: Seen) -> Iterator[list[Change]]:
    """Give, batch by batch, the removal of every stored work that this run has not read."""
    if target.readable is None:
        return
    body = {"size": PAGE, "sort": ["id"], "_source": ["id"], "query": {"match_all": {}}}
    for hits in pages(client, target.readable.works, body):
        gone = seen.not_among(hit["_id"] for hit in hits)
        stored = stored_works(client, target, gone)
        yield [Change(id_, None, "", found.researcher_ids) for id_, found in stored.items()]


def write_changes(
    client: OpenSearch, generation: Generation, embedder: Embedder, batch: list[Change], report: Report
) -> None:
    """Embed and write a batch; first of all, mark every researcher it touches as pending."""
    written = [change for change in batch if change.work]
    with Stopwatch(report, "embed"):
        texts = [work_text(change.work.title, change.work.abstract) for change in written if change.work]
        vectors = embedder.embed_works(texts)
    with Stopwatch(report, "write"):
        documents = [
            _document(change, stored_vector(vector), embedder.model.name)
            for change, vector in zip(written, vectors, strict=True)
        ]
        touched = {entry["id"] for document in documents for entry in document["researchers"]}
        touched = touched.union(*(change.former for change in batch))
        write(client, marks(generation.pending, touched))
        write(client, (index_action(generation.works, document["id"], document) for document in documents))
        write(client, (delete_action(generation.works, change.id) for change in batch if change.work is None))


def _document(change: Change, vector: list[float], model: str) -> dict[str, Any]:
    assert change.work is not None  # noqa: S101 (only what is written gets here)
    return {
        **work_document(change.work),
        "embedding": vector,
        "embedding_model": model,
        "content_hash": change.content_hash,
        "indexed_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
