"""Builds pending researchers in tasks: joins them with their works, and writes the documents to the index.

The works of each researcher are known from the result of identity. Those that this run has written are in the staging
database; others are read from the index.
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson

from indexer.build.researcher_tasks import (
    WORK_FIELDS,
    PendingResearcher,
    ResearcherWork,
    build_documents,
    facts_of,
    write_works,
)
from indexer.stages.runner import MEMORY_MB
from indexer.stages.tables import connect, create_view, fetch, write_lines
from indexer.stages.worker import MEMORY_FACTORS
from indexer.write.background import BackgroundTasks, prefetch
from indexer.write.bulk import concurrent_writers, delete_action, index_action, with_retries, write
from indexer.write.people_states import States
from indexer.write.reads import count, documents, pages
from mappings import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from opensearchpy import OpenSearch

    from indexer.stages.runner import Runner
    from indexer.staging.database import StagingDatabase
    from indexer.staging.report import Report
    from indexer.write.bulk import Action
    from mappings import Generation
    from mappings.documents import ResearcherState

#: One in so many works ends a batch: about 300 researchers, with their works and vectors 1 MB.
WORKS = 128
#: Researchers in a batch at most: about 5 MB of documents, which are one bulk request.
MAX_RESEARCHERS = 1_000
#: Works or pending researchers fetched in one response.
PAGE = 1_000
#: Concurrent bulk requests at least: OpenSearch handles each in one thread.
WRITERS = 2
#: Pending researchers by batch, in order.
_RESEARCHERS = """
    SELECT batch, id, sentences, identity FROM pending LEFT JOIN reasons ON researcher_id = id ORDER BY batch, number
"""
#: The works of the researchers of each batch.
_WORKS = """
    SELECT DISTINCT batch, work_id FROM pending
    JOIN (SELECT work_id, unnest(after) AS id FROM researchers) USING (id) ORDER BY batch, work_id
