"""read -> check -> compare: what the sources hold that the index does not.

Each step takes an iterator and gives one, so memory stays bounded. A work that did not change is known by its content
hash and passed over, which is also how a run goes on where one before it was broken off.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.records import RecordError, Work, content_hash, parse_work, unknown_keys, withdrawn_id
from indexer.sources import SourceError
from indexer.write.reads import documents, pages

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from opensearchpy import OpenSearch

    from indexer.sources import Item, Source
    from indexer.staging.report import Report
    from indexer.staging.seen import Seen
    from indexer.write.target import Target

#: Works compared with the index in one request.
BATCH = 500
#: Ids looked at together when works that were not read are removed.
PAGE = 1_000


class Read(NamedTuple):
    """A record that passed the checks, and where it stood; without a work it says that one is withdrawn."""

    item: Item
    id: str
    work: Work | None


class FormerAuthor(NamedTuple):
    """An author of a work as it is stored: position, name as printed, and the researcher found to be behind it."""

    position: int
    name: str
    researcher_id: str


class Stored(NamedTuple):
    """What the index holds of a work already; `added_at` is when it first came in."""

    content_hash: str
    authors: list[FormerAuthor]
    added_at: str | None


def read(sources: Iterable[Source], report: Report, unknown: Counter[str]) -> Iterator[Read]:
    """Return the records of all sources that pass the checks; the others go to the report, and so do broken files."""
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
        report.counts.not_works += not item.is_work
        return None
    try:
        if withdrawn := withdrawn_id(item.value):
            return Read(item, withdrawn, None)
        warnings = list(item.warnings)
        work = parse_work(item.value, warnings)
    except RecordError as error:
        report.reject(item, str(error))
        return None
    for warning in warnings:
        report.warn(item, work.id, warning)
    unknown.update(unknown_keys(item.value))
    return Read(item, work.id, work)


def first_of_each(records: Iterable[Read], seen: Seen, report: Report) -> Iterator[Read]:
    """Pass each work on once. A repeated record is counted; one of the same id that says otherwise is refused.

    Unless it is an older version, of a source that holds several and gives the newest first.
    """
    for record in records:
        content = hash(record.work)
        first = seen.first(record.id, content, f"{record.item.source}, line {record.item.line}")
        if first is None:
            yield record
        elif first.content == content or record.item.is_version:
            report.counts.repeated += 1
        else:
            report.reject(record.item, f"id {record.id} is already taken by another record ({first.place})")


class Change(NamedTuple):
    """A work to write (None: to remove) with its record and hash, and the authors that its stored version named.

    `added_at` is when it first came in, None when that is now.
    """

    id: str
    work: Work | None
    record: Any
    content_hash: str
    former: list[FormerAuthor]
    added_at: str | None = None


def changes(
    client: OpenSearch, target: Target, fingerprint: str, records: Iterable[Read], report: Report
) -> Iterator[list[Change]]:
    """Give, batch by batch, what is new, changed or withdrawn against what is stored; a batch may be empty.

    `fingerprint` is the embedding model's.
    """
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        stored = stored_works(client, target, [record.id for record in batch])
        yield [change for record in batch if (change := _change(record, stored.get(record.id), fingerprint, report))]


def _change(record: Read, stored: Stored | None, fingerprint: str, report: Report) -> Change | None:
    former = stored.authors if stored else []
    if record.work is None:
        if stored is None:
            report.counts.unchanged += 1
            return None
        report.counts.removed += 1
        return Change(record.id, None, None, "", former)
    digest = content_hash(record.work, fingerprint)
    if stored and stored.content_hash == digest:
        report.counts.unchanged += 1
        return None
    if stored:
        report.counts.changed += 1
    else:
        report.counts.new += 1
    return Change(record.id, record.work, record.item.value, digest, former, stored.added_at if stored else None)


def stored_works(client: OpenSearch, target: Target, ids: list[str]) -> dict[str, Stored]:
    """Return what the index holds of these works."""
    if target.readable is None:
        return {}
    fields = "content_hash,added_at,researchers.id,researchers.name,researchers.position"
    return {
        found["_id"]: Stored(
            found["_source"]["content_hash"],
            [FormerAuthor(entry["position"], entry["name"], entry["id"]) for entry in found["_source"]["researchers"]],
            found["_source"].get("added_at"),
        )
        for found in documents(client, target.readable.works, ids, fields)
    }


def missing_works(client: OpenSearch, target: Target, seen: Seen) -> Iterator[list[Change]]:
    """Give, batch by batch, the removal of every stored work that this run has not read."""
    if target.readable is None:
        return
    body = {"size": PAGE, "sort": ["id"], "_source": ["id"], "query": {"match_all": {}}}
    for hits in pages(client, target.readable.works, body):
        gone = seen.not_among(hit["_id"] for hit in hits)
        stored = stored_works(client, target, gone)
        yield [Change(id_, None, None, "", found.authors) for id_, found in stored.items()]
