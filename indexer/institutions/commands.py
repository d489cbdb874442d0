"""`peerscope institutions`: load a ROR dump, and show how affiliations are resolved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from indexer.institutions.decisions import load_decisions
from indexer.institutions.registry import Registry
from indexer.institutions.ror import load, names_of
from peerscope.commands import pass_settings
from peerscope.terminal import echo

if TYPE_CHECKING:
    from peerscope.settings import Settings


@click.group()
def institutions() -> None:
    """Manage how affiliations are resolved to institutions.

    Decisions are in institutions.toml in PEERSCOPE_HOME; docs/identity.md describes it. The next `peerscope index`
    applies a new dump or decision to the institutions of all works and their researchers, by name; `peerscope index
    PATH... --rebuild` also reads the printed affiliations in the files again.
    """


@institutions.command("load")
@click.argument("dump", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@pass_settings
def load_dump(settings: Settings, dump: Path) -> None:
    """Load the names and ids of a ROR dump, as JSON or as the zip file that ROR publishes."""
    count = load(dump, settings.home)
    echo(
        f"{count:,} institutions are loaded. The next run replaces institutions of these names on all works. "
        "Run 'peerscope index PATH... --rebuild' to look for them in all printed affiliations again."
    )


@institutions.command()
@click.argument("affiliations", nargs=-1, required=True, metavar="AFFILIATION...")
@pass_settings
def resolve(settings: Settings, affiliations: tuple[str, ...]) -> None:
    """Show the institutions in AFFILIATION, as far as they do not depend on the collection."""
    registry = Registry(load_decisions(settings.home), names_of(settings.home))
    for affiliation in affiliations:
        found = registry.printed(affiliation)
        for resolved in found:
            echo(f"{resolved.id}\t{resolved.name}")
        if not found:
            echo("no institution")
