"""`peerscope index`: what to read, the run with its progress bar, and its summary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

import artifacts
import embedding
import engine
from indexer.bulk import WriteError
from indexer.run import RunError
from indexer.run import index as run_index
from indexer.sources import FEEDS, SourceError, Wanted, open_feed, open_sources
from mappings import IndexNames, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from types import TracebackType

    from indexer.report import Report
    from indexer.sources import Source

#: What a person can do something about: shown as one message, without a traceback.
EXPECTED = (
    artifacts.ArtifactError,
    embedding.EmbeddingError,
    engine.EngineError,
    RunError,
    SourceError,
    StoreError,
    WriteError,
)


_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--source", "feed", type=click.Choice(FEEDS), help="Ask a server for works, instead of or beside files.")
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
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, for programs.")
def index(
    paths: tuple[str, ...],
    feed: str | None,
    query: str | None,
    filter_: str | None,
    set_: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
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
    go in.
    """  # noqa: D301 (click's mark for lines that are kept as they are)
    console = Console(stderr=True)
    wanted = Wanted(query, filter_, set_, since and since.date(), until and until.date(), limit)
    try:
        sources = _sources(paths, feed, wanted)
        client = engine.connect()
        embedder = embedding.load()
        with ProgressBar(console, sources) as watcher:
            report = run_index(client, IndexNames.from_env(), embedder, sources, artifacts.home(), watcher)
    except EXPECTED as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        summarise(console, report)
    if report.broken_sources:
        raise SystemExit(1)


def _sources(paths: Sequence[str], feed: str | None, wanted: Wanted) -> list[Source]:
    if not feed and wanted.given():
        raise click.UsageError(f"--{min(wanted.given())} goes with --source.")
    if not feed and not paths:
        raise click.UsageError("Say what to index: a PATH, or --source.")
    return [*open_sources(paths), *([open_feed(feed, wanted)] if feed else [])]


class ProgressBar:
    """Draws a run: bytes of the sources for the works, then researchers; rate and time left with each."""

    def __init__(self, console: Console, sources: Sequence[Source]) -> None:
        """Prepare the bar; it shows from `with` on."""
        self._sources = sources
        sizes = [source.size for source in sources]
        self._total = None if None in sizes else float(sum(size or 0 for size in sizes))
        self._progress = Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            TaskProgressColumn(show_speed=False),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
        )
        self._works = self._progress.add_task("works", total=self._total, rate="")
        self._researchers = self._progress.add_task("researchers", total=None, rate="", visible=False)

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def works(self, report: Report) -> None:
        """Move the first bar to where the sources are read to."""
        task = self._progress.tasks[self._works]
        rate = report.counts.read / task.elapsed if task.elapsed else 0.0
        self._progress.update(
            self._works,
            completed=float(sum(source.position for source in self._sources)),
            rate=f"{report.counts.read:,} read, {rate:,.0f}/s",
        )

    def researchers(self, done: int, total: int) -> None:
        """Move the second bar."""
        self._progress.update(self._works, completed=self._total)
        task = self._progress.tasks[self._researchers]
        rate = done / task.elapsed if task.elapsed else 0.0
        self._progress.update(
            self._researchers, completed=done, total=total, visible=True, rate=f"{done:,} of {total:,}, {rate:,.0f}/s"
        )


def summarise(console: Console, report: Report) -> None:
    """Print what a run did, and where to look when something was refused."""
    counts = report.counts
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row(
        "works",
        f"{counts.read:,} read: {counts.new:,} new, {counts.changed:,} changed, "
        f"{counts.unchanged:,} unchanged, {counts.repeated:,} repeated, {counts.rejected:,} rejected",
    )
    table.add_row("researchers", f"{counts.researchers_written:,} built, {counts.researchers_removed:,} removed")
    table.add_row("topics", f"{counts.topics:,}")
    table.add_row("institutions", f"{counts.institutions:,}")
    table.add_row("time", ", ".join(f"{part} {seconds:,.1f} s" for part, seconds in report.seconds.items()))
    console.print(table)
    for key, times in (report.unknown or {}).items():
        console.print(f"[yellow]Note:[/] {times:,} records have the key {key!r}, which is not read.", highlight=False)
    if counts.rejected:
        console.print(f"[yellow]Rejected:[/] {counts.rejected:,} records, each with its reason, in {report.rejects}")
    for problem in report.broken_sources:
        console.print(f"[red]Broken off:[/] {problem}")
