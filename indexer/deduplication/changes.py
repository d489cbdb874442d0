"""compare -> group: what the sources hold that the index does not, as works to write and to remove.

A record that did not change is recognized by its digest and skipped, which is also how a run continues an interrupted
one. All records that may describe a work with a new or changed one are grouped again, those of the index included.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from indexer.deduplication.matching import is_same_name, is_same_title, own_id, version_keys
from indexer.deduplication.merging import SourceOrder, deduplicate
from indexer.deduplication.named_works import NamedWorks
from indexer.records import Author, RecordWarning, parse_work
from indexer.records.source_record import RecordKey, SourceRecord, claimed_ids, normalized, source_record, to_record
from indexer.records.work_decisions import WorkDecisions
from indexer.sources.catalogues import IMPORT_FORMAT, ORDER
from indexer.sources.stored import records_of
from indexer.staging.changes import Change, FormerAuthor
from indexer.write.reads import documents, pages
from mappings.signatures import SIGNED_FIELDS, are_signed_records, has_orcids, is_signed_work

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from opensearchpy import OpenSearch

    from indexer.deduplication.incoming import IncomingRecords, PooledRecord
    from indexer.deduplication.merging import MergedWork
    from indexer.staging.reading import CheckedRecord
    from indexer.staging.report import Report
    from indexer.write.target import Target
    from mappings.documents import Provenance, StoredRecord, WorkDocument
    from peerscope.signing import Signer

#: Records compared with the index in one request.
BATCH = 500
#: Indexed works in one response.
PAGE = 1_000
#: Fields by which an indexed work is compared.
COMPARED = ["id", "ids", "claimed_ids", "version_keys", "sources", *SIGNED_FIELDS]


class IndexedWork(NamedTuple):
    """What is compared of a work of the index: its ids, and its records with their digests.

    `is_trusted` if it has no ORCID iDs, or they are signed.
    """

    id: str
    ids: frozenset[str]
    version_keys: frozenset[str]
    digests: dict[RecordKey, str]
    is_trusted: bool = True

    def holds(self, record: SourceRecord) -> RecordKey | None:
        """Return the key under which it has a record: the same key, or the same content from another file."""
        if record.key in self.digests:
            return record.key
        unknown = RecordKey("", "", record.work.id)
        moved = (
            key
            for key, digest in self.digests.items()
            if key.file and (key.source, key.id, digest) == (record.source, record.work.id, record.digest)
        )
        return next(moved, unknown if unknown in self.digests else None)


def first_of_each(
    records: Iterable[CheckedRecord], incoming: IncomingRecords, report: Report, fingerprint: str
) -> Iterator[CheckedRecord]:
    """Return the first record with each key. An equal one is counted as repeated, a different one is rejected.

    Except for an older version, from a source that returns the newest version of a work first, and for a work with the
    DOI of another one in its file, such as that of the book on each chapter: it gets a separate id.
    """
    for checked in records:
        first = incoming.see(checked)
        if first and checked.record and _has_the_doi_of_another(checked.record, first.title, first.digest):
            checked = _with_own_id(checked, checked.record, first.place, fingerprint)
            first = incoming.see(checked)
        if first is None:
            yield checked
        elif checked.item.is_version or first.digest == (checked.record.digest if checked.record else ""):
            report.note(checked.item, "repeated", checked.key.id)
        else:
            report.reject(checked.item, f"id {checked.key.id} is already taken by another record ({first.place})")


def _has_the_doi_of_another(record: SourceRecord, title: str, digest: str) -> bool:
    is_doi = record.work.id.startswith("doi:")
    return is_doi and record.digest != digest and not is_same_title(record.work.title, title)


def _with_own_id(checked: CheckedRecord, record: SourceRecord, place: str, fingerprint: str) -> CheckedRecord:
    """Return the record with a separate id, because its DOI is that of another work; the DOI stays a claim."""
    work = replace(record.work, id=own_id(record.work), ids=tuple(sorted({*record.work.ids} - {record.work.id})))
    doi = record.work.id.removeprefix("doi:")
    renamed = source_record(
        record.source, replace(work, doi=work.doi or doi), record.file, record.modified, fingerprint=fingerprint
    )
    warning = RecordWarning(
        "disputed id", f"{record.work.id} is also the DOI of another work ({place}); kept as {work.id}"
    )
    return checked._replace(key=renamed.key, record=renamed, warnings=(*checked.warnings, warning))


@dataclass
class Deduplication:
    """Compares records with the index, and groups those that may have changed something."""

    client: OpenSearch
    target: Target
    incoming: IncomingRecords
    report: Report
    fingerprint: str
    order: SourceOrder = field(default_factory=lambda: SourceOrder(ORDER))
    decisions: WorkDecisions = field(default_factory=WorkDecisions)
    signer: Signer | None = None
    """Verifies the ORCID iDs of indexed works; without it, all are trusted."""
    named: NamedWorks = field(default_factory=NamedWorks)
    """The works that decisions about people name; where they are now is known after `changes`."""
    unread: set[RecordKey] = field(default_factory=set)
    """Records of the index that this run has not read, and removes."""

    def compare(self, records: Iterable[CheckedRecord]) -> Iterator[int]:
        """Keep the records that are new, changed or withdrawn for `changes`; yield the size of each batch compared."""
        rest = iter(records)
        while batch := list(islice(rest, BATCH)):
            keys = {number: version_keys(one.record.work) for number, one in enumerate(batch) if one.record}
            claimed = {id_ for one in batch for id_ in (one.record.claimed_ids if one.record else (one.key.id,))}
            indexed = _Indexed(self.indexed(claimed, {key for own in keys.values() for key in own}))
            for number, checked in enumerate(batch):
                self._compare(checked, keys.get(number, []), indexed)
            yield len(batch)

    def _compare(self, checked: CheckedRecord, keys: Sequence[str], indexed: _Indexed) -> None:
        if checked.record is None:
            self._withdraw(checked, indexed)
            return
        record = checked.record
        works = indexed.with_ids(record.claimed_ids)
        holders = [(work, key) for work in works if (key := work.holds(record)) is not None]
        for _, key in holders:
            self.incoming.note_read(key)
            if key.source == "":
                self.incoming.remove(key)
        # After a kill, two works may have the same record: its former work, and the one that it was merged into.
        if len(holders) == 1 and holders[0][0].digests[holders[0][1]] == record.digest and holders[0][0].is_trusted:
            self.report.note(checked.item, "unchanged", holders[0][0].id)
            return
        self.incoming.add(checked, is_known=bool(holders))
        self.incoming.affect(work.id for work in (*works, *indexed.with_keys(keys)))

    def _withdraw(self, checked: CheckedRecord, indexed: _Indexed) -> None:
        """Remove the records with an id: those of the same source, or of all when the import format withdraws it."""
        source, _, id_ = checked.key
        found = [
            (work, key)
            for work in indexed.with_ids([id_])
            for key in work.digests
            if key.id == id_ and (source == IMPORT_FORMAT or key.source in {source, ""})
        ]
        for _, key in found:
            self.incoming.remove(key)
        self.incoming.affect(work.id for work, _ in found)
        self.report.note(checked.item, "removed" if found else "unchanged", id_)

    def remove_unread(self) -> None:
        """Remove every record of the index that this run has not read."""
        for works in self._all({"match_all": {}}):
            for work in works:
                if unread := self.incoming.unread(work.digests):
                    self.unread.update(unread)
                    self.incoming.affect([work.id])
                    for key in unread:
                        self.incoming.remove(key)

    def group_again(self, *, decided: bool) -> None:
        """Group the records of indexed works again that have several records; with `decided`, those of decisions too.

        A decision may have been made or withdrawn. A run that was killed may have left a record in two works.
        """
        several: list[dict[str, Any]] = [{"range": {"sources_count": {"gt": 1}}}]
        if decided:
            ids = sorted(self.decisions.ids)
            several += [{"term": {"is_decided": True}}, {"terms": {"ids": ids}}, {"terms": {"claimed_ids": ids}}]
        for works in self._all({"bool": {"should": several}}):
            self.incoming.affect(work.id for work in works)

    def changes(self) -> Iterator[list[Change]]:
        """Return, batch by batch, the works to write and to remove."""
        stored = self._load_affected()
        self.incoming.connect(self.decisions)
        holders: dict[RecordKey, list[WorkDocument]] = defaultdict(list)
        for document in stored.values():
            for key in _keys(document):
                holders[key].append(document)
        written: set[str] = set()
        moved = {(key.source, key.id) for key in self.unread}
        components = self.incoming.components()
        while batch := list(islice(components, BATCH)):
            changes = []
            for component in batch:
                for merged, pooled in self._works(component):
                    records = [record.work for record in merged.records]
                    self.named.note(merged.work.id, claimed_ids(merged.work), merged.work.authors, records)
                    self._note(merged, pooled, moved)
                    former = {document["id"]: document for record in merged.records for document in holders[record.key]}
                    change = self._change(merged, list(former.values()), stored.get(merged.work.id))
                    # A work that only lost a record.
                    self.report.counts.changed += bool(change and self.unread and not any(one.item for one in pooled))
                    changes += change
                    if stored:
                        written.add(merged.work.id)
            yield changes
        gone = [document for id_, document in stored.items() if id_ not in written]
        self._note_indexed_names()
        read = {(key.source, key.id) for key in self.incoming.keys_read(moved)}
        self.report.counts.removed += sum(self._is_unread(document, read) for document in gone)
        yield [Change(document["id"], None, None, "", _authors(document)) for document in gone]

    def _note_indexed_names(self) -> None:
        """Note the indexed works that decisions name by the id of a merged work."""
        merged = [work.id for work in self.indexed(self.named.unknown) if work.id not in self.named.ids]
        for document in self._documents(merged):
            authors = [Author(author.name) for author in _authors(document)]
            works = [parse_work(record) for _, record in records_of(document)]
            self.named.note(document["id"], document["ids"], authors, works)

    def _is_unread(self, document: WorkDocument, read: Collection[tuple[str, str]]) -> bool:
        """Return whether none of the records of a work was read, under its own file or another one."""
        return all(key in self.unread and (key.source, key.id) not in read for key in _keys(document))

    def _works(self, component: Sequence[PooledRecord]) -> Iterator[tuple[MergedWork, list[PooledRecord]]]:
        """Return the works that records with common keys describe, each with these records."""
        by_key = {pooled.record.key: pooled for pooled in component}

        def warn(keys: Sequence[RecordKey], warning: RecordWarning) -> None:
            read = next((pooled for key in keys if (pooled := by_key[key]).item), None)
            # The one with a separate id was reported when it was read.
            if read and read.item and not any(_is_about_the_same(warning, known) for known in read.warnings):
                self.report.warn(read.item, read.record.work.id, warning)

        records = [pooled.record for pooled in component]
        for merged in deduplicate(records, self.order, self.decisions, warn):
            yield merged, [by_key[record.key] for record in merged.records]

    def _note(self, merged: MergedWork, pooled: Sequence[PooledRecord], moved: Collection[tuple[str, str]]) -> None:
        """Report what became of each record. One whose former file was not read has moved to another file."""
        known = [one.is_known or (one.record.source, one.record.work.id) in moved for one in pooled]
        is_new = not any(known)
        for one, is_known in zip(pooled, known, strict=True):
            if one.item is None:
                continue
            if is_known:
                self.report.note(one.item, "changed", merged.work.id)
            else:
                self.report.note(one.item, "new" if is_new else "merged", merged.work.id)
                is_new = False
            for warning in one.warnings:
                self.report.warn(one.item, one.record.work.id, warning)

    def _change(self, merged: MergedWork, former: Sequence[WorkDocument], current: WorkDocument | None) -> list[Change]:
        """Return the change that writes a work; none if the index has it.

        `former` are the documents that had its records, `current` the one with its id.
        """
        digest = merged.content_hash(self.fingerprint)
        if current and current["content_hash"] == digest and self._is_trusted(current):
            return []
        times = [document["added_at"] for document in former if document["added_at"]]
        return [
            Change(
                merged.work.id,
                merged.work,
                to_record(merged.work),
                digest,
                former_authors(merged.work.authors, former),
                min(times, default=None),
                provenance(merged),
                is_last=current is not None and not _keys(current).issubset(record.key for record in merged.records),
            )
        ]

    def _load_affected(self) -> dict[str, WorkDocument]:
        """Read the affected works and those that share an id with them, add their records, and return the documents."""
        stored: dict[str, WorkDocument] = {}
        while ids := self.incoming.take_unloaded():
            loaded = self._documents(ids)
            stored |= {document["id"]: document for document in loaded}
            claimed = {id_ for document in loaded for id_ in (*document["ids"], *document["claimed_ids"])}
            keys = {key for document in loaded for key in document["version_keys"]}
            self.incoming.affect(work.id for work in self.indexed(claimed, keys))
            for document in loaded:
                for record in self._records(document):
                    self.incoming.add_indexed(record)
        return stored

    def _documents(self, ids: list[str]) -> list[WorkDocument]:
        if self.target.readable is None:
            return []
        index = self.target.readable.works
        hits = documents(self.client, index, ids, excludes="embedding,localized")
        return [hit["_source"] for hit in hits]

    def _records(self, document: WorkDocument) -> Iterator[SourceRecord]:
        """Return the records of a work; ORCID iDs that are not signed are left out, because they may be forged."""
        is_trusted = self._is_trusted(document)
        digests = [entry["digest"] for entry in document["sources"]]
        for (origin, value), digest in zip(records_of(document), digests, strict=True):
            work = normalized(parse_work(value))
            if not is_trusted:
                work = replace(work, authors=tuple(replace(author, orcid=None) for author in work.authors))
            yield SourceRecord(origin.source, work, origin.file, origin.modified, digest if is_trusted else "")

    def _is_trusted(self, document: WorkDocument) -> bool:
        if self.signer is None:
            return True
        is_signed = not has_orcids(document) or is_signed_work(self.signer, document)
        return is_signed and are_signed_records(self.signer, document)

    def indexed(self, ids: Iterable[str], keys: Iterable[str] = ()) -> list[IndexedWork]:
        """Return the works of the index with any of these ids or keys of versions."""
        terms = {"ids": sorted(ids), "claimed_ids": sorted(ids), "version_keys": sorted(keys)}
        clauses = [{"terms": {name: values}} for name, values in terms.items() if values]
        return [work for works in self._all({"bool": {"should": clauses}}) for work in works] if clauses else []

    def _all(self, query: dict[str, Any]) -> Iterator[list[IndexedWork]]:
        if self.target.readable is None:
            return
        fields = [*COMPARED, *(("records", "records_signature") if self.signer else ())]
        body = {"size": PAGE, "sort": ["id"], "query": query, "_source": fields}
        for hits in pages(self.client, self.target.readable.works, body):
            yield [self._indexed_work(hit["_source"]) for hit in hits]

    def _indexed_work(self, document: WorkDocument) -> IndexedWork:
        entries = document["sources"]
        return IndexedWork(
            document["id"],
            frozenset((*document["ids"], *document.get("claimed_ids", []))),
            frozenset(document.get("version_keys", [])),
            {RecordKey(entry["source"], entry["file"], entry["id"]): entry["digest"] for entry in entries},
            self._is_trusted(document),
        )


class _Indexed:
    """Works of the index by id and by key of versions."""

    def __init__(self, works: Sequence[IndexedWork]) -> None:
        self._by_id: dict[str, dict[str, IndexedWork]] = {}
        self._by_key: dict[str, dict[str, IndexedWork]] = {}
        for work in works:
            for id_ in work.ids:
                self._by_id.setdefault(id_, {})[work.id] = work
            for key in work.version_keys:
                self._by_key.setdefault(key, {})[work.id] = work

    def with_ids(self, ids: Iterable[str]) -> list[IndexedWork]:
        return list({work.id: work for id_ in ids for work in self._by_id.get(id_, {}).values()}.values())

    def with_keys(self, keys: Iterable[str]) -> list[IndexedWork]:
        return list({work.id: work for key in keys for work in self._by_key.get(key, {}).values()}.values())


def _is_about_the_same(a: RecordWarning, b: RecordWarning) -> bool:
    """Return whether two warnings have one kind and begin with the same id."""
    return a.kind == b.kind and a.message.split(" ", 1)[0] == b.message.split(" ", 1)[0]


def _keys(document: WorkDocument) -> set[RecordKey]:
    return {RecordKey(entry["source"], entry["file"], entry["id"]) for entry in document["sources"]}


def _authors(document: WorkDocument) -> list[FormerAuthor]:
    return [FormerAuthor(entry["position"], entry["name"], entry["id"]) for entry in document["researchers"]]


def former_authors(authors: Sequence[Author], former: Sequence[WorkDocument]) -> list[FormerAuthor]:
    """Return who the authors of a work were on its former documents, by the names that they have now.

    Researchers of authors that it no longer has follow under their former names.
    """
    found: list[FormerAuthor] = []
    for document in former:
        for author in _authors(document):
            place = author.position - 1
            if place < len(authors) and is_same_name(authors[place], Author(author.name)):
                found.append(FormerAuthor(author.position, authors[place].name, author.researcher_id))
            else:
                found.append(author)
    return found


def provenance(merged: MergedWork) -> Provenance:
    """Return the part of a work's document that says which records describe it.

    The content of a single record is stored only if the document cannot give it: institutions are resolved there.
    """
    records = merged.records
    is_evident = len(records) == 1 and records[0].work == merged.work
    has_places = any(author.affiliation or author.institutions for author in merged.work.authors)
    stored = [cast("StoredRecord", to_record(record.work)) for record in records]
    return {
        "sources": [
            {
                "source": record.source,
                "id": record.work.id,
                "file": record.file,
                "digest": record.digest,
                "modified": record.modified,
            }
            for record in records
        ],
        "sources_count": len(records),
        "versions": list(merged.versions),
        "records": [] if is_evident and not has_places else stored,
        "claimed_ids": list(merged.claimed_ids),
        "version_keys": list(merged.keys),
        "is_decided": merged.is_decided,
    }
