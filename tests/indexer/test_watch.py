"""Watched folders, stored harvests, and progress without a terminal."""

from __future__ import annotations

import json
import os
import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from indexer.run import commands
from indexer.run.harvests import Harvest, HarvestError, HarvestList
from indexer.run.progress_lines import ProgressLines, _State, describe, duration
from indexer.run.watch import Watcher, watch
from indexer.sources import Selection
from indexer.staging.report import Report
from peerscope.cli import main
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Ended(Exception):  # noqa: N818 (ends a loop that has no end)
    pass


def watched(folder: Path, steps: list[Callable[[], object]], failures: int = 0) -> tuple[list[list[str]], list[str]]:
    """Watch a folder in which `steps` happen between two looks; return the files of each run, and the messages."""
    runs: list[list[str]] = []
    messages: list[str] = []

    def sleep(_: float) -> None:
        if not steps:
            raise Ended
        steps.pop(0)()

    def index(files: list[str]) -> None:
        runs.append([os.path.basename(file) for file in files])
        if len(runs) <= failures:
            raise PeerscopeError("Another run is writing.")

    with pytest.raises(Ended):
        watch(Watcher([str(folder)]), index, messages.append, sleep=sleep)
    return runs, messages


def test_new_and_changed_files_are_indexed_once_they_are_whole(tmp_path: Path) -> None:
    def write(name: str, text: str) -> Callable[[], object]:
        return lambda: (tmp_path / name).write_text(text, encoding="utf-8")

    def nothing() -> None:
        pass

    steps: list[Callable[[], object]] = [
        nothing,
        write("a.bib", "half"),
        write("a.bib", "half of it, and the rest"),
        nothing,
        nothing,
        write("b.bib", "new"),
        write("notes.pdf", "x"),
        nothing,
        lambda: (tmp_path / "a.bib").unlink(),
        nothing,
    ]
    runs, messages = watched(tmp_path, steps)
    assert runs == [["a.bib"], ["b.bib"]]
    assert messages == []


def test_a_run_that_cannot_start_is_repeated(tmp_path: Path) -> None:
    (tmp_path / "a.bib").write_text("x", encoding="utf-8")
    runs, messages = watched(tmp_path, [lambda: None] * 4, failures=2)
    assert runs == [["a.bib"]] * 3
    assert messages == ["Another run is writing. The files will be read again."] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--watch", "--prune", "."], "--watch works with files and folders"),
        (["--watch", "--new-epoch", "."], "--watch works with files and folders"),
        (["--watch", "-"], "--watch works with files and folders"),
        (["--watch", "no/such/folder"], "no such file or folder"),
        (["--map", "title", "."], "--map title: name a field and a column"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["index", *arguments])
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_next_harvest_starts_some_days_before_the_last_one() -> None:
    stored = Harvest("a", "oai", set_="theses", url="https://x.y", since="2024-01-01")
    assert stored.selection() == Selection(set_="theses", url="https://x.y", since=date(2024, 1, 1))
    later = Harvest("a", "oai", url="https://x.y", since="2024-01-01", harvested="2024-03-02")
    assert later.selection().since == date(2024, 3, 1)
    assert Harvest("a", "openalex", query="x", harvested="2024-03-02").selection().since == date(2024, 2, 1)


def test_a_damaged_list_is_named_and_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "harvests.json").write_text('[{"nam', encoding="utf-8")
    with pytest.raises(HarvestError, match=r"harvests\.json is damaged"):
        HarvestList(tmp_path)


