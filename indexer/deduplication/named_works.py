"""Follow the ids of merged works in decisions of people: statements of owners, and mentions in overrides.

A decision names a work, or an author by the position on it. When the work is merged into another one, its id redirects,
and the author may have another position, because the list of authors of another record is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from indexer.deduplication.matching import common_authors
from indexer.identity.mentions import MentionKey
from indexer.records.source_record import claimed_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.records import Author, Work


class _Current(NamedTuple):
    """A work that has a named id: its own id, its authors, and the works that its records describe."""

    id: str
    authors: Sequence[Author]
    records: Sequence[Work]


class NamedWorks:
    """The works that decisions name, and where these and their authors are now."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        """Store the ids that decisions name."""
        self.ids = frozenset(ids)
        self._current: dict[str, _Current] = {}

    @property
    def unknown(self) -> frozenset[str]:
        """The named ids of which no work is known yet."""
        return self.ids - self._current.keys()

    def note(self, id_: str, ids: Iterable[str], authors: Sequence[Author], records: Sequence[Work]) -> None:
        """Note a work with some of the named ids; for each id, the first work counts."""
        for named in self.ids.intersection((id_, *ids)):
            self._current.setdefault(named, _Current(id_, authors, records))

    def work_id(self, id_: str) -> str:
        """Return the id that a work has now."""
        current = self._current.get(id_)
        return current.id if current else id_

    def mention(self, key: MentionKey) -> MentionKey:
        """Return the key that a mention has now; the same one if its work has no author with a compatible name."""
        current = self._current.get(key.work_id)
        if current is None or current.id == key.work_id:
            return key
        own = [work for work in current.records if work.id == key.work_id]
        for work in own or [work for work in current.records if key.work_id in claimed_ids(work)]:
            places = dict(common_authors(work.authors, current.authors))
            if (place := places.get(key.position - 1)) is not None:
                return MentionKey(current.id, place + 1)
        return key
