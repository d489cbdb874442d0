"""No record, message or path reaches the terminal with characters that control it."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from indexer.run.progress import print_summary
from indexer.staging.report import Report
from peerscope.cli import main
from peerscope.errors import PeerscopeError
from peerscope.terminal import Console, PrintableFormatter, echo, echo_json, printable
from search_api import commands

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("peerscope", "mappings", "indexer", "search_api", "accounts")
#: Clears the screen, sets the title of the window, fills the clipboard, one-byte forms of both, and hides an order.
HOSTILE = "Oak\x1b[2J\x1b]0;pwned\x07\x1b]52;c;cm0gLXJmIH4=\x1b\\\x9b2J\x9d0;x\x9c\r\x08\x7f\u202eevil\u2066\U000e0041"


def is_safe(text: str) -> bool:
    return printable(text) == text


def test_printable_keeps_words_and_lines() -> None:
    text = "M\u00fcller\t\u0646\u06cc\u200c\u0634 \U0001f469\u200d\U0001f52c\n\u00b2"
    assert printable(text) == text
    assert is_safe(printable(HOSTILE))
    assert "\ufffd" in printable("\ud800")


def test_json_is_escaped_and_reads_back_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"title": HOSTILE, "half": "\ud800"})
    output = capsys.readouterr().out
    assert is_safe(output)
    assert json.loads(output) == {"title": HOSTILE, "half": "\ud800"}


def test_consoles_and_log_lines_are_printable(capsys: pytest.CaptureFixture[str]) -> None:
    echo(HOSTILE)
    echo(HOSTILE, err=True, bold=True)
    assert is_safe("".join(capsys.readouterr()))
    file = io.StringIO()
    Console(file=file, force_terminal=True, color_system="truecolor", highlight=False).print(f"[red]{HOSTILE}[/]")
    styled = file.getvalue()
    assert styled.startswith("\x1b[31mOak\ufffd")
    assert is_safe(styled.replace("\x1b[31m", "").replace("\x1b[0m", ""))
    record = logging.LogRecord("x", logging.WARNING, "file", 1, HOSTILE, None, None)
    assert is_safe(PrintableFormatter().format(record))


def _work() -> dict[str, Any]:
    return {"score": 0.5, "title": HOSTILE, "authors": [{"name": HOSTILE}], "year": 2019, "id": f"local:{HOSTILE}"}


def _summary() -> None:
    report = Report(Path(f"/tmp/{HOSTILE}"), first_reasons=[HOSTILE], broken_sources=[f"{HOSTILE} [/x]"])
    report.counts.rejected = 1
    report.unknown = report.warnings = Counter({f"{HOSTILE}[/b]": 1})
    print_summary(Console(), report, dry_run=True)


def _researcher() -> dict[str, Any]:
    named = {"name": HOSTILE, "tagline": HOSTILE, "id": HOSTILE, "affiliations": [{"name": HOSTILE}]}
    return {**named, "score": 0.5, "counts": {"works": 3}}


@pytest.mark.parametrize(
    "show",
    [
        lambda: commands.show({"results": [_work()], "meta": {}}, as_json=False),
        lambda: commands.show({"results": [_work()], "meta": {}}, as_json=True),
        lambda: commands.show({"results": [_researcher()], "meta": {}}, as_json=False),
        _summary,
    ],
)
def test_results_and_summaries_are_printable(show: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    show()
    output = "".join(capsys.readouterr())
    assert "Oak" in output
    assert is_safe(output)


def test_messages_of_errors_are_printable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PeerscopeError(HOSTILE)

    monkeypatch.setattr(commands, "ask", fail)
    result = CliRunner().invoke(main, ["search", "oak"])
    assert result.exit_code == 1
    assert "Oak" in result.output
    assert is_safe(result.output)


def _calls(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    imports = {f"{node.module}.{name.name}" for node in froms for name in node.names}
    names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return calls | imports | names


def test_nothing_else_writes_to_the_terminal() -> None:
    """Use `echo`, `echo_json` and `Console` of `peerscope.terminal`."""
    forbidden = {"print", "click.echo", "click.secho", "rich.console.Console", "sys.stdout.write", "sys.stderr.write"}
    forbidden |= {"rich.print", "logging.Formatter"}
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    found = {str(file.relative_to(ROOT)) for file in files if _calls(file) & forbidden}
    assert found == {
        "peerscope/terminal.py",
        "search_api/http/request_log.py",  # JSON, escaped by `json_text`
        "peerscope/engine/host_filter/build.py",  # a tool of developers
    }