def test_a_run_keeps_harvests_that_are_added_or_removed_meanwhile(tmp_path: Path) -> None:
    HarvestList(tmp_path).add(Harvest("a", "crossref", query="salix"))
    HarvestList(tmp_path).add(Harvest("b", "crossref", query="acer"))
    running = HarvestList(tmp_path)
    HarvestList(tmp_path).add(Harvest("c", "crossref", query="quercus"))
    HarvestList(tmp_path).remove("b")
    running.complete("a", date(2024, 3, 2))
    running.complete("b", date(2024, 3, 2))
    kept = HarvestList(tmp_path).harvests
    assert {name: one.harvested for name, one in kept.items()} == {"a": "2024-03-02", "c": None}


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Runs that read their sources and index nothing; the first sources are then in `sources`."""
    state: dict[str, Any] = {"broken": [], "runs": []}

    def index(client: Any, names: Any, embedder: Any, sources: Any, home: Path, *rest: Any, **options: Any) -> Report:
        report = Report.new(home / "runs")
        state["runs"].append(sources[0])
        report.broken_sources = state["broken"]
        return report

    monkeypatch.setattr(commands, "run_index", index)
    monkeypatch.setattr(commands.engine, "connect", lambda *_: None)
    monkeypatch.setattr(commands.engine, "keep_alive", lambda *_: None)
    monkeypatch.setattr(commands.embedding, "load", lambda *_: None)
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    return state


def test_stored_harvests_are_added_listed_run_and_removed(reports: dict[str, Any], tmp_path: Path) -> None:
    def harvest(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["harvest", *arguments])

    assert harvest("run").output == "No harvests are stored.\n"
    refused = harvest("add", "a", "--source", "arxiv", "--set", "cs")
    assert (refused.exit_code, "--set cannot be used with" in refused.output) == (1, True)
    arguments = ("--source", "crossref", "--query", "salix", "--since", "2024-01-01")
    assert harvest("add", "willows", *arguments).exit_code == 0
    assert "already" in harvest("add", "willows", *arguments).output
    assert "crossref --query 'salix'" in harvest("list").output
    reports["broken"] = ["Crossref: gone"]
    assert harvest("run").exit_code == 1
    assert json.loads(harvest("list", "--json").output)[0]["harvested"] is None
    reports["broken"] = []
    assert harvest("run", "willows").exit_code == 0
    assert json.loads(harvest("list", "--json").output)[0]["harvested"] is not None
    assert len(reports["runs"]) == 2
    assert "There is no harvest 'oaks'; stored harvests: willows." in harvest("run", "oaks").output
    assert harvest("remove", "willows").exit_code == 0
    assert json.loads((tmp_path / "harvests.json").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("state", "seconds", "line"),
    [
        (_State("reading", "records", 0, None), 3, "reading: 0 records"),
        (_State("reading", "records", 1_200, 0.25), 10, "reading: 1,200 records, 120/s, 25% of the files, 30 s left"),
        (_State("embedding", "works", 840, 0.1, 8_400), 10, "embedding: 840 of 8,400 works, 84/s, 1 min 30 s left"),
        (_State("topics", "works", 5, None), 1, "topics: 5 works, 5/s"),
        (_State("reading", "records", 50, 1.0), 10, "reading: 50 records, 5/s, 100% of the files"),
    ],
)
def test_a_line_has_what_is_done_the_rate_and_the_time_left(state: _State, seconds: float, line: str) -> None:
    assert describe(state, seconds) == line


def test_durations() -> None:
    assert [duration(seconds) for seconds in (0.4, 59, 61, 7_500)] == ["0 s", "59 s", "1 min 1 s", "2 h 5 min"]


def test_lines_are_written_while_the_run_reports_nothing() -> None:
    lines: list[str] = []
    with ProgressLines(lines.append, [], seconds=0.01) as progress:
        progress.works(5, 10)
        while len(lines) < 3:
            pass
    assert lines[-1].startswith("embedding: 5 of 10 works")


def test_only_parts_that_work_have_a_line() -> None:
    progress = ProgressLines(lambda _: None, [])
    now = time.monotonic() + 20
    progress.works(10, 10)
    assert progress._lines(now) == []
    progress.tasks("blocks", 1, 4)
    assert [line.partition(",")[0] for line in progress._lines(now)] == ["identity (blocks): 1 of 4 tasks"]
    progress.begin("publishing")
    assert [line.partition(",")[0] for line in progress._lines(now)] == [
        "publishing: 20 s",
        "identity (blocks): 1 of 4 tasks",
    ]
    progress.tasks("blocks", 4, 4)
    assert progress._lines(now) == ["publishing: 20 s"]


def test_a_log_gets_lines_instead_of_bars(reports: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("{}", encoding="utf-8")
    result = CliRunner().invoke(main, ["index", str(tmp_path / "a.jsonl")])
    assert result.exit_code == 0
    assert "\x1b[" not in result.stderr
