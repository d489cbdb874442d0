"""Group records into works: by common ids, by decisions, and preprints with their published version.

Ids are sometimes wrong: publishers and reference managers put the DOI of a book on each of its chapters. So records
that contradict each other in title and authors stay apart, and only one of their works keeps the id.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from indexer.deduplication.matching import (
    have_compatible_authors,
    is_preprint,
    is_same_title,
    share_author,
    version_keys,
)
from indexer.records.work_decisions import WorkDecisions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from indexer.records.source_record import SourceRecord

    #: The place of a record in the order of sources; the best record is first.
    Rank = Callable[[SourceRecord], tuple[object, ...]]

#: Works among which one id is disputed that a record is compared with; an id that more have identifies none.
MAX_DISPUTED = 50
#: Largest difference between the years of a preprint and its published version.
MAX_YEARS = 3
#: Types of works that are not the published version of a preprint, although they have its title.
_OTHER_TYPES = frozenset(("dataset", "software", "peer-review", "erratum", "correction", "supplementary-materials"))
#: Scheme of ids that a source or this import made up, which another source may have given to another work.
LOCAL = "local:"


class Conflict(NamedTuple):
    """Two records with one id that are not one work, or that are one although their titles differ."""

    id: str
    first: SourceRecord
    second: SourceRecord
    is_joined: bool = False


@dataclass(frozen=True)
class Group:
    """Records of one work with common ids, the best first, and the ids that another work keeps."""

    records: tuple[SourceRecord, ...]
    lost_ids: frozenset[str] = frozenset()
    is_decided: bool = False

    @cached_property
    def claimed_ids(self) -> frozenset[str]:
        """All ids that its records state."""
        return frozenset().union(*(record.claimed_ids for record in self.records))

    @cached_property
    def is_preprint(self) -> bool:
        """Whether all records describe preprints."""
        return all(is_preprint(record.work) for record in self.records)

    @cached_property
    def years(self) -> frozenset[int]:
        """The years of publication that its records state."""
        return frozenset(record.work.year for record in self.records if record.work.year is not None)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys by which a preprint and its published version are found."""
        return frozenset(key for record in self.records for key in version_keys(record.work))


@dataclass
class Grouping:
    """Works, each as the groups of its versions (the published one first), and what contradicted."""

    works: list[list[Group]]
    conflicts: list[Conflict] = field(default_factory=list)


def group(records: Iterable[SourceRecord], rank: Rank, decisions: WorkDecisions | None = None) -> Grouping:
    """Return the works that records describe. The result does not depend on the order of the records."""
    decisions = decisions or WorkDecisions()
    ordered = sorted(records, key=rank)
    if len(ordered) == 1:
        return Grouping([[Group(tuple(ordered), is_decided=decisions.concern(ordered))]])
    partition = _Partition(ordered, decisions)
    partition.join_decided()
    partition.join_by_ids()
    groups = _with_lost_ids(partition.groups(), rank)
    return Grouping(_with_versions(groups, rank, partition), partition.conflicts)


