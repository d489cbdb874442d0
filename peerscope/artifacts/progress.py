"""Progress on stderr: a bar for a person at a terminal, one plain line for a log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def download_progress(title: str, size: int, files: int) -> Iterator[Callable[[int], None]]:
    """Show that `size` bytes in so many files are coming; yields the function to call with each number of bytes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        console.print(f"{title}: fetching {decimal(size)} in {files} file{'s' if files > 1 else ''}", highlight=False)
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=size)
        yield lambda count: progress.update(task, advance=count)