"""


class Batch(NamedTuple):
    """Researchers that are built and written together, the ids of all their works, and the input file of their task."""

    researchers: list[PendingResearcher]
    works: list[str]
    file: str = ""


class Built(NamedTuple):
    """The file that a task has written, and its lines: the summary of each researcher as JSON, or null."""

    file: str
    lines: list[str]


@dataclass(frozen=True)
class ResearcherBuilder:
    """Builds all pending researchers of a generation."""

    client: OpenSearch
    generation: Generation
    staging: StagingDatabase
    report: Report
    runner: Runner
    concurrent_tasks: Callable[[Runner], int]
    """Returns the number of tasks that are handed in at a time."""
    identified: Sequence[str]
    """Files of the researchers of each work."""
    reasons: Sequence[str]
    """Files of the reasons why works are one person's."""
    replaced: Generation | None = None
    """The live generation that a rebuild replaces."""

    def build_all(self, on_batch: Callable[[int, int], None]) -> None:
        """Build every pending researcher; one without works is deleted.

        A batch is one task, and one bulk request; then its researchers stop being pending, and its files are deleted.
        `on_batch` receives how many researchers are done, and how many there are.
        """
        client, generation = self.client, self.generation
        with_retries(client.indices.refresh, index=f"{generation.pending},{generation.works},{generation.redirects}")
        total, done = count(client, generation.pending), 0
        if not total:
            return
        states = States(client, generation, self.replaced)
        concurrent = self.concurrent_tasks(self.runner)
        with (
            BackgroundTasks(max(WRITERS, concurrent_writers(client))) as tasks,
            self._planned() as planned,
        ):
            for batch, built in prefetch(self._build, map(self._with_file, planned), concurrent):
                ids = [researcher.id for researcher in batch.researchers]
                actions = list(_actions(generation, ids, built.lines, states.of(ids)))
                tasks.submit(self._write, ids, actions, [batch.file, built.file])
                removed = built.lines.count("null")
                self.report.counts.researchers_written += len(ids) - removed
                self.report.counts.researchers_removed += removed
                done += len(ids)
                on_batch(done, total)
        with_retries(client.indices.refresh, index=f"{generation.pending},{generation.researchers}")

    @contextmanager
    def _planned(self) -> Iterator[Iterator[Batch]]:
        """Return the batches: pending researchers joined with their reasons and the ids of their works.

        The join concerns the whole collection in one process, so it may use as much memory as a task at most.
        """
        folder = self.runner.folder
        with (
            folder.scratch() as scratch,
            folder.local_copies(self.identified) as identified,
            folder.local_copies(self.reasons) as reasons,
            connect(MEMORY_FACTORS[-1] * MEMORY_MB, scratch) as connection,
        ):
            create_view(connection, "researchers", identified)
            create_view(connection, "reasons", reasons)
            columns = {"batch": "INTEGER", "number": "INTEGER", "id": "VARCHAR"}
            table = write_lines(scratch / "pending.jsonl", columns, _numbered(self._pending()))
            connection.execute(f"CREATE TABLE pending AS SELECT * FROM {table}")  # noqa: S608 (our own columns)
            yield _batches(fetch(connection.cursor(), _RESEARCHERS), fetch(connection.cursor(), _WORKS))

    def _pending(self) -> Iterator[tuple[str, str]]:
        """Yield a work and the id of each pending researcher; those of one work together, so that works are shared."""
        body = {"size": PAGE, "sort": ["work_id", "researcher_id"]}
        for hits in pages(self.client, self.generation.pending, body):
            yield from ((hit["_source"]["work_id"], hit["_id"]) for hit in hits)

    def _with_file(self, batch: Batch) -> Batch:
        facts, vectors = self.staging.facts(batch.works), self.staging.vectors(batch.works)
        works = {id_: ResearcherWork(facts[id_], vectors[id_]) for id_ in facts.keys() & vectors.keys()}
        works |= self._indexed([id_ for id_ in batch.works if id_ not in works])
        present = (works[id_] for id_ in batch.works if id_ in works)
        return batch._replace(file=write_works(self.runner.folder, batch.researchers, present))

    def _indexed(self, ids: Sequence[str]) -> dict[str, ResearcherWork]:
        """Return works as the index has them, by id."""
        found = {}
        for start in range(0, len(ids), PAGE):
            fields = ",".join((*WORK_FIELDS, "embedding"))
            for hit in documents(self.client, self.generation.works, ids[start : start + PAGE], fields):
                work = hit["_source"]
                found[hit["_id"]] = ResearcherWork(facts_of(work), np.asarray(work["embedding"], np.float32))
        return found

    def _build(self, batch: Batch) -> Built:
        output = self.runner.run_one(build_documents.task({"works": batch.file}))
        with self.runner.folder.local_copies([output]) as (path,):
            return Built(output, path.read_text(encoding="utf-8").split("\n")[:-1])

    def _write(self, ids: Sequence[str], actions: Sequence[Action], files: Sequence[str]) -> None:
        write(self.client, actions)
        # Not before: a kill before this line means that the next run builds these researchers again.
        write(self.client, (delete_action(self.generation.pending, id_) for id_ in ids))
        self.runner.folder.delete(files)


def _numbered(pending: Iterable[tuple[str, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield the number of the batch, the position and the id of each pending researcher.

    The hash of a work's id decides whether a batch ends with it, not the number of researchers. So if a run is killed
    after it has written some batches, the others are the same in the next run, which finds their finished tasks.
    """
    batch = size = number = 0
    for work_id, group in groupby(pending, key=itemgetter(0)):
        for _, id_ in group:
            if size == MAX_RESEARCHERS:
                batch, size = batch + 1, 0
            yield batch, number, id_
            size, number = size + 1, number + 1
        if zlib.crc32(work_id.encode()) % WORKS == 0:
            batch, size = batch + 1, 0


def _batches(researchers: Iterable[tuple[Any, ...]], works: Iterable[tuple[int, str]]) -> Iterator[Batch]:
    """Join researchers and works by the number of their batch, by which both are sorted; a batch may have no works."""
    remaining = groupby(works, key=itemgetter(0))
    next_works = next(remaining, None)
    for batch, rows in groupby(researchers, key=itemgetter(0)):
        own: list[str] = []
        if next_works and next_works[0] == batch:
            own = [work_id for _, work_id in next_works[1]]
            next_works = next(remaining, None)
        yield Batch([PendingResearcher(*row[1:]) for row in rows], own)


def _actions(
    generation: Generation, ids: Sequence[str], summaries: Sequence[str], states: dict[str, ResearcherState]
) -> Iterator[Action]:
    """Yield the actions that write or delete researchers; their states and the time are added to the summaries."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    for id_, summary in zip(ids, summaries, strict=True):
        if summary == "null":
            yield delete_action(generation.researchers, id_)
        else:
            added = orjson.dumps({**states.get(id_, DEFAULT_STATE), "indexed_at": time}).decode()
            yield index_action(generation.researchers, id_, f"{added[:-1]},{summary[1:]}")
