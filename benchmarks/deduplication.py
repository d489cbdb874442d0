"""Deduplication of real records, without an index: works, versions, conflicts, and pairs to be judged by a person.

    python -m benchmarks.deduplication [FILE...] [--again bibtex] [--pairs 100 --seed 1]

`--again FORMAT` exports a share of the works in another format of Peerscope and reads them a second time, as a personal
library: each of them must be found again, and no other work.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.targets import data_folder
from indexer.build.documents import work_document
from indexer.deduplication.changes import first_of_each
from indexer.deduplication.incoming import IncomingRecords
from indexer.deduplication.merging import SourceOrder, deduplicate
from indexer.identity import identity_key, researcher_id
from indexer.sources import open_sources
from indexer.sources.catalogues import ORDER
from indexer.staging.reading import read
from indexer.staging.report import Report
from peerscope.settings import Settings
from search_api.works.export import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from indexer.deduplication.merging import MergedWork
    from indexer.records import RecordWarning, Work
    from indexer.records.source_record import RecordKey, SourceRecord
    from mappings.documents import WorkDocument

CORPORA = (
    "corpora/acl-sample.jsonl.gz",
    "corpora/arxiv-2007-2017.jsonl.gz",
    "citations/acl-cites/works.jsonl.gz",
    "citations/openalex-synergy/works.jsonl.gz",
)
#: Formats in which works can be exported and read again; JSON lines would be the same records.
AGAIN = ("bibtex", "ris", "csl", "csv")
#: Fields in which an exported work and the one that is read again are compared.
FIELDS: dict[str, Callable[[Work], Any]] = {
    name: attrgetter(name) for name in ("title", "year", "date", "venue", "type", "doi", "is_retracted", "abstract")
}
FIELDS["names of authors"] = lambda work: [author.name for author in work.authors]
#: In place of an embedding model, none of which is needed.
MODEL = "benchmark"
#: Authors of a pair that are printed.
SHOWN_AUTHORS = 5


class Pair(NamedTuple):
    """Two records that were joined, by a common id or as versions."""

    kind: str
    first: SourceRecord
    second: SourceRecord


@dataclass
class Outcome:
    """What deduplication made of the records."""

    records: int = 0
    works: int = 0
    joined_by_id: int = 0
    versions: int = 0
    groups: list[tuple[SourceRecord, ...]] = field(default_factory=list)
    """The records of each work that has several."""
    pairs: list[Pair] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    rejected: int = 0
    found_again: int = 0
    """Works with the record that was exported and the one that was read again."""
    lost: list[str] = field(default_factory=list)
    """Ids of exported works whose record was not joined with the original one."""
    differences: Counter[str] = field(default_factory=Counter)
    """Number of works by field that was read again with another value."""
    seconds: dict[str, float] = field(default_factory=dict)


def measure(files: Sequence[str]) -> Outcome:
    """Return what deduplication makes of the records of some files."""
    outcome, start = Outcome(), time.process_time()
    with tempfile.TemporaryDirectory() as folder, IncomingRecords() as incoming:
        report = Report.new(Path(folder))
        checked = read(open_sources(list(files)), report, Counter(), MODEL)
        for record in first_of_each(checked, incoming, report, MODEL):
            incoming.add(record, is_known=False)
        outcome.seconds["reading"] = time.process_time() - start
        for merged in _works(incoming, outcome):
            _count(merged, outcome)
        outcome.seconds["grouping"] = time.process_time() - start - outcome.seconds["reading"]
        outcome.rejected, outcome.warnings = report.counts.rejected, outcome.warnings + report.warnings
    return outcome


def _works(incoming: IncomingRecords, outcome: Outcome) -> Iterator[MergedWork]:
    def warn(_: Sequence[RecordKey], warning: RecordWarning) -> None:
        outcome.warnings[warning.kind] += 1
        if warning.kind == "disputed id":
            outcome.conflicts.append(warning.message)

    order = SourceOrder(ORDER)
    for component in incoming.components():
        yield from deduplicate([pooled.record for pooled in component], order, warn=warn)


def _count(merged: MergedWork, outcome: Outcome) -> None:
    outcome.records += len(merged.records)
    outcome.works += 1
    outcome.versions += len(merged.versions) > 1
    pairs = [_pair(record, merged.records[:number]) for number, record in enumerate(merged.records) if number]
    outcome.joined_by_id += any(pair.kind == "common id" for pair in pairs)
    outcome.pairs += pairs
    if pairs:
        outcome.groups.append(merged.records)


def _pair(record: SourceRecord, others: Sequence[SourceRecord]) -> Pair:
    """Return a record with the one that it shares an id with, else with the best one."""
    same = next((other for other in others if not other.claimed_ids.isdisjoint(record.claimed_ids)), None)
    return Pair("common id" if same else "version", same or others[0], record)


def export(files: Sequence[str], format_: str, count: int, target: Path) -> list[Work]:
    """Write the first `count` works of each file in an export format, and return them."""
    works: list[Work] = []
    with tempfile.TemporaryDirectory() as folder, IncomingRecords() as incoming:
        report = Report.new(Path(folder))
        for file in files:
            records = read(open_sources([file]), report, Counter(), MODEL)
            records = first_of_each(records, incoming, report, MODEL)
            found = (checked.record.work for checked in records if checked.record)
            works += [work for work, _ in zip(found, range(count), strict=False)]
    text = FORMATS[format_].write(map(_document, works), {"select": None})
    target.write_text("".join(text), encoding="utf-8")
    return works


def _document(work: Work) -> WorkDocument:
    ids = [researcher_id(identity_key(author)) for author in work.authors]
    return work_document(work, ids, vector=np.asarray([1.0], np.float32), model=MODEL, digest="", time="")


def find_again(outcome: Outcome, works: Iterable[Work], source: str) -> None:
    """Count the exported works whose record in the other format was joined with the original one, and compare both."""
    again = {
        original.work.id: copy.work
        for group in outcome.groups
        for original in group
        for copy in sorted(group, key=lambda record: record.work.id == original.work.id)
        if original.file != source == copy.file
    }
    for work in works:
        copied = again.get(work.id)
        if copied is None:
            outcome.lost.append(work.id)
        else:
            outcome.found_again += 1
            outcome.differences.update(name for name, read in FIELDS.items() if read(work) != read(copied))


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--again", type=click.Choice(AGAIN), help="Export works in this format, and read them again.")
@click.option("--works", default=2_000, show_default=True, help="Works of each file that are exported.")
@click.option("--pairs", default=20, show_default=True, help="Joined pairs to print, for judging.")
@click.option("--conflicts", default=5, show_default=True, help="Conflicts to print.")
@click.option("--seed", default=1, show_default=True, help="Seed of the sample of pairs.")
def main(paths: tuple[str, ...], again: str | None, works: int, pairs: int, conflicts: int, seed: int) -> None:
    """Group the records of files into works, and print figures and a sample of joined pairs."""
    files = list(paths) or [str(data_folder(Settings.load()) / name) for name in CORPORA]
    if missing := [file for file in files if not Path(file).exists()]:
        raise click.ClickException(f"NOTHING MEASURED: {missing[0]} does not exist; name files, or set PEERSCOPE_DATA")
    with tempfile.TemporaryDirectory() as folder:
        exported: list[Work] = []
        if again:
            target = Path(folder) / f"again.{FORMATS[again].extension}"
            exported = export(files, again, works, target)
            outcome = measure([*files, str(target)])
            find_again(outcome, exported, str(target))
        else:
            outcome = measure(files)
    console = Console(soft_wrap=True)
    console.print(_table(outcome, len(exported)))
    draw = random.Random(seed)  # noqa: S311 (a sample, not a secret)
    for pair in draw.sample(outcome.pairs, min(pairs, len(outcome.pairs))):
        console.print(f"\n{pair.kind}: {_line(pair.first)}\n           {_line(pair.second)}", markup=False)
    for message in draw.sample(outcome.conflicts, min(conflicts, len(outcome.conflicts))):
        console.print(f"\nkept apart: {message}", markup=False)
    for id_ in outcome.lost[:20]:
        console.print(f"\nnot found again: {id_}", markup=False)


def _table(outcome: Outcome, exported: int) -> Table:
    table = Table("figure", "value", box=None)
    rows = {
        "records": outcome.records,
        "works": outcome.works,
        "works with records joined by a common id": outcome.joined_by_id,
        "works with versions": outcome.versions,
        "conflicts kept apart": len(outcome.conflicts),
        "rejected": outcome.rejected,
        **({"exported works": exported, "of these found again": outcome.found_again} if exported else {}),
        **{f"read again with another {name}": count for name, count in outcome.differences.most_common()},
        **{f"warnings: {kind}": count for kind, count in outcome.warnings.most_common()},
        **{f"seconds of CPU: {part}": round(value, 1) for part, value in outcome.seconds.items()},
    }
    for name, value in rows.items():
        table.add_row(name, f"{value:,}")
    return table


def _line(record: SourceRecord) -> str:
    work = record.work
    names = ", ".join(author.name for author in work.authors[:SHOWN_AUTHORS])
    rest = len(work.authors) - SHOWN_AUTHORS
    ids = " ".join(sorted(record.claimed_ids))
    more = f" and {rest} more" if rest > 0 else ""
    return f"{work.title} | {names}{more} | {work.year} {work.venue} {work.type} | {record.source}: {ids}"


if __name__ == "__main__":
    main()
