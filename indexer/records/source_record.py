"""The record of one source: a work as that source describes it, and where the record comes from.

Several of them may describe one work (`indexer.deduplication`). They are stored in the form of the import format.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.records.topics import topic_name
from indexer.records.work import DOCUMENT_VERSION, NAME_SCHEME

if TYPE_CHECKING:
    from indexer.records.work import Author, Work


class RecordKey(NamedTuple):
    """What identifies a record: its source, the file if the source is not a catalogue, and its own id."""

    source: str
    file: str
    id: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A work as one source describes it.

    `source` is the short name of a format or catalogue, such as `crossref`. `file` is the path of its file, empty for a
    catalogue, whose records are the same in whichever file they arrive. `modified` is when the file was last changed,
    in seconds since 1970. `digest` identifies the content.
    """

    source: str
    work: Work
    file: str = ""
    modified: float = 0.0
    digest: str = ""

    @property
    def key(self) -> RecordKey:
        """What identifies the record."""
        return RecordKey(self.source, self.file, self.work.id)

    @property
    def claimed_ids(self) -> frozenset[str]:
        """All ids that the record states for its work."""
        return claimed_ids(self.work)


def claimed_ids(work: Work) -> frozenset[str]:
    """Return all ids that a record states: its own, its DOI and the others."""
    return frozenset((work.id, *work.ids, *((f"doi:{work.doi}",) if work.doi else ())))


def source_record(source: str, work: Work, file: str = "", modified: float = 0.0, *, fingerprint: str) -> SourceRecord:
    """Return the record of a work that was read; `fingerprint` is that of the embedding model.

    Ids of authors that are slugs of names are left out, and topics get the names under which they are stored, so that a
    record is the same when it is read from a document.
    """
    work = normalized(work)
    return SourceRecord(source, work, file, modified, record_digest(work, fingerprint))


def normalized(work: Work) -> Work:
    """Return a work without values that its document does not have."""
    return replace(
        work,
        authors=tuple(map(_normalized_author, work.authors)),
        topics=tuple((id_, topic_name(id_, name)) for id_, name in work.topics),
        topic_parents=work.topic_parents if any(work.topic_parents) else (),
    )


def _normalized_author(author: Author) -> Author:
    return replace(author, id=None) if author.id and author.id.startswith(NAME_SCHEME) else author


def record_digest(work: Work, fingerprint: str) -> str:
    """Return 32 hex digits that change with the content of a record, the embedding model or the document version."""
    content = [DOCUMENT_VERSION, fingerprint, asdict(work)]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8")).hexdigest()[:32]


def to_record(work: Work) -> dict[str, Any]:
    """Return a work in the import format, from which `parse_work` makes the same work; empty fields are left out."""
    # 0 equals False, and a citation count of 0 has to be kept.
    record = {key: value for key, value in asdict(work).items() if value not in (None, ()) and value is not False}
    if work.topics:
        record["topics"] = [id_ for id_, _ in work.topics]
        record["topic_names"] = [topic_name(id_, name) for id_, name in work.topics]
    record["authors"] = [_filled(author) for author in record.get("authors", ())]
    return record


def _filled(author: dict[str, Any]) -> dict[str, Any]:
    filled = {key: value for key, value in author.items() if value not in (None, ())}
    if author["institutions"]:
        filled["institutions"] = [
            {key: value for key, value in institution.items() if value is not None}
            for institution in author["institutions"]
        ]
    return filled
