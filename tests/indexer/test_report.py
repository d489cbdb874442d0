"""Reports of runs, also those that a kill or a full disk damaged."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from click.testing import CliRunner

from indexer.deduplication.changes import Deduplication, IndexedWork, first_of_each
from indexer.deduplication.incoming import IncomingRecords
from indexer.records import RecordWarning
from indexer.records.parse import YEARS
from indexer.records.source_record import RecordKey
from indexer.run import commands
from indexer.run.commands import runs
from indexer.sources import Item, open_sources
from indexer.staging.reading import read
from indexer.staging.report import Report, ReportError, past_runs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    return tmp_path / "runs"


def test_a_report_is_saved_from_the_start_and_atomically(folder: Path) -> None:
    report = Report.new(folder)
    report.finished = True
    report.save()
    assert [file.name for file in report.folder.iterdir()] == ["report.json"]
    assert past_runs(folder, 1)[0][0]["finished"] is True


def test_a_damaged_report_does_not_hide_others(folder: Path) -> None:
    Report.new(folder)
    damaged = folder / "20990101-000000-000" / "report.json"
    damaged.parent.mkdir()
    damaged.write_bytes(b'{"run": "2099\xff')
    reports, unreadable = past_runs(folder, 9)
    assert (len(reports), unreadable) == (1, [damaged])
    assert past_runs(folder, 1) == ([], [damaged])
    listed = CliRunner().invoke(runs)
    assert listed.exit_code == 0
    assert reports[0]["run"] in listed.stdout
    assert str(damaged) in listed.stderr
    assert json.loads(CliRunner().invoke(runs, ["--json"]).stdout) == reports


def test_warnings_are_counted_by_kind_and_stored(tmp_path: Path) -> None:
    report = Report.new(tmp_path)
    report.warn(Item("a.bib", 3), "local:a", RecordWarning("invalid year", "year 801 is not a year; ignored"))
    report.warn(Item("a.bib", 4), "local:b", RecordWarning("invalid year", "year 802 is not a year; ignored"))
    assert report.to_dict()["warnings"] == {"invalid year": 2}
    first = json.loads(report.warnings_file.read_text(encoding="utf-8").splitlines()[0])
    assert (first["source"], first["line"], first["id"]) == ("a.bib", 3, "local:a")
    assert first["message"] == "year 801 is not a year; ignored"


def test_a_run_that_rejects_everything_fails_with_the_first_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Report.new(tmp_path)
    for line in range(1, 10):
        report.counts.read += 1
        report.reject(Item("a.bib", line), f"title [{line}] is missing")
    assert report.is_rejected
    for module, name in ((commands.engine, "connect"), (commands.engine, "keep_alive"), (commands.embedding, "load")):
        monkeypatch.setattr(module, name, lambda *_, **__: None)
    monkeypatch.setattr(commands, "run_index", lambda *_, **__: report)
    (tmp_path / "a.bib").touch()
    result = CliRunner().invoke(commands.index, [str(tmp_path / "a.bib")])
    assert result.exit_code == 1
    assert "a.bib, line 1: title [1] is missing" in result.output
    assert "line 4" not in result.output
    report.counts.read += 1
    assert not report.is_rejected
    assert CliRunner().invoke(commands.index, [str(tmp_path / "a.bib")]).exit_code == 0


class Index:
    """Stands for a collection: each run asks it for the works with the ids of a batch."""

    def __init__(self, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
        self.report = report
        self.stored: dict[str, IndexedWork] = {}
        monkeypatch.setattr(Deduplication, "indexed", lambda *_: list(self.stored.values()))
        monkeypatch.setattr(Deduplication, "_documents", lambda *_: [])

    def index(self, path: Path) -> None:
        with IncomingRecords() as incoming:
            works = Deduplication(Mock(), Mock(), incoming, self.report, "model")
            checked = read(open_sources([str(path)]), self.report, Counter(), "model")
            for _ in works.compare(first_of_each(checked, incoming, self.report, "model")):
                pass
            for change in chain.from_iterable(works.changes()):
                assert change.provenance
                digests = {
                    RecordKey(source["source"], source["file"], source["id"]): source["digest"]
                    for source in change.provenance["sources"]
                }
                self.stored[change.id] = IndexedWork(change.id, frozenset([change.id]), frozenset(), digests)


def test_what_became_of_each_record_is_explained_and_warnings_do_not_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Report.new(tmp_path)
    lines: list[str] = []
    report.explain = lines.append
    index = Index(report, monkeypatch)
    path = tmp_path / "a.jsonl"
    records = [{"id": "local:a", "title": "A", "year": 801, "authors": [{"name": "Ada"}]}, {"id": "local:b"}]
    path.write_text("\n".join(json.dumps(record) for record in [*records, records[0]]), encoding="utf-8")
    index.index(path)
    assert [line.removeprefix(f"{path}, ") for line in lines] == [
        "line 2: rejected: title is missing",
        "line 3: repeated: local:a",
        "line 1: new: local:a",
        f"line 1: warning (invalid year): year 801 is not a year between 1000 and {YEARS.stop - 1}; ignored",
    ]
    assert report.warnings == {"invalid year": 1}
    lines.clear()
    index.index(path)
    assert f"{path}, line 1: unchanged: local:a" in lines
    assert report.warnings == {"invalid year": 1}
    assert len(report.warnings_file.read_text(encoding="utf-8").splitlines()) == 1


def test_one_run_is_shown_with_its_stages(folder: Path) -> None:
    report = Report.new(folder)
    report.counts.new, report.finished = 7, True
    report.stages = [
        {
            "stage": "blocks",
            "tasks": 4,
            "reused": 2,
            "seconds": 8.25,
            "bytes_read": 3_000_000,
            "bytes_written": 1_500_000,
            "peak_memory_mb": 277,
            "workers": 2,
        }
    ]
    report.save()
    for name in (report.folder.name, "last"):
        shown = CliRunner().invoke(runs, ["show", name])
        assert shown.exit_code == 0, shown.output
        assert "7 new" in shown.output
        line = next(line for line in shown.output.splitlines() if line.startswith("blocks"))
        assert line.split() == ["blocks", "4", "2", "8.2", "3.0", "1.5", "277", "2"]
    assert json.loads(CliRunner().invoke(runs, ["show", "last", "--json"]).stdout)["stages"] == report.stages


@pytest.mark.parametrize("name", ["20200101-000000-000", "../runs", "", "last"])
def test_a_run_that_does_not_exist_is_named(folder: Path, name: str) -> None:
    shown = CliRunner().invoke(runs, ["show", name])
    assert isinstance(shown.exception, ReportError)
    assert repr(name) in str(shown.exception)


def test_the_report_of_a_run_that_cannot_be_read_is_named(folder: Path) -> None:
    report = Report.new(folder)
    (report.folder / "report.json").write_text("{", encoding="utf-8")
    shown = CliRunner().invoke(runs, ["show", report.folder.name])
    assert isinstance(shown.exception, ReportError)
    assert "cannot be read" in str(shown.exception)
