"""`peerscope index` passes its settings and options to the run explicitly, and reports what the run did."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from indexer.run import commands
from indexer.run.run import Options
from indexer.stages.execution import Execution
from indexer.staging.report import Report
from mappings import IndexNames, Scale
from peerscope.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from peerscope.signing import Signer


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Replace the run by one that records its arguments; OpenSearch and the model are not loaded."""
    arguments: dict[str, Any] = {}

    def index(
        client: Any,
        names: IndexNames,
        embedder: Any,
        *rest: Any,
        scale: Scale,
        signer: Signer,
        source_order: Any,
        execution: Execution,
    ) -> Report:
        sources, home, _, options = rest
        arguments.update(
            names=names,
            sources=sources,
            home=home,
            options=options,
            scale=scale,
            signer=signer,
            source_order=source_order,
            execution=execution,
        )
        report = Report.new(home / "runs")
        report.broken_sources = arguments.get("broken_sources", [])
        return report

    monkeypatch.setattr(commands, "run_index", index)
    monkeypatch.setattr(commands.engine, "connect", lambda *_: None)
    monkeypatch.setattr(commands.engine, "keep_alive", lambda *_: None)
    monkeypatch.setattr(commands.embedding, "load", lambda *_: None)
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "home"))
    return arguments


@pytest.fixture
def works(tmp_path: Path) -> str:
    file = tmp_path / "works.jsonl"
    file.write_text("{}\n", encoding="utf-8")
    return str(file)


def test_settings_and_options_reach_the_run(run: dict[str, Any], works: str, tmp_path: Path) -> None:
    env = {"PREFIX": "mine-", "SHARDS": "2", "REPLICAS": "1", "BITS": "7"}
    names = {"PREFIX": "INDEX_PREFIX", "BITS": "VECTOR_BITS"}
    environment = {f"PEERSCOPE_{names.get(name, name)}": value for name, value in env.items()}
    result = CliRunner().invoke(main, ["index", works, "--prune", "--dry-run"], env=environment)
    assert result.exit_code == 0
    assert "nothing was written" in result.stderr
    assert (run["names"], run["scale"]) == (IndexNames("mine-"), Scale(2, 1, 7))
    assert (run["home"], run["options"]) == (tmp_path / "home", Options(prune=True, dry_run=True))
    assert [source.name for source in run["sources"]] == [works]
    assert run["execution"] == Execution(str(tmp_path / "home" / "stages" / "mine"), 1)


def test_workers_and_the_folder_of_stages_are_options_and_settings(
    run: dict[str, Any], works: str, tmp_path: Path
) -> None:
    environment = {"PEERSCOPE_INDEX_WORKERS": "3", "PEERSCOPE_STAGES": str(tmp_path / "shared")}
    for options, workers in ((["--workers", "2"], 2), ([], 3)):
        result = CliRunner().invoke(main, ["index", works, *options], env=environment)
        assert result.exit_code == 0
        assert run["execution"] == Execution(str(tmp_path / "shared" / "peerscope"), workers)


def test_a_cluster_identifies_authors_instead_of_processes_here(
    run: dict[str, Any], works: str, tmp_path: Path
) -> None:
    address, other = "tcp://127.0.0.1:8786", "tls://127.0.0.1:8787"
    folder = str(tmp_path / "home" / "stages" / "peerscope")
    for options, expected in (
        ([], Execution(folder, 1, address)),
        (["--scheduler", other], Execution(folder, 1, other)),
        (["--workers", "2"], Execution(folder, 2)),
    ):
        result = CliRunner().invoke(main, ["index", works, *options], env={"PEERSCOPE_SCHEDULER": address})
        assert result.exit_code == 0
        assert run["execution"] == expected
    both = CliRunner().invoke(main, ["index", works, "--workers", "2", "--scheduler", address])
    assert both.exit_code == 2
    assert "name one" in both.output


def test_the_report_is_printed_as_json_and_an_incomplete_source_is_a_failure(run: dict[str, Any], works: str) -> None:
    run["broken_sources"] = ["works.jsonl: damaged"]
    result = CliRunner().invoke(main, ["index", works, "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["broken_sources"] == ["works.jsonl: damaged"]
    assert "Incomplete: works.jsonl: damaged" in CliRunner().invoke(main, ["index", works]).stderr


def test_a_new_epoch_needs_no_source_unless_works_are_pruned(run: dict[str, Any], works: str) -> None:
    assert CliRunner().invoke(main, ["index", "--new-epoch"]).exit_code == 0
    assert (run["sources"], run["options"]) == ([], Options(new_epoch=True))
    assert CliRunner().invoke(main, ["index", works, "--new-epoch", "--prune"]).exit_code == 0
    assert run["options"] == Options(prune=True, new_epoch=True)
    pruned = CliRunner().invoke(main, ["index", "--new-epoch", "--prune"])
    assert pruned.exit_code == 2
    assert "Nothing to index" in pruned.output


def test_a_run_is_shown_with_its_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    report = Report.new(tmp_path / "runs")
    for began_in, text in (
        (report.folder.name, "2, began in this run with 1,100 works: the reason"),
        ("20260101-000000-000", "2, began in the run 20260101-000000-000 with 1,100 works: the reason"),
    ):
        report.epoch = {"number": 2, "began_in": began_in, "reason": "the reason", "works": 1_100}
        report.save()
        shown = CliRunner().invoke(main, ["runs", "show", "last"], env={"COLUMNS": "200"})
        assert text in " ".join(shown.output.split())
