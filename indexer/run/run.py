"""One indexing run from start to end: lock, read, identify, write, build, publish, report."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import TYPE_CHECKING

from opensearchpy.exceptions import TransportError

from indexer.build.aggregates import build_topics_and_institutions
from indexer.build.assigned_topics import assign_topics
from indexer.build.embedding import WorkEmbedding, embed_texts, use_here
from indexer.build.researchers import ResearcherBuilder
from indexer.build.works import WorkWriter
from indexer.deduplication.changes import Deduplication, first_of_each
from indexer.deduplication.incoming import IncomingRecords
from indexer.deduplication.merging import SourceOrder
from indexer.deduplication.named_works import NamedWorks
from indexer.identity.epochs import history, kept_files
from indexer.identity.overrides import CORRECTIONS, Overrides, combine
from indexer.identity.overrides import load as load_overrides
from indexer.identity.resolver import probable_duplicates
from indexer.identity.stages.ids import explain_people, list_researchers
from indexer.identity.statements import statements_of
from indexer.identity.update import IdentityUpdate, save_duplicates
from indexer.institutions import Registry
from indexer.institutions.decisions import digest_of, load_decisions
from indexer.institutions.mining import NameCollector
from indexer.institutions.ror import names_of
from indexer.institutions.update import update_institutions
from indexer.sources.catalogues import ORDER
from indexer.sources.stored import StoredWorks
from indexer.stages.execution import FOLDER, Execution
from indexer.staging.database import StagingDatabase
from indexer.staging.reading import read
from indexer.staging.report import Report, Stopwatch
from indexer.write.bulk import WriteError, concurrent_writers
from indexer.write.people_states import claimed_states
from indexer.write.target import Target
from indexer.write.writer_lock import only_writer
from mappings import Scale, index_uuid, save_decisions, stored_decisions
from peerscope.errors import PeerscopeError
from peerscope.memory import peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from opensearchpy import OpenSearch

    from indexer.identity.epochs import History, Outcome
    from indexer.run.progress import ProgressListener
    from indexer.sources import Source
    from indexer.stages.runner import Runner
    from indexer.staging.reading import CheckedRecord
    from indexer.write.writer_lock import WriterLock
    from mappings import Generation, IndexNames
    from peerscope.embedding import Embedder
    from peerscope.signing import Signer

#: Identity decisions of people; docs/identity.md has the format.
OVERRIDES = "overrides.toml"


class RunError(PeerscopeError):
    """A run that cannot start or continue; the message says why."""


@dataclass(frozen=True)
class Options:
    """What a run does besides indexing new and changed works."""

    prune: bool = False
    """Remove works that are no longer in the sources."""
    rebuild: bool = False
    """Start with an empty index, for another model or mapping."""
    new_epoch: bool = False
    """Count names, words and co-authors again, also if the collection has hardly grown."""
    dry_run: bool = False
    """Count what would be done, without writing."""
    explain: Callable[[str], None] | None = None
    """Receives a line about each record: what became of it, its warnings, or why it was rejected."""


@dataclass(frozen=True)
class Run:
    """The parts that the steps of a run share."""

    client: OpenSearch
    embedder: Embedder
    target: Target
    report: Report
    options: Options
    progress: ProgressListener
    decisions: Decisions
    staging: StagingDatabase
    lock: WriterLock
    stages: Runner
    embedding: WorkEmbedding
    signer: Signer | None = None
    names: NameCollector = field(default_factory=NameCollector)
    """Names of institutions on all works that were read, also on unchanged ones: an interrupted run finds the same."""

    def read(self, sources: Sequence[Source], unknown: Counter[str]) -> None:
        """Stage new, changed and removed works; `unknown` counts keys of records that are not read."""
        fingerprint = self.embedder.model.fingerprint
        with Stopwatch(self.report, "read"), IncomingRecords() as incoming:
            works = Deduplication(
                self.client,
                self.target,
                incoming,
                self.report,
                fingerprint,
                SourceOrder(self.decisions.source_order),
                self.decisions.works,
                self.signer,
                NamedWorks(self.decisions.overrides.named_works),
            )
            is_decided = not self.are_decisions_followed()
            if is_decided or self.target.begun:
                works.group_again(decided=is_decided)
            checked = read(sources, self.report, unknown, fingerprint)
            records = self._collect_names(first_of_each(checked, incoming, self.report, fingerprint))
            for _ in works.compare(records):
                self.progress.read(self.report)
            if self.options.prune:
                self._prune(works)
            for batch in works.changes():
                self.staging.add(batch)
            self.decisions.overrides = self.decisions.overrides.follow(works.named.work_id, works.named.mention)

    def are_decisions_followed(self) -> bool:
        """Return whether the index follows the current decisions; True when there is none yet."""
        return self.target.readable is None or self.decisions.are_followed(self.client, self.target.readable)

    def _collect_names(self, records: Iterable[CheckedRecord]) -> Iterator[CheckedRecord]:
        for checked in records:
            if checked.record:
                self.names.add(checked.record.work)
            yield checked

    def _prune(self, works: Deduplication) -> None:
        counts = self.report.counts
        if self.report.broken_sources or counts.rejected > counts.not_works:
            raise RunError(
                "Nothing was pruned: a source could not be read to its end or records were rejected, so a work that "
                "was not read may still exist."
            )
        works.remove_unread()

    def write(self, *, is_copy: bool) -> None:
        """Write staged works and all documents that depend on them, then publish the generation.

        `is_copy` for works that were read from the index, not from a source.
        """
        generation = self.target.writable() if len(self.staging) else self.target.begun
        if generation is None:
            return
        self.embedding.add_finished()
        self.names.add_stored(self.client, generation)
        registry = Registry(*self.decisions.institutions, self.names.names())
        writer = WorkWriter(
            self.client,
            generation,
            self.embedding,
            self.staging,
            self.report,
            self.target,
            self.signer,
            registry,
            is_copy,
            concurrent_writers(self.client),
        )
        outcome = self._identify(generation, writer)
        with Stopwatch(self.report, "works"):
            writer.write_all(self.progress.works)
            self.progress.begin("institutions")
            update_institutions(self.client, generation, registry, self.staging.forget_facts)
        with Stopwatch(self.report, "topics"):
            self.report.counts.topics_assigned += assign_topics(
                self.client, generation, self.progress.topics, self.staging.forget_facts
            )
        self.progress.begin("researchers")
        with Stopwatch(self.report, "researchers"):
            self._researcher_builder(generation).build_all(self.progress.researchers)
        self.progress.begin("lists of topics and institutions")
        with Stopwatch(self.report, "topics"):
            build_topics_and_institutions(self.client, generation, self.report)
        save_decisions(self.client, generation, self.decisions.digest)
        outcome.manifest(index_uuid(self.client, generation)).save(self.stages.folder, generation.number)
        self.lock.check()
        self.progress.begin("publishing")
        with Stopwatch(self.report, "publish"):
            self.target.publish()
        # What is kept lets the next run skip what it would compute again.
        generations = [generation.number, *([self.target.live.number] if self.target.live else [])]
        self.stages.folder.keep_only(self.stages.used | kept_files(self.stages.folder, generations))
        self.report.generation = generation.number

    def _researcher_builder(self, generation: Generation) -> ResearcherBuilder:
        return ResearcherBuilder(
            self.client,
            generation,
            self.staging,
            self.report,
            self.embedding.runner,
            self.embedding.concurrent_tasks,
            identified=self.stages.outputs(list_researchers.name),
            reasons=self.stages.outputs(explain_people.name),
            replaced=self.target.replaced,
        )

    def _identify(self, generation: Generation, writer: WorkWriter) -> Outcome:
        """Identify authors in other processes, and embed works as long as that takes; return what the next run uses."""
        self.progress.begin("authors of indexed works")
        with Stopwatch(self.report, "identity"):
            identity = IdentityUpdate(
                self.client,
                generation,
                self.staging,
                self.decisions.overrides,
                self.stages,
                self._history(),
                self.signer,
            )
        try:
            with Stopwatch(self.report, "works"):
                writer.embed_while(lambda: identity.is_running, self.progress.works)
            self.progress.begin("authors")
            with Stopwatch(self.report, "identity"):
                outcome = identity.finish()
                save_duplicates(self.report.folder / "duplicates.jsonl", probable_duplicates(self.stages))
        finally:
            identity.stop()
        # The sum of all peaks: the processes together used at most that.
        self.report.peak_memory_mb = round(peak_mb() + self.stages.peak_mb() + self.embedding.runner.peak_mb())
        self.report.epoch = outcome.epoch.summary()
        return outcome

    def _history(self) -> History:
        """Return what identity continues: the epoch of the live generation, or the reason for a new one."""
        live = self.target.live
        return history(
            self.stages.folder,
            self.report.folder.name,
            (live.number, index_uuid(self.client, live)) if live else None,
            rebuild=self.options.rebuild,
            requested=self.options.new_epoch,
        )


def index(
    client: OpenSearch,
    names: IndexNames,
    embedder: Embedder,
    sources: Sequence[Source],
    home: Path,
    progress: ProgressListener,
    options: Options | None = None,
    *,
    scale: Scale | None = None,
    signer: Signer | None = None,
    source_order: Sequence[str] = ORDER,
    execution: Execution | None = None,
) -> Report:
    """Index the records of `sources`, and return the report of the run.

    `home` contains overrides.toml and receives the report; `scale` is the layout of indices. `signer` signs ORCID iDs,
    so that they can verify claims. `source_order` has the short names of sources, the best first. `execution` says
    which processes embed works and identify authors, and where their files are. Repeated after any interruption, a run
    ends in the same state as one that was never interrupted. Raises

    - LockedError when another run is writing, or took over from this one,
    - StoreError when the index has another mapping version, ModelMismatch when it has another embedding model,
    - OverridesError when overrides.toml is invalid,
    - RunError when nothing can be pruned,
    - StageError when authors could not be identified, EmbeddingError when works could not be embedded,
    - WriteError when OpenSearch stays unavailable.
    """
    options, scale = options or Options(), scale or Scale()
    with only_writer(home, client, names) as lock, StagingDatabase(home / "staged.sqlite") as staging:
        decisions = Decisions(home / OVERRIDES, client, names, source_order)
        rebuild, read_only = options.rebuild, options.dry_run
        target = Target(client, names, embedder.model, scale, rebuild=rebuild, read_only=read_only, token=lock.token)
        report = Report.new(home / "runs")
        report.explain = options.explain
        execution = execution or Execution(str(home / FOLDER))
        stages, documents = execution.runner(progress.tasks), execution.documents_runner()
        works = WorkEmbedding(client, target, embedder.model, staging, report, documents, execution.concurrent_tasks)
        use_here(embedder)
        run = Run(client, embedder, target, report, options, progress, decisions, staging, lock, stages, works, signer)
        report.unknown = Counter()
        try:
            run.read(sources, report.unknown)
            if not options.dry_run:
                if not run.are_decisions_followed() or (options.new_epoch and target.readable):
                    # They have to be carried out even when no work is new.
                    target.writable()
                run.write(is_copy=any(isinstance(source, StoredWorks) for source in sources))
            report.finished = True
        except (TransportError, WriteError):
            lock.check()  # the writer's aliases are gone if another run took over
            raise
        finally:
            documents.stop()
            report.peak_memory_mb = max(report.peak_memory_mb, round(peak_mb() + documents.peak_mb()))
            report.stages = [*stages.summary(), *documents.summary()]
            report.seconds["embed"] = documents.seconds(embed_texts.name)
            report.save()
    return report


class Decisions:
    """The identity decisions of people and their digest.

    They are in overrides.toml, in corrections.toml beside it, and statements of profile owners.
    """

    def __init__(self, file: Path, client: OpenSearch, names: IndexNames, source_order: Sequence[str] = ORDER) -> None:
        """Read the decisions. Raises OverridesError for an invalid file; a missing one has no decisions."""
        statements = statements_of(claimed_states(client, names))
        files = [path for path in (file, file.with_name(CORRECTIONS)) if path.exists()]
        overrides = reduce(combine, map(load_overrides, files), Overrides())
        self.overrides = replace(overrides, statements=statements)
        #: Decisions about institutions, and the names of a ROR dump.
        self.institutions = load_decisions(file.parent), names_of(file.parent)
        content = b"".join(path.read_bytes() for path in files) + digest_of(file.parent)
        #: Decisions about works, and the order of their sources.
        self.works, self.source_order = overrides.works, tuple(source_order)
        content += b"" if self.source_order == ORDER else repr(self.source_order).encode()
        self.digest = _digest(content, repr(statements.statements) if statements.statements else "")

    def are_followed(self, client: OpenSearch, generation: Generation) -> bool:
        """Return whether a generation was built with exactly these decisions."""
        return (stored_decisions(client, generation) or _digest(b"", "")) == self.digest


def _digest(overrides: bytes, statements: str) -> str:
    return hashlib.sha256(overrides + statements.encode()).hexdigest()
