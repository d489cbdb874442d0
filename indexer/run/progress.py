"""The progress of a run, drawn as bars in the terminal, and the summary at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from indexer.sources import Source
    from indexer.staging.report import Report
    from peerscope.terminal import Console


class ProgressListener(Protocol):
    """Receives the progress of a run."""

    def read(self, report: Report) -> None:
        """Receive the report after a batch of records was read."""

    def works(self, done: int, total: int) -> None:
        """Receive the number of works embedded, or written, and their total."""

    def topics(self, done: int) -> None:
        """Receive the number of works without topics that were looked at."""

    def researchers(self, done: int, total: int) -> None:
        """Receive the number of researchers built, and their total."""

    def tasks(self, stage: str, done: int, total: int) -> None:
        """Receive how many tasks of a stage are done, and their total: beside the rest of the run, from any thread."""

    def begin(self, part: str) -> None:
        """Receive the name of a part of the run that begins, which may count nothing."""


class NoProgress:
    """A listener that shows nothing."""

    def read(self, report: Report) -> None:
        """Ignore a batch of records."""

    def works(self, done: int, total: int) -> None:
        """Ignore a batch of works."""

    def topics(self, done: int) -> None:
        """Ignore a batch of works without topics."""

    def researchers(self, done: int, total: int) -> None:
        """Ignore a batch of researchers."""

    def tasks(self, stage: str, done: int, total: int) -> None:
        """Ignore a task of a stage."""

    def begin(self, part: str) -> None:
        """Ignore the beginning of a part."""


class ProgressBar:
    """A listener that draws bars for bytes of the sources, works and researchers, with rate and remaining time."""

    def __init__(self, console: Console, sources: Sequence[Source]) -> None:
        """Prepare the bars, which are shown during the `with` block."""
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
        self._read = self._progress.add_task("reading", total=self._total, rate="")
        self._tasks = self._progress.add_task("identity", total=None, rate="", visible=False, start=False)
        self._works = self._progress.add_task("works", total=None, rate="", visible=False, start=False)
        self._topics = self._progress.add_task("topics", total=None, rate="", visible=False, start=False)
        self._researchers = self._progress.add_task("researchers", total=None, rate="", visible=False, start=False)

    def __enter__(self) -> ProgressBar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def read(self, report: Report) -> None:
        """Move the bar of bytes to the position in the sources."""
        position = float(sum(source.position for source in self._sources))
        self._progress.update(self._read, completed=position, rate=self._rate(self._read, report.counts.read))

    def works(self, done: int, total: int) -> None:
        """Move the bar of works."""
        self._progress.update(self._read, completed=self._total)
        self._move(self._works, done, total)

    def topics(self, done: int) -> None:
        """Show the number of works for which topics were looked for."""
        self._progress.start_task(self._topics)
        self._progress.update(self._topics, completed=done, visible=True, rate=f"{done:,} works")

    def researchers(self, done: int, total: int) -> None:
        """Move the bar of researchers."""
        self._move(self._researchers, done, total)

    def tasks(self, stage: str, done: int, total: int) -> None:
        """Move the bar of the stage of identity that is worked on."""
        self._progress.start_task(self._tasks)
        self._progress.update(
            self._tasks, completed=done, total=total, visible=True, rate=f"{stage}, {done} of {total}"
        )

    def begin(self, part: str) -> None:
        """Ignore the beginning of a part: its bar appears with the first batch."""

    def _move(self, bar: TaskID, done: int, total: int) -> None:
        self._progress.start_task(bar)
        self._progress.update(bar, completed=done, total=total, visible=True, rate=self._rate(bar, done))

    def _rate(self, bar: TaskID, done: int) -> str:
        elapsed = self._progress.tasks[bar].elapsed
        return f"{done:,}, {done / elapsed if elapsed else 0:,.0f}/s"


def print_summary(console: Console, report: Report, *, dry_run: bool) -> None:
    """Print what a run did, and the file with rejected records."""
    counts = report.counts
    if dry_run:
        console.print("[bold]Dry run:[/] nothing was written. This run would do:")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row(
        "works",
        f"{counts.read:,} read: {counts.new:,} new, {counts.merged:,} merged, {counts.changed:,} changed, "
        f"{counts.unchanged:,} unchanged, {counts.removed:,} removed, {counts.repeated:,} repeated, "
        f"{counts.rejected:,} rejected",
    )
    table.add_row("researchers", f"{counts.researchers_written:,} built, {counts.researchers_removed:,} removed")
    table.add_row("topics", f"{counts.topics:,}; suggested for {counts.topics_assigned:,} works without topics")
    table.add_row("institutions", f"{counts.institutions:,}")
    table.add_row("time", ", ".join(f"{part} {seconds:,.1f} s" for part, seconds in report.seconds.items()))
    console.print(table)
    for key, times in (report.unknown or {}).items():
        console.print(f"[yellow]Note:[/] {times:,} records have the unknown key {escape(repr(key))}.", highlight=False)
    if counts.rejected:
        not_works = f" ({counts.not_works:,} are not works, according to their source)" if counts.not_works else ""
        file = escape(str(report.rejects))
        console.print(f"[yellow]Rejected:[/] {counts.rejected:,} records{not_works}. The reasons are in {file}")
        for reason in report.first_reasons:
            console.print(f"  {escape(reason)}", highlight=False)
    if report.warnings:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.warnings.most_common())
        file = escape(str(report.warnings_file))
        console.print(f"[yellow]Warnings:[/] {escape(kinds)}; details in {file}", highlight=False)
    for problem in report.broken_sources:
        console.print(f"[red]Incomplete:[/] {escape(problem)}")


def run_table(report: Mapping[str, Any]) -> Table:
    """Return the counts and times of a stored report."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("run", report["run"])
    table.add_row("started", report.get("started_at", ""))
    table.add_row("finished", "yes" if report.get("finished") else "no, it was interrupted")
    counts = ("read", "new", "merged", "changed", "unchanged", "removed", "repeated", "rejected", "embedded")
    table.add_row("works", ", ".join(f"{report[name]:,} {name}" for name in counts if report.get(name)) or "none")
    table.add_row("researchers", f"{report.get('researchers_written', 0):,} built")
    if epoch := report.get("epoch"):
        table.add_row("epoch", describe_epoch(epoch, report["run"]))
    table.add_row("time", ", ".join(f"{part} {seconds:,.1f} s" for part, seconds in report.get("seconds", {}).items()))
    table.add_row("peak memory", f"{report.get('peak_memory_mb', 0):,} MB of all processes together")
    return table


def describe_epoch(epoch: Mapping[str, Any], run: str) -> str:
    """Return which epoch a run belongs to, since when, and why it began."""
    began = "began in this run" if epoch["began_in"] == run else f"began in the run {epoch['began_in']}"
    return f"{epoch['number']}, {began} with {epoch['works']:,} works: {epoch['reason']}"


def stage_table(stages: Iterable[Mapping[str, Any]]) -> Table:
    """Return what each stage of a stored report took."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("stage", "tasks", "reused", "seconds", "read MB", "written MB", "peak MB", "workers"):
        table.add_column(name, justify="left" if name == "stage" else "right", no_wrap=True)
    for stage in stages:
        table.add_row(
            stage["stage"],
            f"{stage['tasks']:,}",
            f"{stage['reused']:,}",
            f"{stage['seconds']:,.1f}",
            f"{stage['bytes_read'] / 1e6:,.1f}",
            f"{stage['bytes_written'] / 1e6:,.1f}",
            f"{stage['peak_memory_mb']:,}",
            f"{stage['workers']:,}",
        )
    return table
