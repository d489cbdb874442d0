"""`peerscope harvest`: stored harvests, run by hand or by cron."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.table import Table

from indexer.run.commands import Session, print_report
from indexer.run.harvests import Harvest, HarvestList
from indexer.run.run import Options
from indexer.sources import open_harvester, remote_source_names
from peerscope.commands import pass_settings
from peerscope.terminal import Console, echo, echo_json

if TYPE_CHECKING:
    from peerscope.settings import Settings


@click.group(short_help="Keep the index up to date from remote sources.")
def harvest() -> None:
    """Store harvests of remote sources, and fetch what is new since the last time."""


@harvest.command(short_help="Store a harvest.")
@click.argument("name")
@click.option("--source", required=True, type=click.Choice(remote_source_names()), help="The remote source.")
@click.option("--query", help="Query in the language of the server.")
@click.option("--filter", "filter_", help="Filter of OpenAlex or Crossref.")
@click.option("--set", "set_", help="Set of an OAI-PMH server.")
@click.option("--url", help="Address of an OAI-PMH server (oai).")
@click.option("--prefix", help="Metadata format, by default oai_dc (oai).")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="First day of the first run.")
@pass_settings
def add(
    settings: Settings,
    name: str,
    source: str,
    query: str | None,
    filter_: str | None,
    set_: str | None,
    url: str | None,
    prefix: str | None,
    since: datetime | None,
) -> None:
    """Store a harvest under a name; nothing is fetched yet.

    \b
    peerscope harvest add neuro --source arxiv --query cat:q-bio.NC --since 2024-01-01
    peerscope harvest add theses --source oai --url https://repository.example.org/oai --set theses
    """  # noqa: D301 (click's mark for lines that are not wrapped)
    stored = Harvest(name, source, query, filter_, set_, url, prefix, since.date().isoformat() if since else None)
    # Options that the source does not understand are refused now, not when cron runs it.
    open_harvester(source, stored.selection(), settings)
    HarvestList(settings.home).add(stored)
    echo(f"Stored. `peerscope harvest run {name}` fetches it.")


@harvest.command("list", short_help="List stored harvests.")
@click.option("--json", "as_json", is_flag=True, help="Print the harvests as JSON.")
@pass_settings
def list_(settings: Settings, as_json: bool) -> None:
    """List stored harvests, with the day of their last complete run."""
    harvests = HarvestList(settings.home).harvests.values()
    if as_json:
        echo_json([asdict(stored) for stored in harvests])
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("name", "selection", "last complete run"):
        table.add_column(column)
    for stored in harvests:
        table.add_row(stored.name, stored.describe(), stored.harvested or "never")
    Console().print(table if harvests else "No harvests are stored.")


@harvest.command(short_help="Remove a stored harvest.")
@click.argument("name")
@pass_settings
def remove(settings: Settings, name: str) -> None:
    """Remove a stored harvest. The works that it fetched stay in the index."""
    HarvestList(settings.home).remove(name)
    echo(f"Removed the harvest {name}.")


@harvest.command(short_help="Fetch what is new.")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@pass_settings
def run(settings: Settings, names: tuple[str, ...]) -> None:
    """Fetch what is new since the last complete run of each NAME, or of all stored harvests, and index it.

    A harvest that breaks off is reported, and fetches the same days again the next time; the others are run. The exit
    status is 1 if any of them failed.
    """
    stored = HarvestList(settings.home)
    selected = [stored.get(name) for name in names or stored.harvests]
    if not selected:
        echo("No harvests are stored.")
        return
    console = Console(stderr=True)
    session = Session(settings)
    failed = False
    for entry in selected:
        day = datetime.now(UTC).date()
        console.print(f"[bold]{entry.name}[/]: {entry.describe()}", highlight=False)
        report = session.run([open_harvester(entry.source, entry.selection(), settings)], Options(), console)
        if print_report(console, report, Options()):
            failed = True
        else:
            stored.complete(entry.name, day)
    if failed:
        raise SystemExit(1)
