"""The records of a run before they are grouped."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING
from unittest.mock import Mock

from indexer.deduplication.changes import first_of_each
from indexer.deduplication.incoming import IncomingRecords
from indexer.sources import open_sources
from indexer.staging.reading import read
from indexer.staging.report import Report

if TYPE_CHECKING:
    from pathlib import Path


def steps(folder: Path, count: int) -> int:
    """Return the hundreds of steps that SQLite takes to compare so many records of a file with each other."""
    path = folder / f"{count}.jsonl"
    records = ({"id": f"local:{number}", "title": f"Work {number}", "year": 2020} for number in range(count))
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    taken = Mock(return_value=0)
    report = Report.new(folder / "runs")
    with IncomingRecords() as incoming:
        incoming._database.set_progress_handler(taken, 100)
        checked = read(open_sources([str(path)]), report, Counter(), "model")
        assert len(list(first_of_each(checked, incoming, report, "model"))) == count
    return taken.call_count


def test_comparing_the_records_of_a_file_takes_linear_time(tmp_path: Path) -> None:
    assert steps(tmp_path, 2_000) < 3 * steps(tmp_path, 1_000)
