"""Decisions of an operator about works: records that describe one work, or different ones. They win over every rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from indexer.records.source_record import SourceRecord


@dataclass(frozen=True, slots=True)
class MergeWorks:
    """Ids of one work."""

    ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class SplitWork:
    """Ids `others` of a work that is not the work `id`; the others are one work."""

    id: str
    others: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class WorkDecisions:
    """All decisions about works."""

    merges: tuple[MergeWorks, ...] = ()
    splits: tuple[SplitWork, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """All ids that decisions name."""
        return frozenset(
            (
                *(id_ for merge in self.merges for id_ in merge.ids),
                *(id_ for split in self.splits for id_ in (split.id, *split.others)),
            )
        )

    def concern(self, records: Iterable[SourceRecord]) -> bool:
        """Return whether a decision names an id of one of the records."""
        ids = self.ids
        return bool(ids) and any(not ids.isdisjoint(record.claimed_ids) for record in records)

    def joined(self, record: SourceRecord) -> list[int]:
        """Return the numbers of the merges that name an id of a record."""
        return [number for number, merge in enumerate(self.merges) if not record.claimed_ids.isdisjoint(merge.ids)]

    def sides(self, record: SourceRecord) -> dict[int, bool]:
        """Return, for each split that concerns a record, whether it is on the side of the other ids.

        The own id of a record counts most: the record may state ids of both sides, which was the mistake.
        """
        sides = {}
        for number, split in enumerate(self.splits):
            if record.work.id in split.others or record.work.id == split.id:
                sides[number] = record.work.id in split.others
            elif not record.claimed_ids.isdisjoint(split.others):
                sides[number] = True
            elif split.id in record.claimed_ids:
                sides[number] = False
        return sides
