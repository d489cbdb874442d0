"""`peerscope doctor`: checks the settings, Java, OpenSearch, disk, memory and the model."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from mappings import IndexNames
from peerscope import embedding, engine
from peerscope.commands import pass_settings
from peerscope.settings import Settings, unknown
from peerscope.terminal import Console
from search_api.http.index_check import IndexCheck

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@pass_settings
def doctor(settings: Settings) -> None:
    """Check this machine and the settings, and show what is missing.

    Prints each setting with its value and origin, then one line for each check. OpenSearch is not started; the
    embedding model is downloaded if it is missing. The exit status is 1 when there is a problem.
    """
    console = Console(highlight=False)
    _print_settings(console, settings)
    checks: list[engine.Check | embedding.Check] = [
        *engine.diagnose(settings),
        *embedding.diagnose(settings),
        *_check_index(settings),
    ]
    for check in checks:
        console.print(f"{_mark(check)}  {escape(check.name)}: {escape(check.detail)}", soft_wrap=True)
    for name in unknown():
        text = f"{escape(name)} is not a setting of Peerscope; is it misspelled?"
        console.print(f"[yellow]warning[/]  {text}", soft_wrap=True)
    if not all(check.ok for check in checks):
        raise SystemExit(1)


def _mark(check: engine.Check | embedding.Check) -> str:
    """Return the state of a check as rich markup."""
    if not check.ok:
        return "[red]problem[/]"
    is_warning = isinstance(check, engine.Check) and check.is_warning
    return "[yellow]warning[/]" if is_warning else "[green]ok     [/]"


def _check_index(settings: Settings) -> Iterator[engine.Check]:
    """Check the mapping version and the model of the index, if OpenSearch and the model are available."""
    try:
        with closing(engine.connect(settings, start=False, ready_timeout=5)) as client:
            index = IndexCheck(client, IndexNames(settings.index_prefix))
            problem = index.problem() or index.model_problem(embedding.load(settings).model)
    except (engine.EngineError, embedding.EmbeddingError):
        return  # reported by the other checks
    yield engine.Check("index", not problem, problem or "can be read by this version, with the model of the settings")


def _print_settings(console: Console, settings: Settings) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", no_wrap=True)
    for name, value, origin in settings.shown():
        table.add_row(name, escape(value), "default" if origin == "default" else "environment")
    console.print(table, "")