class _Partition:
    """A partition of records that only becomes coarser."""

    def __init__(self, records: Sequence[SourceRecord], decisions: WorkDecisions) -> None:
        self._records, self._decisions = records, decisions
        self._members = {item: [item] for item in range(len(records))}
        self._cluster = list(range(len(records)))
        self._sides = [decisions.sides(record) for record in records]
        self._item = {id(record): item for item, record in enumerate(records)}
        self.conflicts: list[Conflict] = []

    def groups(self) -> list[Group]:
        """Return the clusters, the one with the best record first."""
        clusters = [[self._records[item] for item in sorted(members)] for members in self._members.values()]
        clusters.sort(key=lambda cluster: self._item[id(cluster[0])])
        return [Group(tuple(cluster), is_decided=self._decisions.concern(cluster)) for cluster in clusters]

    def is_forbidden(self, a: Iterable[SourceRecord], b: Iterable[SourceRecord]) -> bool:
        """Return whether a decision separates one of the records `a` from one of `b`."""
        if not self._decisions.splits:
            return False
        sides = [[self._sides[self._item[id(record)]] for record in records] for records in (a, b)]
        return any(
            first[number] != second[number]
            for first in sides[0]
            for second in sides[1]
            for number in first.keys() & second
        )

    def join_decided(self) -> None:
        """Join what decisions join."""
        named: dict[int, list[int]] = defaultdict(list)
        for item, record in enumerate(self._records):
            for number in self._decisions.joined(record):
                named[number].append(item)
        for items in named.values():
            for item in items[1:]:
                self._join(items[0], item)

    def join_by_ids(self) -> None:
        """Join records with a common id, unless they contradict each other."""
        holders: dict[str, list[int]] = defaultdict(list)
        for item, record in enumerate(self._records):
            for id_ in record.claimed_ids:
                holders[id_].append(item)
        for id_, items in sorted(holders.items()):
            apart: list[int] = []
            for item in items:
                if not any(self._join_if_same(id_, other, item) for other in apart[:MAX_DISPUTED]):
                    apart.append(item)

    def _join_if_same(self, id_: str, first: int, second: int) -> bool:
        """Join two records with a common id, and return whether they are in one cluster."""
        if self._cluster[first] == self._cluster[second]:
            return True
        a, b = self._records[first], self._records[second]
        same_title, same_people = (
            is_same_title(a.work.title, b.work.title),
            share_author(a.work.authors, b.work.authors),
        )
        if id_.startswith(LOCAL):
            is_one = same_title and (same_people or not (a.work.authors and b.work.authors))
        else:
            # One source does not describe a work twice under different titles.
            is_one = same_title or (same_people and (a.source, a.file) != (b.source, b.file))
        joined = is_one and self._join(first, second)
        if not joined or not same_title:
            self.conflicts.append(Conflict(id_, a, b, joined))
        return joined

    def _join(self, first: int, second: int) -> bool:
        """Join the clusters of two records; return False if a decision separates them."""
        keep, other = sorted((self._cluster[first], self._cluster[second]))
        if keep == other:
            return True
        sides = [[self._records[item] for item in self._members[cluster]] for cluster in (keep, other)]
        if self.is_forbidden(*sides):
            return False
        for item in self._members.pop(other):
            self._members[keep].append(item)
            self._cluster[item] = keep
        return True


def _with_lost_ids(groups: Sequence[Group], rank: Rank) -> list[Group]:
    """Return the groups with the ids that others keep: the one with a record of that id, else the one ranked best."""
    claims: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(groups):
        for id_ in one.claimed_ids:
            claims[id_].append(number)
    lost: dict[int, set[str]] = defaultdict(set)
    for id_, numbers in claims.items():
        if len(numbers) > 1:
            keeper = min(numbers, key=lambda number: _claim(groups[number], id_, rank))
            for number in numbers:
                if number != keeper:
                    lost[number].add(id_)
    return [
        Group(one.records, frozenset(lost[number]), one.is_decided) if number in lost else one
        for number, one in enumerate(groups)
    ]


def _claim(one: Group, id_: str, rank: Rank) -> tuple[object, ...]:
    return (all(record.work.id != id_ for record in one.records), rank(one.records[0]))


def _with_versions(groups: Sequence[Group], rank: Rank, partition: _Partition) -> list[list[Group]]:
    """Return the works: each published group with the preprints that join it, and the other groups alone."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(groups):
        for key in one.keys:
            by_key[key].append(number)
    published: dict[int, list[int]] = defaultdict(list)
    for numbers in by_key.values():
        for first, second in combinations(numbers, 2):
            for preprint, other in ((first, second), (second, first)):
                if are_versions(groups[preprint], groups[other]) and not partition.is_forbidden(
                    groups[preprint].records, groups[other].records
                ):
                    published[preprint].append(other)
    joined = {
        preprint: min(others, key=lambda other: (_gap(groups[preprint], groups[other]), rank(groups[other].records[0])))
        for preprint, others in published.items()
    }
    versions: dict[int, list[Group]] = {n: [one] for n, one in enumerate(groups) if n not in joined}
    for preprint, other in sorted(joined.items()):
        versions[other].append(groups[preprint])
    return list(versions.values())


def are_versions(preprint: Group, published: Group) -> bool:
    """Return whether one group is a preprint of the other: equal titles, compatible authors, few years apart."""
    if not preprint.is_preprint or published.is_preprint or preprint.keys.isdisjoint(published.keys):
        return False
    if (published.records[0].work.type or "").lower() in _OTHER_TYPES:
        return False
    gap = _gap(preprint, published)
    return (
        gap is not None
        and gap <= MAX_YEARS
        and have_compatible_authors(preprint.records[0].work, published.records[0].work)
    )


def _gap(a: Group, b: Group) -> int | None:
    """Return the number of years between two groups; None if that of one is unknown."""
    return min((abs(first - second) for first in a.years for second in b.years), default=None)
