"""`peerscope index | runs | rollback`: what to read, the run and its summary, and the way back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from indexer.run.progress import ProgressBar, summarise
from indexer.run.run import Options
from indexer.run.run import index as run_index
from indexer.sources import Selection, open_harvester, open_sources, remote_source_names
from indexer.sources.stored import StoredWorks
from indexer.staging.report import PARTS, past_runs
from indexer.write.writer_lock import only_writer
from mappings import IndexNames, StoreError, live
from mappings import rollback as go_back
from peerscope import artifacts, embedding, engine
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from opensearchpy import OpenSearch

    from indexer.sources import Source

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Bring works into the index.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--source",
    "remote",
    type=click.Choice(remote_source_names()),
    help="Ask a server for works, instead of or beside files.",
)
@click.option("--query", help="What to look for: words (openalex), or arXiv's query language: 'cat:q-bio.NC' (arxiv).")
@click.option("--filter", "filter_", help="A filter of OpenAlex: 'institutions.ror:03vek6s52,type:article' (openalex).")
@click.option("--set", "set_", help="A set of arXiv, such as cs or physics:astro-ph (arxiv-oai).")
@click.option(
    "--since",
    type=_DAY,
    metavar="YYYY-MM-DD",
    help="First day, of submission (arxiv-oai: change).",
)
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="Last day.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many works of the server.")
@click.option("--prune", is_flag=True, help="Remove the works that are not in PATH... any more.")
@click.option("--rebuild", is_flag=True, help="Begin anew, for another model or mapping; without PATH from the index.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for programs.")
def index(
    paths: tuple[str, ...],
    remote: str | None,
    query: str | None,
    filter_: str | None,
    set_: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    prune: bool,
    rebuild: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring works into the index: files, folders, - for standard input, or what a server knows.

    Files are told by their names, and else by their content: the import format, one JSON object a line (.jsonl; what
    it holds is in docs/import.md), OpenAlex snapshot parts, answers of arXiv and collections of the ACL Anthology
    (.xml), BibTeX (.bib), RIS (.ris), CSL-JSON (.json); all of them also gzipped (.gz).

    \b
    peerscope index works.jsonl library.bib
    peerscope index --source arxiv --query cat:q-bio.NC --since 2024-01-01
    peerscope index --source arxiv-oai --set cs --since 2024-06-01 --until 2024-06-30
    peerscope index --source openalex --query 'sparse coding' --limit 1000

    Works that are in the index already and did not change are passed over, so the same command again continues a run
    that was broken off. A record that cannot be right goes to a rejects file with its line and the reason; the others
    go in. What is searched changes at the end of the run, all at once.
    """  # noqa: D301 (click's mark for lines that are kept as they are)
    console = Console(stderr=True)
    selection = Selection(query, filter_, set_, since and since.date(), until and until.date(), limit)
    if prune and remote:
        raise click.UsageError("--prune goes with files: a server gives a part, and what it leaves out is not gone.")
    names = IndexNames.from_env()
    sources = _sources(paths, remote, selection, rebuild=rebuild)
    client = engine.connect()
    engine.keep_alive()
    if not sources:
        sources = stored(client, names)
    embedder = embedding.load()
    with ProgressBar(console, sources) as watcher:
        options = Options(prune=prune, rebuild=rebuild, dry_run=dry_run)
        report = run_index(client, names, embedder, sources, artifacts.home(), watcher, options)
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        summarise(console, report, dry_run=dry_run)
    if report.broken_sources:
        raise SystemExit(1)


def stored(client: OpenSearch, names: IndexNames) -> list[Source]:
    """Return the works that are indexed as the source of a rebuild. Raises StoreError when there are none."""
    now = live(client, names)
    if now is None:
        raise StoreError("Nothing is indexed yet: name a PATH to index.")
    return [StoredWorks(client, now)]


@click.command(short_help="List past indexing runs.")
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="Runs to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON, for programs.")
def runs(count: int, as_json: bool) -> None:
    """List past indexing runs, the latest first: what each read, changed and rejected, and whether it finished."""
    reports, unreadable = past_runs(artifacts.home() / "runs", count)
    for file in unreadable:
        click.echo(f"Note: {file} cannot be read; the run was broken off while it was written.", err=True)
    if as_json:
        click.echo(json.dumps(reports, indent=2, ensure_ascii=False))
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    columns = ("read", "new", "changed", "removed", "rejected")
    for name in ("run", *columns, "seconds", "state"):
        table.add_column(name, justify="left" if name in {"run", "state"} else "right", no_wrap=True)
    for report in reports:
        seconds = sum(report["seconds"].get(part, 0) for part in PARTS)
        state = "finished" if report.get("finished") else "broken off"
        table.add_row(report["run"], *(f"{report.get(name, 0):,}" for name in columns), f"{seconds:,.1f}", state)
    Console().print(table if reports else "No run yet.")


@click.command(short_help="Go back to the index before the last run.")
@click.confirmation_option(prompt="Go back to the state before the last run, and drop what it wrote?")
def rollback() -> None:
    """Go back to the state of the index before the last run that changed it. What that run wrote is dropped."""
    client, names = engine.connect(), IndexNames.from_env()
    # A run that goes on would write into what is dropped here.
    with only_writer(artifacts.home(), client, names):
        generation = go_back(client, names)
    click.echo(f"The index is back at generation {generation.number}.")


def _sources(paths: Sequence[str], remote: str | None, selection: Selection, *, rebuild: bool) -> list[Source]:
    if not remote and selection.options():
        raise click.UsageError(f"--{min(selection.options())} goes with --source.")
    if not remote and not paths and not rebuild:
        raise click.UsageError("Say what to index: a PATH, or --source.")
    return [*open_sources(paths), *([open_harvester(remote, selection, Settings.load())] if remote else [])]
