"""Changes of works: what a run writes and removes, with what the index holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from indexer.records import Work
    from mappings.documents import Provenance


class FormerAuthor(NamedTuple):
    """An author of a work as stored: position, name as printed, and the id of the researcher behind it."""

    position: int
    name: str
    researcher_id: str


class Change(NamedTuple):
    """A work to write, or to remove when `work` is None, with its record, hash, and the authors of its stored version.

    `added_at` is when it was first indexed, None for a new work. A change with `is_last` is written after all others:
    the stored version has records that have become another work, which must exist before they are removed here.
    """

    id: str
    work: Work | None
    record: Any
    content_hash: str
    former: list[FormerAuthor]
    added_at: str | None = None
    provenance: Provenance | None = None
    is_last: bool = False
