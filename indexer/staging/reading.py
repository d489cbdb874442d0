"""read -> check: the records of a run's sources that can be indexed.

Takes and returns an iterator, so memory stays bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from indexer.records import RecordError, RecordWarning, parse_work, unknown_keys, withdrawn_id
from indexer.records.source_record import RecordKey, SourceRecord, source_record
from indexer.sources import Origin, SourceError
from indexer.sources.catalogues import CATALOGUES, short_name

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator

    from indexer.sources import Item, Source
    from indexer.staging.report import Report


class CheckedRecord(NamedTuple):
    """A record that passed the checks, with its source and line; `record` is None when it withdraws its work."""

    item: Item
    key: RecordKey
    record: SourceRecord | None
    warnings: tuple[RecordWarning, ...] = ()

    @property
    def place(self) -> str:
        """Where the record was read, for messages."""
        return f"{self.item.source}, line {self.item.line}"


def read(sources: Iterable[Source], report: Report, unknown: Counter[str], fingerprint: str) -> Iterator[CheckedRecord]:
    """Return the records of all sources that pass the checks; rejected records and broken files go to the report.

    `unknown` counts the keys that are not read; `fingerprint` is that of the embedding model.
    """
    for source in sources:
        try:
            for item in source:
                report.counts.read += 1
                if record := _check(item, source, report, unknown, fingerprint):
                    yield record
        except SourceError as error:
            report.broken_sources.append(str(error))


def _check(item: Item, source: Source, report: Report, unknown: Counter[str], fingerprint: str) -> CheckedRecord | None:
    if item.problem:
        report.reject(item, item.problem)
        report.counts.not_works += not item.is_work
        return None
    origin = item.origin or _origin(item, source)
    try:
        if withdrawn := withdrawn_id(item.value):
            return CheckedRecord(item, RecordKey(origin.source, origin.file, withdrawn), None)
        warnings = list(item.warnings)
        work = parse_work(item.value, warnings)
    except RecordError as error:
        report.reject(item, str(error))
        return None
    unknown.update(unknown_keys(item.value))
    record = source_record(origin.source, work, origin.file, origin.modified, fingerprint=fingerprint)
    return CheckedRecord(item, record.key, record, tuple(warnings))


def _origin(item: Item, source: Source) -> Origin:
    """Return the source of an item by its short name, with the file if that is not a catalogue."""
    name = short_name(item.format or getattr(source, "format", "") or source.name)
    if name in CATALOGUES:
        return Origin(name, "", getattr(source, "modified", 0.0))
    return Origin(name, getattr(source, "file", ""), getattr(source, "modified", 0.0))
