"""One indexing run from beginning to end: lock, read, identify, write, build what follows, go live, report."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.build.assigned_topics import assign_topics
from indexer.build.groups import build_groups, build_researchers
from indexer.build.works import Writer
from indexer.identity.overrides import Overrides
from indexer.identity.overrides import load as load_overrides
from indexer.identity.resolver import ResolverError
from indexer.identity.statements import statements_of
from indexer.identity.update import IdentityUpdate, save_duplicates
from indexer.staging.changes import changes, first_of_each, missing_works, read
from indexer.staging.database import StagingDatabase
from indexer.staging.report import Report, Stopwatch
from indexer.staging.seen import Seen
from indexer.write.people_states import claimed
from indexer.write.target import Target
from indexer.write.writer_lock import only_writer
from mappings import save_decisions, stored_decisions
from peerscope.errors import PeerscopeError
from peerscope.memory import peak_mb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.sources import Source
    from indexer.staging.watcher import Watcher
    from indexer.write.writer_lock import WriterLock
    from mappings import Generation, IndexNames
    from peerscope.embedding import Embedder


class RunError(PeerscopeError):
    """A run that cannot begin or go on; the message says why."""


@dataclass(frozen=True)
class Options:
    """What a run does besides bringing in what is new or changed."""

    prune: bool = False
    """Remove works that the sources do not hold any more."""
    rebuild: bool = False
    """Begin with an empty index, for another model or mapping."""
    dry_run: bool = False
    """Only count what would be done."""


@dataclass(frozen=True)
class Run:
    """What one run works with."""

    client: OpenSearch
    embedder: Embedder
    target: Target
    report: Report
    options: Options
    watcher: Watcher
    decided: Decided
    staged: StagingDatabase
    lock: WriterLock

    def read(self, sources: Sequence[Source], unknown: Counter[str]) -> None:
        """Stage what is new, changed or gone."""
        with Stopwatch(self.report, "read"), Seen() as seen:
            records = first_of_each(read(sources, self.report, unknown), seen, self.report)
            fingerprint = self.embedder.model.fingerprint
            for batch in changes(self.client, self.target, fingerprint, records, self.report):
                self.staged.add(batch)
                self.watcher.read(self.report)
            if self.options.prune:
                self._prune(seen)

    def _prune(self, seen: Seen) -> None:
        counts = self.report.counts
        if self.report.broken_sources or counts.rejected > counts.not_works:
            raise RunError(
                "Nothing was pruned: a source broke off or records were rejected, so what is missing may not be gone."
            )
        for batch in missing_works(self.client, self.target, seen):
            counts.removed += len(batch)
            self.staged.add(batch)

    def write(self) -> None:
        """Write what is staged and all that follows from it, and make the new state the one that is searched."""
        generation = self.target.writable() if len(self.staged) else self.target.begun
        if generation is None:
            return
        writer = Writer(self.client, generation, self.embedder, self.staged, self.report, self.target)
        self._identify(generation, writer)
        with Stopwatch(self.report, "works"):
            writer.write_all(self.watcher.works)
        with Stopwatch(self.report, "topics"):
            self.report.counts.topics_assigned += assign_topics(self.client, generation, self.watcher.topics)
        with Stopwatch(self.report, "researchers"):
            build_researchers(
                self.client, generation, self.staged, self.report, self.watcher.researchers, self.target.replaced
            )
        with Stopwatch(self.report, "topics"):
            build_groups(self.client, generation, self.report)
        save_decisions(self.client, generation, self.decided.digest)
        self.lock.check()
        with Stopwatch(self.report, "publish"):
            self.target.publish()
        self.report.generation = generation.number

    def _identify(self, generation: Generation, writer: Writer) -> None:
        """Find out who the authors are; works are embedded as long as that takes."""
        with Stopwatch(self.report, "identity"):
            identity = IdentityUpdate(self.client, generation, self.staged, self.decided.overrides)
        try:
            with Stopwatch(self.report, "works"):
                writer.embed_ahead(lambda: identity.is_running, self.watcher.works)
            with Stopwatch(self.report, "identity"):
                save_duplicates(self.report.folder / "duplicates.jsonl", identity.finish())
        except ResolverError as error:
            raise RunError(str(error)) from error
        finally:
            identity.stop()
        # Added up as if both had been at their largest at the same time: it was not more.
        self.report.peak_memory_mb = round(peak_mb() + identity.peak_mb)


def index(
    client: OpenSearch,
    names: IndexNames,
    embedder: Embedder,
    sources: Sequence[Source],
    home: Path,
    watcher: Watcher,
    options: Options | None = None,
) -> Report:
    """Bring everything that `sources` hold into the index, and give the report of the run.

    Run again after any interruption, it ends in the same state as a run that was never disturbed. Raises LockedError
    when another run writes, RunError when nothing can be pruned, ModelMismatch when the index was made with another
    embedding model, OverridesError when overrides.toml cannot be followed, StoreError when the index has another
    mapping version, WriteError when OpenSearch stays away.
    """
    options = options or Options()
    with only_writer(home, client, names) as lock, StagingDatabase(home / "staged.sqlite") as staged:
        decided = Decided(home, names, client)
        target = Target(client, names, embedder.model, rebuild=options.rebuild, look_only=options.dry_run)
        report = Report.new(home / "runs")
        run = Run(client, embedder, target, report, options, watcher, decided, staged, lock)
        report.unknown = Counter()
        try:
            run.read(sources, report.unknown)
            if not options.dry_run:
                if target.readable and not decided.is_followed(client, target.readable):
                    # New decisions about people have to be carried out even when no work is new.
                    target.writable()
                run.write()
            report.finished = True
        finally:
            report.peak_memory_mb = max(report.peak_memory_mb, round(peak_mb()))
            report.save()
    return report


class Decided:
    """What people decided about people, in `overrides.toml` and as owners of profiles, and its digest."""

    def __init__(self, home: Path, names: IndexNames, client: OpenSearch) -> None:
        """Read the file; where there is none, it decides nothing. Raises OverridesError when it cannot be followed."""
        file = home / "overrides.toml"
        statements = statements_of(claimed(client, names))
        self.overrides = replace(load_overrides(file) if file.exists() else Overrides(), statements=statements)
        self.digest = _digest(
            file.read_bytes() if file.exists() else b"", repr(statements.statements) if statements.statements else ""
        )

    def is_followed(self, client: OpenSearch, generation: Generation) -> bool:
        """Return whether a generation was written by just these decisions; by none, where it does not say."""
        return (stored_decisions(client, generation) or _digest(b"", "")) == self.digest


def _digest(file: bytes, statements: str) -> str:
    return hashlib.sha256(file + statements.encode()).hexdigest()
