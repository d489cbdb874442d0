"""`peerscope index`, `runs` and `rollback`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from indexer.run.progress import ProgressBar, print_summary, run_table, stage_table
from indexer.run.progress_lines import ProgressLines
from indexer.run.run import Options
from indexer.run.run import index as run_index
from indexer.run.watch import Watcher
from indexer.run.watch import watch as watch_files
from indexer.sources import Selection, open_harvester, open_sources, remote_source_names
from indexer.sources.base import STDIN
from indexer.sources.catalogues import order_of
from indexer.sources.stored import StoredWorks
from indexer.stages.execution import Execution
from indexer.staging.report import PARTS, find_run, past_runs
from indexer.write.writer_lock import only_writer
from mappings import IndexNames, Scale, StoreError, live
from mappings import rollback as roll_back
from peerscope import embedding, engine
from peerscope.commands import pass_settings
from peerscope.signing import Signer
from peerscope.terminal import Console, echo, echo_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from indexer.sources import Source
    from indexer.staging.report import Report
    from peerscope.settings import Settings

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Index works from files, folders, standard input or a remote source.")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--source", "remote", type=click.Choice(remote_source_names()), help="Fetch works from a remote source as well."
)
@click.option("--query", help="Query in the language of the server: words, or 'cat:q-bio.NC' (arxiv).")
@click.option("--filter", "filter_", help="Filter: 'institutions.ror:03vek6s52,type:article' (openalex, crossref).")
@click.option("--set", "set_", help="Set of the server, such as cs or physics:astro-ph (arxiv-oai, oai).")
@click.option("--url", help="Address of an OAI-PMH server (oai).")
@click.option("--prefix", help="Metadata format, such as mods; by default oai_dc (oai).")
@click.option("--since", type=_DAY, metavar="YYYY-MM-DD", help="First day of submission, publication or change.")
@click.option("--until", type=_DAY, metavar="YYYY-MM-DD", help="Last day.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Maximum number of works to fetch.")
@click.option(
    "--map", "columns", multiple=True, metavar="FIELD=COLUMN", help="Column of a field in CSV files: 'title=Titel'."
)
@click.option("--prune", is_flag=True, help="Remove indexed works that are not in PATH... any more.")
@click.option("--rebuild", is_flag=True, help="Start over, for another model or mapping; without PATH from the index.")
@click.option(
    "--new-epoch", is_flag=True, help="Count names, words and co-authors again, by which authors are identified."
)
@click.option("--dry-run", is_flag=True, help="Dry run: report what would be done, write nothing.")
@click.option("--watch", is_flag=True, help="Index PATH..., then wait for files that are new or have changed.")
@click.option("--explain", is_flag=True, help="Print what became of each record, with its warnings.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Processes that embed, and as many that identify authors.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler whose workers do that instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_settings
def index(
    settings: Settings,
    paths: tuple[str, ...],
    remote: str | None,
    query: str | None,
    filter_: str | None,
    set_: str | None,
    url: str | None,
    prefix: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    columns: tuple[str, ...],
    prune: bool,
    rebuild: bool,
    new_epoch: bool,
    dry_run: bool,
    watch: bool,
    explain: bool,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Index works from files, folders, standard input (-) or a remote source.

    Formats are detected by file name, or else by content: the import format, one JSON object per line (.jsonl,
    described in docs/import.md), OpenAlex snapshot parts, BibTeX (.bib), RIS (.ris), CSL-JSON (.json), tables (.csv),
    and the exports of PubMed, Crossref, DataCite, DBLP, ORCID, Web of Science, Scopus and many others
    (docs/import-formats.md), each also gzipped (.gz).

    \b
    peerscope index works.jsonl library.bib
    peerscope index --source arxiv --query cat:q-bio.NC --since 2024-01-01
    peerscope index --source arxiv-oai --set cs --since 2024-06-01 --until 2024-06-30
    peerscope index --source openalex --query 'sparse coding' --limit 1000

    Works that are already indexed and did not change are skipped, so the same command continues an interrupted run. An
    invalid record is written to a rejects file with its line and the reason, and the others are indexed. Searches see
    the changes at the end of the run, all at once.
    """  # noqa: D301 (click's mark for lines that are not wrapped)
    console = Console(stderr=True)
    selection = Selection(query, filter_, set_, since and since.date(), until and until.date(), limit, url, prefix)
    if prune and remote:
        raise click.UsageError("--prune works with files only: a remote source returns only some of its works.")
    if workers and scheduler:
        raise click.UsageError("--workers starts processes on this machine, --scheduler uses a cluster: name one.")
    mapped = _columns(columns)
    if watch and (remote or prune or rebuild or new_epoch or dry_run or STDIN in paths):
        raise click.UsageError(
            "--watch works with files and folders, without --source, --prune, --rebuild, --new-epoch, --dry-run."
        )
    if watch and (missing := [path for path in paths if not Path(path).exists()]):
        raise click.UsageError(f"{missing[0]}: no such file or folder.")
    needs_source = not (rebuild or (new_epoch and not prune))
    sources = [] if watch else _sources(paths, remote, selection, settings, needed=needs_source, columns=mapped)
    session = Session(settings, Execution.from_settings(settings, workers, scheduler))
    explainer = partial(echo, err=as_json) if explain else None
    options = Options(prune=prune, rebuild=rebuild, new_epoch=new_epoch, dry_run=dry_run, explain=explainer)
    if watch:
        _watch(session, paths, mapped, options, console, as_json=as_json)
        return
    if rebuild and not sources:
        sources = [session.indexed_works()]
    report = session.run(sources, options, console)
    if print_report(console, report, options, as_json=as_json):
        raise SystemExit(1)


