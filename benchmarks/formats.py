"""Real files of other programs: what is read of each, and why records are rejected.

    python -m benchmarks.formats [FOLDER...] [--show 3 --seed 1]

Folders are those of `formats` in PEERSCOPE_DATA by name, one for each kind of file. `--show N` prints N records of each
in full, for judging.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from benchmarks.targets import data_folder
from indexer.records.source_record import to_record
from indexer.sources import SourceError, open_sources
from indexer.staging.reading import read
from indexer.staging.report import Report
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.records import Work

FOLDER = "formats"
#: In place of an embedding model, none of which is needed.
MODEL = "benchmark"
#: Characters of a shown value.
SHOWN = 400
#: Files beside the data: descriptions, and what other programs read of a file.
NOT_DATA = ("SOURCES.md", "expected-*", "*.expected.json")


@dataclass
class Outcome:
    """What was read of some files."""

    files: int = 0
    records: int = 0
    works: list[Work] = field(default_factory=list)
    warnings: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    """Reasons of rejected records, and files that could not be read or not to their end."""


def files_in(folder: Path) -> list[Path]:
    """Return the data files of a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if not any(path.match(pattern) for pattern in NOT_DATA)]


def read_files(files: Iterable[Path]) -> Outcome:
    """Return what is read of some files, each by itself."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            outcome.files += 1
            report = Report.new(Path(folder) / str(outcome.files))
            _read_file(file, report, outcome)
    return outcome


def _read_file(file: Path, report: Report, outcome: Outcome) -> None:
    try:
        sources = open_sources([str(file)])
    except SourceError as error:
        outcome.problems.append(str(error))
        return
    for checked in read(sources, report, Counter(), MODEL):
        if checked.record:
            outcome.works.append(checked.record.work)
            outcome.warnings.update(warning.kind for warning in checked.warnings)
    outcome.records += report.counts.read
    outcome.problems += report.broken_sources
    if report.rejects.exists():
        rejects = map(json.loads, report.rejects.read_text(encoding="utf-8").splitlines())
        outcome.problems += [f"{file.name}, line {reject['line']}: {reject['reason']}" for reject in rejects]


@click.command()
@click.argument("names", nargs=-1, metavar="[FOLDER]...")
@click.option("--show", default=0, show_default=True, help="Records of each folder to print in full.")
@click.option("--seed", default=1, show_default=True, help="Seed of the sample of records.")
def main(names: tuple[str, ...], show: int, seed: int) -> None:
    """Read the real files of each format, and print records, warnings by kind and the reasons of rejects."""
    root = data_folder(Settings.load()) / FOLDER
    folders = [root / name for name in names] or sorted(path for path in root.glob("*") if path.is_dir())
    if not folders or (missing := [folder for folder in folders if not folder.is_dir()]):
        absent = missing[0] if folders else root
        raise click.ClickException(f"NOTHING MEASURED: {absent} does not exist; set PEERSCOPE_DATA")
    outcomes = {folder.name: read_files(files_in(folder)) for folder in folders}
    console = Console(soft_wrap=True)
    console.print(_table(outcomes))
    draw = random.Random(seed)  # noqa: S311 (a sample, not a secret)
    for name, outcome in outcomes.items():
        for problem in outcome.problems:
            console.print(f"{name}: {problem}", markup=False)
        for work in draw.sample(outcome.works, min(show, len(outcome.works))):
            console.print(f"\n{name}: {work.id}", markup=False)
            for key, value in to_record(work).items():
                console.print(f"  {key}: {json.dumps(value, ensure_ascii=False)[:SHOWN]}", markup=False)


def _table(outcomes: dict[str, Outcome]) -> Table:
    table = Table("folder", "files", "records", "kept", "problems", "warnings", box=None)
    for name, outcome in outcomes.items():
        table.add_row(name, *_cells([outcome]))
    table.add_section()
    table.add_row("all", *_cells(list(outcomes.values())))
    return table


def _cells(outcomes: Sequence[Outcome]) -> list[str]:
    warnings = sum((outcome.warnings for outcome in outcomes), Counter[str]())
    return [
        str(sum(outcome.files for outcome in outcomes)),
        str(sum(outcome.records for outcome in outcomes)),
        str(sum(len(outcome.works) for outcome in outcomes)),
        str(sum(len(outcome.problems) for outcome in outcomes)),
        ", ".join(f"{kind} {count}" for kind, count in warnings.most_common()) or "none",
    ]


if __name__ == "__main__":
    main()
