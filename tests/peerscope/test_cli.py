"""The main command: lazy loading of registered commands, and expected errors as one line without a traceback."""

from __future__ import annotations

import errno
import socket
import sqlite3
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from opensearchpy.exceptions import SerializationError, TransportError
from sqlalchemy.exc import OperationalError

from peerscope import cli
from peerscope.cli import GROUP, SHORT_HELP, describe_error, main
from peerscope.commands import pass_settings
from peerscope.errors import PeerscopeError, SettingsError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = click.Context(main)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a function of this module as the command of a third party, instead of the installed commands."""

    def register(name: str, value: str) -> None:
        points = [EntryPoint(name, value, GROUP), EntryPoint("doctor", "peerscope.doctor:doctor", GROUP)]
        monkeypatch.setattr(cli, "entry_points", lambda group: points)
        # A fresh group: the registered commands of `main` are cached.
        monkeypatch.setattr(sys.modules[__name__], "main", cli.LazyGroup("peerscope"))

    return register


def test_the_installed_entry_points_are_those_of_the_project_file() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    expected = project["entry-points"][GROUP]
    assert {point.name: point.value for point in main.registered.values()} == expected
    assert set(expected) == set(SHORT_HELP)


@pytest.mark.parametrize("name", SHORT_HELP)
def test_the_listed_help_is_that_of_the_command(name: str) -> None:
    command = main.get_command(CONTEXT, name)
    assert command is not None
    assert command.name == name
    assert command.get_short_help_str(1_000) == SHORT_HELP[name]


def test_help_imports_no_command() -> None:
    loaded = python(
        "import sys; from click.testing import CliRunner; from peerscope.cli import main\n"
        "result = CliRunner().invoke(main, ['--help']); assert 'why-merged' in result.output\n"
        "print(*sys.modules)"
    ).split()
    slow = ["accounts", "indexer", "search_api", "mappings", "peerscope.engine", "peerscope.settings"]
    slow += ["opensearchpy", "pydantic", "sqlalchemy", "flask", "numpy", "rich"]
    assert [name for name in slow if name in loaded] == []


def test_the_module_runs_as_the_command_does() -> None:
    command = [sys.executable, "-m", "peerscope", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert shown.splitlines()[0].startswith("Usage: peerscope ")
    assert all(f"  {name} " in shown for name in SHORT_HELP)


@click.command()
def hello() -> None:
    """Greet from another distribution."""
    click.echo("hello")


def test_a_third_party_command_is_listed_with_its_help_and_runs(registered: Callable[..., None]) -> None:
    registered("hello", f"{__name__}:hello")
    assert "hello   Greet from another distribution." in run("--help").output
    assert run("hello").output == "hello\n"


def test_a_third_party_command_does_not_replace_ours(registered: Callable[..., None]) -> None:
    registered("doctor", f"{__name__}:hello")
    assert "Check this machine" in run("doctor", "--help").output


def test_a_command_whose_package_is_absent_is_left_out_and_explained(registered: Callable[..., None]) -> None:
    registered("greet", "no_such_package.commands:greet")
    assert "greet" not in run("--help").output
    result = run("greet")
    assert result.exit_code == 2
    assert "The command 'greet' needs the package 'no_such_package', which is not installed." in result.output


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("tests.no_such_module:command", "'tests' cannot be loaded: No module named"),
        ("peerscope.errors:PeerscopeError", "is not a click command"),
    ],
)
def test_a_broken_third_party_command_breaks_nothing_else(
    registered: Callable[..., None], value: str, message: str
) -> None:
    registered("greet", value)
    listed = run("--help")
    assert listed.exit_code == 0
    assert "greet" in listed.output
    assert message in " ".join(run("greet").output.split())


def test_an_unknown_command_is_a_usage_error() -> None:
    result = run("serv")
    assert result.exit_code == 2
    assert "No such command 'serv'" in result.output


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PeerscopeError("No works are indexed."), "No works are indexed."),
        (SettingsError("PEERSCOPE_K=abc: must be a valid integer"), "PEERSCOPE_K=abc: must be a valid integer"),
        (
            OpenSearchUnreachable("N/A", "connection refused", OSError()),
            "OpenSearch does not answer: connection refused",
        ),
        (
            TransportError(403, "cluster_block_exception", {}),
            "OpenSearch refused: TransportError(403, 'cluster_block_exception')",
        ),
        (
            sqlite3.OperationalError("database or disk is full"),
            "The database of the indexing run in PEERSCOPE_HOME failed: database or disk is full."
            " The live index did not change.",
        ),
        (
            OperationalError("SELECT 1", {}, sqlite3.OperationalError("unable to open\ndatabase file")),
            "The accounts database failed: unable to open database file",
        ),
        (
            sqlite3.DatabaseError("database disk image is malformed"),
            "The database of the indexing run in PEERSCOPE_HOME failed: database disk image is malformed."
            " The live index did not change.",
        ),
        (SerializationError("<html>"), "OpenSearch did not answer as expected: <html>"),
        (OSError(errno.ENOSPC, "No space left on device", "/home/r.json"), "/home/r.json: No space left on device"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError("odd"), "odd"),
    ],
)
def test_an_expected_error_is_one_line_whatever_raises_it(error: Exception, message: str) -> None:
    def fail() -> None:
        raise error

    group = cli.LazyGroup("peerscope")
    group.add_command(click.Command("fail", callback=fail))
    result = CliRunner().invoke(group, ["fail"])
    assert result.exit_code == 1
    assert result.stderr == f"Error: {message}\n"
    assert describe_error(error) == message


@pytest.mark.parametrize("error", [ValueError("a defect"), KeyError("a defect"), BrokenPipeError(errno.EPIPE, "pipe")])
def test_a_defect_keeps_its_traceback(error: Exception) -> None:
    assert describe_error(error) is None


@pytest.mark.parametrize("words", [("rollback", "--yes"), ("why-merged", "ada-1")])
def test_a_cluster_that_does_not_answer_is_one_line(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("PEERSCOPE_OPENSEARCH_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
        result = run(*words)
    assert result.exit_code == 1
    assert "OpenSearch does not answer" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_invalid_setting_is_one_line() -> None:
    command = [sys.executable, "-m", "peerscope", "search", "x"]
    environment = {"PEERSCOPE_K": "abc", "PATH": ""}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 1
    assert done.stderr == "Error: PEERSCOPE_K=abc: must be a valid integer, unable to parse string as an integer\n"


@click.command()
@click.option("--shout", is_flag=True)
@pass_settings
def prefix(settings: Settings, shout: bool) -> None:
    """Print the prefix of the indices."""
    click.echo(settings.index_prefix.upper() if shout else settings.index_prefix)


def invoke_prefix(*words: str, **extra: Any) -> Result:
    group = cli.LazyGroup("peerscope")
    group.add_command(prefix)
    return CliRunner().invoke(group, ["prefix", *words], **extra)


def test_a_command_receives_the_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_INDEX_PREFIX", "mine-")
    assert invoke_prefix().output == "mine-\n"
    assert invoke_prefix("--shout").output == "MINE-\n"


def test_a_command_receives_the_settings_of_its_caller() -> None:
    assert invoke_prefix(obj=Settings.load(index_prefix="given-")).output == "given-\n"


def test_an_invalid_setting_is_shown_without_its_password() -> None:
    with pytest.raises(SettingsError, match=r"^PEERSCOPE_OPENSEARCH_URL=ftp://\*{8}@host: must be an address"):
        Settings.load(opensearch_url="ftp://me:hush@host")


def test_help_of_a_command_works_with_an_invalid_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_K", "abc")
    assert invoke_prefix("--help").exit_code == 0
    assert invoke_prefix().stderr.startswith("Error: PEERSCOPE_K=abc: ")


def test_the_doctor_shows_each_setting_and_masks_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PEERSCOPE_HOME", str(tmp_path))
    monkeypatch.setenv("PEERSCOPE_SECRET_KEY", "hush-hush")
    monkeypatch.setenv("PEERSCOPE_TREADS", "2")
    monkeypatch.setenv("PEERSCOPE_RATE_LIMIT_STORAGE", "redis://me:hush-hush@localhost:6379")
    monkeypatch.setenv("COLUMNS", "200")
    output = run("doctor").output
    rows = {cells[0]: cells[1:] for line in output.splitlines() if (cells := line.split())}
    assert rows["PEERSCOPE_K"] == ["200", "default"]
    assert rows["PEERSCOPE_HOME"] == [str(tmp_path), "environment"]
    assert rows["PEERSCOPE_SECRET_KEY"] == ["********", "environment"]
    assert rows["PEERSCOPE_RATE_LIMIT_STORAGE"] == ["redis://********@localhost:6379", "environment"]
    assert "hush-hush" not in output
    assert "PEERSCOPE_TREADS is not a setting of Peerscope" in output
