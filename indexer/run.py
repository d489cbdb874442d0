"""One indexing run from beginning to end: lock, check the model, works, researchers, topics, report."""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from indexer.build import build_groups, build_researchers
from indexer.pipeline import first_of_each, index_works, read
from indexer.report import Report, Stopwatch
from mappings import ensure, stored_model

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from opensearchpy import OpenSearch

    from embedding import Embedder
    from indexer.sources import Source
    from mappings import IndexNames


class RunError(Exception):
    """A run that cannot begin; the message says why."""


class Watcher(Protocol):
    """Is told how a run gets on, for instance to draw a progress bar."""

    def works(self, report: Report) -> None:
        """Hear of a batch of works that is in the index."""

    def researchers(self, done: int, total: int) -> None:
        """Hear of a batch of researchers that is built."""


def index(
    client: OpenSearch,
    names: IndexNames,
    embedder: Embedder,
    sources: Sequence[Source],
    home: Path,
    watcher: Watcher,
) -> Report:
    """Bring everything that `sources` hold into the index, and give the report of the run.

    Run again after any interruption, it ends in the same state as a run that was never disturbed. Raises RunError when
    another run holds the lock, ModelMismatch when the index was made with another embedding model, StoreError when it
    has another mapping version, WriteError when OpenSearch stays away.
    """
    with _only_writer(home / "index.lock"):
        stored = stored_model(client, names)
        if stored is not None:
            embedder.model.check_same(stored)
        ensure(client, names, embedder.model.to_dict())
        report = Report.new(home / "runs")
        unknown: Counter[str] = Counter()
        report.unknown = unknown
        try:
            with Stopwatch(report, "works"):
                records = first_of_each(read(sources, report, unknown), report)
                index_works(client, names, embedder, records, report, lambda: watcher.works(report))
            with Stopwatch(report, "researchers"):
                build_researchers(client, names, report, watcher.researchers)
            with Stopwatch(report, "topics"):
                build_groups(client, names, report)
        finally:
            report.save()
    return report


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Hold the lock of the one process that writes; the system lets go of it even when that process is killed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise RunError(
                f"Another run is writing to the index (process {file.read().strip()}); wait for it to end."
            ) from error
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