def print_report(console: Console, report: Report, options: Options, *, as_json: bool = False) -> bool:
    """Print the report of a run; return whether a source was incomplete or every record was rejected."""
    if as_json:
        echo_json(report.to_dict())
    else:
        print_summary(console, report, dry_run=options.dry_run)
    return bool(report.broken_sources) or report.is_rejected


class Session:
    """The connection and the model with which runs are made; one after another."""

    def __init__(self, settings: Settings, execution: Execution | None = None) -> None:
        """Connect to OpenSearch and load the model; `execution` says which processes work, by default the settings."""
        self._settings = settings
        self._execution = execution or Execution.from_settings(settings)
        self._source_order = order_of(settings.source_order.replace(",", " ").split())
        self._names = IndexNames(settings.index_prefix)
        self._client = engine.connect(settings)
        engine.keep_alive(settings)
        self._embedder = embedding.load(settings)

    def run(self, sources: Sequence[Source], options: Options, console: Console) -> Report:
        """Index sources, show the progress on `console`, and return the report."""
        with _progress(console, sources) as progress:
            return run_index(
                self._client,
                self._names,
                self._embedder,
                sources,
                self._settings.home,
                progress,
                options,
                scale=Scale.from_settings(self._settings),
                signer=Signer.from_settings(self._settings),
                source_order=self._source_order,
                execution=self._execution,
            )

    def indexed_works(self) -> Source:
        """Return the indexed works as the source of a rebuild. Raises StoreError when there are none."""
        generation = live(self._client, self._names)
        if generation is None:
            raise StoreError("Nothing is indexed yet, so there is nothing to rebuild: name a PATH to index.")
        return StoredWorks(self._client, generation)


def _progress(console: Console, sources: Sequence[Source]) -> ProgressBar | ProgressLines:
    """Return bars for a terminal, and lines for a log."""
    if console.is_terminal:
        return ProgressBar(console, sources)
    return ProgressLines(partial(echo, err=True), sources)


