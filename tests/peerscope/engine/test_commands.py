"""The commands where no node runs: what they print, and that a mistake is one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from peerscope.cli import main
from peerscope.engine import EngineSettings, diagnose
from peerscope.settings import Settings


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("peerscope.engine.place.ELSEWHERE", tmp_path / "elsewhere")
    monkeypatch.delenv("PEERSCOPE_OPENSEARCH_URL", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["engine", *arguments])


@pytest.mark.parametrize("command", ["start", "stop", "status", "logs"])
def test_each_command_explains_itself(command: str) -> None:
    assert f"  {command} " in run("--help").output
    assert len(run(command, "--help").output.splitlines()) > 5


def test_status_for_a_person_and_for_a_script() -> None:
    assert run("status").output.splitlines()[0].split() == ["state", "stopped"]
    status = json.loads(run("status", "--json").output)
    assert (status["state"], status["node"]) == ("stopped", None)
    assert status["log"] == f"{status['folder']}/logs/opensearch.log"


def test_stopping_nothing_is_no_mistake() -> None:
    result = run("stop")
    assert (result.exit_code, result.output) == (0, "It was not running.\n")


def test_logs_that_are_not_there_yet() -> None:
    result = run("logs")
    assert result.exit_code == 1
    assert result.output.startswith("Error: There is no log yet at ")


def test_logs_are_printed_from_their_end() -> None:
    folder = json.loads(run("status", "--json").output)["folder"]
    (Path(folder) / "logs").mkdir(parents=True)
    (Path(folder) / "logs" / "opensearch.log").write_text("one\ntwo\nthree\n")
    assert run("logs", "-n", "2").output == "two\nthree\n"


@pytest.mark.parametrize("command", ["start", "stop", "status", "logs"])
def test_a_mistake_in_the_environment_is_one_sentence(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_HEAP", "much")
    result = run(command)
    assert result.exit_code == 1
    assert result.output.startswith("Error: PEERSCOPE_HEAP=much: must be a number of megabytes")
    assert len(result.output.splitlines()) == 1


def test_a_home_that_cannot_be_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path / "file"))
    result = run("status")
    assert result.output.startswith(f"Error: cannot make the folder {tmp_path / 'file'}")


def test_no_network_on_the_first_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_MAVEN_URL", "http://127.0.0.1:9")
    result = run("start")
    assert result.exit_code == 1
    assert "Error: cannot download" in result.output
    assert "check the network" in result.output


def test_the_doctor_finds_a_machine_that_can_run_it(tmp_path: Path) -> None:
    checks = {check.name: check for check in diagnose(Settings.load())}
    expected = {"java", "disk", "memory", "engine"} | ({"account"} if os.geteuid() == 0 else set())
    assert set(checks) == expected
    assert checks["java"].ok
    assert "not running" in checks["engine"].detail
    assert not (tmp_path / "home" / "engine").exists()


def test_the_doctor_says_when_the_heap_does_not_fit() -> None:
    checks = {check.name: check for check in diagnose(EngineSettings(heap=10**7))}
    assert not checks["memory"].ok
    assert "10000000 MB of heap" in checks["memory"].detail
