"""Reports of runs, also those that a kill or a full disk damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from indexer.records import RecordWarning
from indexer.run import commands
from indexer.run.commands import runs
from indexer.sources import Item
from indexer.staging.report import Report, past_runs

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