def _watch(
    session: Session,
    paths: Sequence[str],
    columns: dict[str, str],
    options: Options,
    console: Console,
    *,
    as_json: bool,
) -> None:
    """Index files that are new or have changed, until the process is interrupted."""
    echo(f"Watching {', '.join(paths)}. Press Ctrl-C to end.", err=True)

    def index_files(files: list[str]) -> None:
        report = session.run(open_sources(files, columns, watcher.folders), options, console)
        print_report(console, report, options, as_json=as_json)

    watcher = Watcher(paths)
    watch_files(watcher, index_files, partial(echo, err=True))


def _columns(options: Sequence[str]) -> dict[str, str]:
    """Return the names of columns by field."""
    pairs = [option.partition("=") for option in options]
    if wrong := next((field for field, separator, column in pairs if not (separator and column)), None):
        raise click.UsageError(f"--map {wrong}: name a field and a column, such as title=Titel.")
    return {field.strip(): column.strip() for field, _, column in pairs}


def _sources(
    paths: Sequence[str],
    remote: str | None,
    selection: Selection,
    settings: Settings,
    *,
    needed: bool,
    columns: dict[str, str],
) -> list[Source]:
    if not remote and selection.options():
        raise click.UsageError(f"--{min(selection.options())} requires --source.")
    if not remote and not paths and needed:
        raise click.UsageError("Nothing to index: name a PATH, or use --source.")
    return [*open_sources(paths, columns), *([open_harvester(remote, selection, settings)] if remote else [])]


@click.group(short_help="List past indexing runs, or show one.", invoke_without_command=True)
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="Number of runs.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
@pass_settings
@click.pass_context
def runs(context: click.Context, settings: Settings, count: int, as_json: bool) -> None:
    """List past indexing runs, the latest first: what each read, changed and rejected, and whether it finished.

    \b
    peerscope runs
    peerscope runs show 20260131-120000-123
    """  # noqa: D301 (click's mark for lines that are not wrapped)
    if context.invoked_subcommand is None:
        _list_runs(settings, count, as_json=as_json)


def _list_runs(settings: Settings, count: int, *, as_json: bool) -> None:
    reports, unreadable = past_runs(settings.home / "runs", count)
    for file in unreadable:
        echo(f"Note: {file} cannot be read. The run was interrupted while writing it.", err=True)
    if as_json:
        echo_json(reports)
        return
    # Seven columns fit into the 80 characters of a terminal, also with millions of works.
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    columns = ("read", "new", "changed", "removed", "rejected")
    for name in ("run", *columns, "finished in"):
        table.add_column(name, justify="left" if name == "run" else "right", no_wrap=True)
    for report in reports:
        seconds = sum(report["seconds"].get(part, 0) for part in PARTS)
        end = f"{seconds:,.1f} s" if report.get("finished") else "interrupted"
        table.add_row(report["run"], *(f"{report.get(name, 0):,}" for name in columns), end)
    Console().print(table if reports else "No runs yet.")


@runs.command("show", short_help="Show what one run did and what it took.")
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_settings
def show_run(settings: Settings, run: str, as_json: bool) -> None:
    """Show the report of a RUN, such as 20260131-120000-123, or `last`.

    It has the counts and the time of each part. Of each stage of identity and of embedding it has the tasks, those that
    an earlier run had done, the seconds of all workers together, the bytes read and written, and the highest peak of
    memory.
    """
    report = find_run(settings.home / "runs", run)
    if as_json:
        echo_json(report)
        return
    console = Console()
    console.print(run_table(report))
    if report.get("stages"):
        console.print(stage_table(report["stages"]))


@click.command(short_help="Restore the index from before the last run.")
@click.confirmation_option(prompt="Restore the index from before the last run, and delete what that run wrote?")
@pass_settings
def rollback(settings: Settings) -> None:
    """Restore the index from before the last run that changed it. What that run wrote is deleted."""
    client, names = engine.connect(settings), IndexNames(settings.index_prefix)
    # A run in progress would write into what is deleted here.
    with only_writer(settings.home, client, names):
        generation = roll_back(client, names, replicas=settings.replicas)
    echo(f"The index is back at generation {generation.number}.")
