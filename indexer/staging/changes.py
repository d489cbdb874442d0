"""compare: what the sources hold that the index does not.

An unchanged work is recognised by its content hash (`indexer.records.content_hash`) and skipped, which is also how a
run continues an interrupted one.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.records import content_hash
from indexer.write.reads import documents, pages
from mappings.signatures import SIGNED_FIELDS, has_orcids, is_signed_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensearchpy import OpenSearch

    from indexer.records import Work
    from indexer.staging.reading import CheckedRecord, Seen
    from indexer.staging.report import Report
    from indexer.write.target import Target
    from mappings.documents import WorkDocument
    from peerscope.signing import Signer

#: Works compared with the index in one request.
BATCH = 500
#: Ids checked together when works that were not read are removed.
PAGE = 1_000


class FormerAuthor(NamedTuple):
    """An author of a work as stored: position, name as printed, and the id of the researcher behind it."""

    position: int
    name: str
    researcher_id: str


class StoredWork(NamedTuple):
    """What the index holds of a work; `added_at` is when it was first indexed."""

    content_hash: str
    authors: list[FormerAuthor]
    added_at: str | None
    is_trusted: bool = True
    """Whether it has no ORCID iDs, or they are signed."""


class Change(NamedTuple):
    """A work to write, or to remove when `work` is None, with its record, hash, and the authors of its stored version.

    `added_at` is when it was first indexed, None for a new work.
    """

    id: str
    work: Work | None
    record: Any
    content_hash: str
    former: list[FormerAuthor]
    added_at: str | None = None


def changes(
    client: OpenSearch,
    target: Target,
    fingerprint: str,
    records: Iterable[CheckedRecord],
    report: Report,
    signer: Signer | None = None,
) -> Iterator[list[Change]]:
    """Return, batch by batch, what is new, changed or withdrawn; a batch may be empty.

    `fingerprint` is that of the embedding model. With a `signer`, a stored work whose ORCID iDs are not signed counts
    as changed, because they may be forged.
    """
    rest = iter(records)
    while batch := list(islice(rest, BATCH)):
        stored = stored_works(client, target, [record.id for record in batch], signer)
        compared = (_compare(record, stored.get(record.id), fingerprint, report) for record in batch)
        yield [change for change in compared if change]


def _compare(record: CheckedRecord, stored: StoredWork | None, fingerprint: str, report: Report) -> Change | None:
    former = stored.authors if stored else []
    if record.work is None:
        if stored is None:
            report.note(record.item, "unchanged", record.id)
            return None
        report.note(record.item, "removed", record.id)
        return Change(record.id, None, None, "", former)
    digest = content_hash(record.work, fingerprint)
    if stored and stored.content_hash == digest and stored.is_trusted:
        report.note(record.item, "unchanged", record.id)
        return None
    report.note(record.item, "changed" if stored else "new", record.id)
    for warning in record.warnings:
        report.warn(record.item, record.id, warning)
    return Change(record.id, record.work, record.item.value, digest, former, stored.added_at if stored else None)


def stored_works(
    client: OpenSearch, target: Target, ids: list[str], signer: Signer | None = None
) -> dict[str, StoredWork]:
    """Return what the index holds of these works, by id."""
    if target.readable is None:
        return {}
    fields = ",".join(["content_hash", "added_at", "researchers.name", *SIGNED_FIELDS])
    hits = documents(client, target.readable.works, ids, fields)
    return {hit["_id"]: _stored_work(hit["_source"], signer) for hit in hits}


def _stored_work(document: WorkDocument, signer: Signer | None) -> StoredWork:
    authors = [FormerAuthor(entry["position"], entry["name"], entry["id"]) for entry in document["researchers"]]
    is_trusted = signer is None or not has_orcids(document) or is_signed_work(signer, document)
    return StoredWork(document["content_hash"], authors, document["added_at"], is_trusted)


def missing_works(client: OpenSearch, target: Target, seen: Seen) -> Iterator[list[Change]]:
    """Return, batch by batch, the removal of every stored work that this run has not read."""
    if target.readable is None:
        return
    body = {"size": PAGE, "sort": ["id"], "_source": ["id"], "query": {"match_all": {}}}
    for hits in pages(client, target.readable.works, body):
        missing = seen.missing(hit["_id"] for hit in hits)
        stored = stored_works(client, target, missing)
        yield [Change(id_, None, None, "", work.authors) for id_, work in stored.items()]
