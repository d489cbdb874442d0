"""Merge the records of a work: each field from the best source that has it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from indexer.deduplication.grouping import Grouping, group
from indexer.deduplication.matching import common_authors, is_preprint, is_preprint_id, own_id
from indexer.identity.names import parse_name
from indexer.records import RecordWarning
from indexer.records.source_record import claimed_ids
from indexer.records.work import DOCUMENT_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from indexer.deduplication.grouping import Conflict, Group
    from indexer.records import Author, Work
    from indexer.records.source_record import RecordKey, SourceRecord
    from indexer.records.work_decisions import WorkDecisions
    from mappings.documents import WorkVersion

#: Fields that belong together: the first record that has the first of them provides all.
_TOGETHER = (("abstract", "abstract_origin"), ("topics", "topic_parents"))
#: Fields that the first record that has them provides.
_SINGLE = ("url", "language", "cited_by_count", "source", "references")
#: Fields that describe one version; those of a preprint do not describe what was published.
_OF_VERSION = ("type", "venue", "license")


@dataclass(frozen=True)
class MergedWork:
    """A work with the records that describe it, the best first.

    `claimed_ids` are the ids that its records state but another work keeps, `keys` find its other versions,
    `versions` are empty for a single one. `is_decided` when a decision of an operator concerns it.
    """

    work: Work
    records: tuple[SourceRecord, ...]
    versions: tuple[WorkVersion, ...] = ()
    claimed_ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    is_decided: bool = False

    def content_hash(self, fingerprint: str) -> str:
        """Return the SHA-256 of everything that its document depends on; `fingerprint` is that of the model."""
        sources = [[*record.key, record.digest] for record in self.records]
        parts = [sources, self.versions, self.claimed_ids, self.keys, self.is_decided]
        content = [DOCUMENT_VERSION, fingerprint, asdict(self.work), *parts]
        return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()


class SourceOrder:
    """The order of sources, the best first."""

    def __init__(self, names: Sequence[str]) -> None:
        """Store the short names of sources; any other comes after them."""
        self._places = {name: place for place, name in enumerate(dict.fromkeys(names))}

    def __call__(self, record: SourceRecord) -> tuple[object, ...]:
        """Return the place of a record: published before preprint, then by source, the newest file first."""
        place = self._places.get(record.source, len(self._places))
        return (
            is_preprint(record.work),
            place,
            record.source,
            -record.modified,
            record.work.id,
            record.file,
            record.digest,
        )


def deduplicate(
    records: Iterable[SourceRecord],
    order: SourceOrder,
    decisions: WorkDecisions | None = None,
    warn: Callable[[Sequence[RecordKey], RecordWarning], None] | None = None,
) -> list[MergedWork]:
    """Return the works that records describe, by id. `warn` receives contradictions of two records."""
    grouping = group(records, order, decisions)
    if warn:
        # The first for each record and id: a record may contradict many others.
        conflicts = {(conflict.second.key, conflict.id): conflict for conflict in reversed(grouping.conflicts)}
        for conflict in reversed(conflicts.values()):
            warn((conflict.second.key, conflict.first.key), _warning(conflict))
    return sorted(_merged_works(grouping, order), key=lambda merged: merged.work.id)


def _warning(conflict: Conflict) -> RecordWarning:
    first, second = conflict.first, conflict.second
    outcome = "joined, because their authors agree" if conflict.is_joined else "kept apart"
    return RecordWarning(
        "different titles" if conflict.is_joined else "disputed id",
        f"{conflict.id} is the id of {second.work.title[:80]!r} ({second.source}) and of {first.work.title[:80]!r} "
        f"({first.source}, id {first.work.id}); {outcome}",
    )


def _merged_works(grouping: Grouping, order: SourceOrder) -> list[MergedWork]:
    taken: set[str] = set()
    return [_merged_work(groups, order, taken) for groups in grouping.works]


def _merged_work(groups: Sequence[Group], order: SourceOrder, taken: set[str]) -> MergedWork:
    records = tuple(sorted((record for one in groups for record in one.records), key=order))
    lost = frozenset().union(*(one.lost_ids for one in groups))
    id_ = _id(records, lost, taken)
    work = merge([record.work for record in records])
    work = replace(
        work,
        id=id_,
        doi=None if work.doi and f"doi:{work.doi}" in lost else work.doi,
        references=tuple(cited for cited in work.references if cited != id_),
    )
    known = frozenset().union(*(one.claimed_ids for one in groups)) - lost
    work = replace(work, ids=tuple(sorted(known - {id_, f"doi:{work.doi}"})))
    return MergedWork(
        work,
        records,
        tuple(_versions(groups, order, id_)),
        tuple(sorted(lost)),
        tuple(sorted(frozenset().union(*(one.keys for one in groups)))),
        any(one.is_decided for one in groups),
    )


def _id(records: Sequence[SourceRecord], lost: frozenset[str], taken: set[str]) -> str:
    """Return the id of a work: that of its best record, unless another work keeps that."""
    own = next((record.work.id for record in records if record.work.id not in lost), None)
    other = sorted(claimed_ids(records[0].work) - lost)
    id_ = own or (other[0] if other else None)
    if id_ is None or id_ in taken:
        id_ = own_id(records[0].work)
    taken.add(id_)
    return id_


def _versions(groups: Sequence[Group], order: SourceOrder, id_: str) -> Iterable[WorkVersion]:
    """Return the versions of a work, the published one first, then by year; none if there is one only."""
    parts = []
    for one in groups:
        published = [record for record in one.records if not is_preprint(record.work)]
        preprints = [record for record in one.records if is_preprint(record.work)]
        parts += [sorted(part, key=order) for part in (published, preprints) if part]
    if len(parts) < 2:
        return []
    versions = [_version([record.work for record in part], part[0].work.id) for part in parts]
    first = versions[0] | {"id": id_}
    rest = sorted(versions[1:], key=lambda version: (version["year"] or 0, version["id"]))
    return [first, *rest]


def _version(works: Sequence[Work], id_: str) -> WorkVersion:
    one = merge(works)
    return {"id": id_, "type": one.type, "year": one.year, "venue": one.venue}


def merge(works: Sequence[Work]) -> Work:
    """Return the work that several describe, the best first: each field is from the first that has it."""
    first = works[0]
    if len(works) == 1:
        return first
    published = [work for work in works if not is_preprint(work)] or list(works)
    fields: dict[str, Any] = {}
    for names in (*_TOGETHER, *((name,) for name in _SINGLE)):
        source = next((work for work in works if getattr(work, names[0]) not in (None, ())), first)
        fields |= {name: getattr(source, name) for name in names}
    for name in _OF_VERSION:
        fields[name] = next((value for work in published if (value := getattr(work, name)) is not None), None)
    year = next((work.year for work in (*published, *works) if work.year is not None), None)
    fields["year"] = year
    fields["date"] = next((work.date for work in published if work.date and work.date[:4] == str(year)), None)
    fields["doi"] = _doi(works, published)
    fields["is_retracted"] = any(work.is_retracted for work in works)
    authors = _authors(works)
    fields |= {"authors": authors[0], "authors_truncated": authors[1]}
    return replace(first, **fields)


def _doi(works: Sequence[Work], published: Sequence[Work]) -> str | None:
    """Return the DOI of the published version, which the record of a preprint may state."""
    own = [work.id.removeprefix("doi:") for work in works if work.id.startswith("doi:")]
    dois = [*(work.doi for work in works if work.doi), *own]
    of_published = [doi for doi in dois if not is_preprint_id(f"doi:{doi}")]
    return next(iter(of_published if published and not is_preprint(published[0]) else [*of_published, *dois]), None)


def _authors(works: Sequence[Work]) -> tuple[tuple[Author, ...], int | None]:
    """Return the most complete list of authors, and its total if it is cut.

    Complete lists come first, then those with fewer names of initials only. What the others know about the same people
    is added.
    """
    listed = [work for work in works if work.authors] or list(works[:1])
    best = min(listed, key=lambda work: (work.authors_truncated is not None, _initialed(work.authors)))
    authors = list(best.authors)
    for work in listed:
        if work is not best:
            for mine, theirs in common_authors(authors, work.authors):
                authors[mine] = _completed(authors[mine], work.authors[theirs])
    return _without_repeated_ids(authors, best.authors), best.authors_truncated


def _initialed(authors: Sequence[Author]) -> int:
    return sum(parse_name(author.name).is_initialed for author in authors)


def _completed(author: Author, other: Author) -> Author:
    """Return an author with what another record knows; that one's name becomes a variant if it has another script."""
    variants = (*author.name_variants, *other.name_variants)
    has_place = author.affiliation or author.institutions
    return replace(
        author,
        id=author.id or other.id,
        orcid=author.orcid or other.orcid,
        affiliation=author.affiliation if has_place else other.affiliation,
        institutions=author.institutions if has_place else other.institutions,
        name_variants=tuple(name for name in dict.fromkeys(variants) if name != author.name),
    )


def _without_repeated_ids(authors: Sequence[Author], before: Sequence[Author]) -> tuple[Author, ...]:
    """Return the authors without ids that were added from another record to two of them."""
    counts = Counter(id_ for author in authors for id_ in {author.id, author.orcid} if id_)
    return tuple(
        replace(
            author,
            id=author.id if counts[author.id or ""] <= 1 else own.id,
            orcid=author.orcid if counts[author.orcid or ""] <= 1 else own.orcid,
        )
        for author, own in zip(authors, before, strict=True)
    )
