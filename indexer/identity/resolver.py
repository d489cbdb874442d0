"""Resolve all authors in worker processes, while the main process embeds the works.

A thread directs the stages (`indexer/identity/stages`). It reads the works from the staging database, asks the main
process for the embeddings that are evidence, and stores the result in the same file.
"""

from __future__ import annotations

import hashlib
import threading
import zlib
from contextlib import ExitStack
from dataclasses import replace
from time import sleep
from typing import TYPE_CHECKING

import orjson

from indexer.identity.epochs import COUNTS, History, Outcome
from indexer.identity.stages.blocks import find_frequent_works, resolve_blocks
from indexer.identity.stages.bridges import find_components, join_ids, pair_names, resolve_components
from indexer.identity.stages.counts import (
    count_names,
    count_tokens,
    find_coauthors,
    list_printed_names,
    route_coauthors,
    route_names,
)
from indexer.identity.stages.decisions import apply_decisions, decisions_text
from indexer.identity.stages.ids import (
    assign_ids,
    explain_people,
    find_redirects,
    list_probable_duplicates,
    list_researchers,
)
from indexer.identity.stages.mentions import FORMER, find_mentions, former_rows, work_line
from indexer.stages.tables import connect, create_view, fetch, write_lines, write_query
from indexer.stages.task import file_name
from indexer.stages.vectors import as_stored, save_vectors
from indexer.staging.database import StagingDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from indexer.identity.overrides import Overrides
    from indexer.stages.folder import StageFolder
    from indexer.stages.runner import Runner
    from indexer.staging.database import ProbableDuplicate

#: Seconds between two checks for delivered embeddings.
POLL = 0.1
#: Works in a partition, at most; the number of partitions is a power of two.
WORKS = 8_000
#: Buckets of blocks for each partition, if there are several.
BUCKETS = 2
#: Works whose embeddings or researchers are moved at a time.
PAGE = 1_000


class Resolver:
    """Resolves all authors of a staging database in the background, from `__init__` on."""

    def __init__(self, path: Path, overrides: Overrides, runner: Runner, history: History | None = None) -> None:
        """Start; `path` is that of the staging database, `history` what the run continues."""
        self._error: BaseException | None = None
        self._runner, self._history = runner, history or History()
        self._outcome: Outcome | None = None
        self._thread = threading.Thread(target=self._run, args=(path, overrides), name="identity")
        self._thread.start()

    def _run(self, path: Path, overrides: Overrides) -> None:
        try:
            with StagingDatabase(path, join=True) as staged:
                self._outcome = resolve_all(staged, overrides, self._runner, self._history, requests_vectors=True)
        except BaseException as error:
            self._error = error

    @property
    def is_running(self) -> bool:
        """Whether there is no result yet."""
        return self._thread.is_alive()

    def wait(self) -> Outcome:
        """Wait for the result; return what the next run can use of it. Raises StageError when workers failed."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._outcome is not None  # noqa: S101 (set unless there was an error)
        return self._outcome

    def stop(self) -> None:
        """End the workers, whether they have finished or not."""
        self._runner.stop()
        self._thread.join()


def resolve_all(
    staged: StagingDatabase,
    overrides: Overrides,
    runner: Runner,
    history: History | None = None,
    *,
    requests_vectors: bool = False,
) -> Outcome:
    """Resolve the authors of all works, known and staged; store their researcher ids and the reasons of merges.

    With `requests_vectors`, another thread delivers the embeddings of works of frequent names (`deliver_vectors`).
    Counts and results of earlier runs are those of `history`. Returns what the next run can use.
    """
    works, former = write_partitions(staged, runner.folder)
    decisions = _write_decisions(runner.folder, decisions_text(overrides, staged.redirects(new=False)))
    plan = Plan(runner, works, former, decisions, history or History())
    counted = plan.count()
    vectors = _requested_vectors(staged, runner, plan.frequent(counted)) if requests_vectors else []
    result = plan.resolve(counted, vectors)
    _save(staged, runner.folder, result)
    return Outcome(plan.epoch, plan.results)


class Plan:
    """The tasks of identity, from partitions of works to what is known about researchers."""

    def __init__(self, runner: Runner, works: Sequence[str], former: str, decisions: str, history: History) -> None:
        """Parse the partitions of works, and choose the epoch.

        `former` and `decisions` are the names of the files of former researcher ids, and of decisions of people.
        """
        self._runner, self._former, self._decisions = runner, former, decisions
        self._history = history
        self._mentions = runner.run(
            [
                find_mentions.task({"works": name}).hinted(mentions=self._hints("mentions", number, len(works)))
                for number, name in enumerate(works)
            ]
        )
        buckets = BUCKETS * len(works) if len(works) > 1 else 1
        #: The epoch whose counts are used.
        self.epoch = history.epoch_of(_number_of_works(runner.folder, self._mentions), buckets)
        #: Files of results by stage, for the next run.
        self.results: dict[str, list[str]] = {"mentions": self._mentions}

    def count(self) -> dict[str, Sequence[str]]:
        """Return the files of mentions and of counts over the collection, by role; count if the epoch is new."""
        if not self.epoch.counts:
            self.epoch = replace(self.epoch, counts=self._counts())
        return {"mentions": self._mentions, **{role: [self.epoch.counts[role]] for role in COUNTS}}

    def _counts(self) -> dict[str, str]:
        names = self._runner.run_one(count_names.task({"mentions": self._mentions}))
        inputs: dict[str, str | Sequence[str]] = {"mentions": self._mentions, "names": names}
        tokens, coauthors = self._runner.run([count_tokens.task(inputs), find_coauthors.task(inputs)])
        return dict(zip(COUNTS, (names, tokens, coauthors), strict=True))

    def frequent(self, counted: dict[str, Sequence[str]]) -> list[str]:
        """Return the files of works whose embeddings are evidence."""
        inputs = {role: counted[role] for role in ("mentions", "tokens")}
        return self._runner.run([find_frequent_works.task(inputs, **bucket) for bucket in self._every_bucket()])

    def resolve(self, counted: dict[str, Sequence[str]], vectors: Sequence[str]) -> dict[str, Sequence[str]]:
        """Return the files of the result, by role."""
        run = self._runner
        evidence = {role: counted[role] for role in ("mentions", "names", "tokens", "coauthors")} | {"vectors": vectors}
        clusters = self.results["clusters"] = self._resolve_blocks(evidence)
        joined = run.run_one(join_ids.task({"clusters": clusters}))
        mentions = {"mentions": counted["mentions"]}
        printed = run.run_one(list_printed_names.task(mentions, buckets=self.epoch.buckets))
        pairs = run.run([pair_names.task({"printed": printed}, **bucket) for bucket in self._every_bucket()])
        candidates: dict[str, str | Sequence[str]] = {"clusters": clusters, "joined": joined}
        components = run.run_one(find_components.task({**candidates, "pairs": pairs}))
        bridges = {**evidence, **candidates, "components": components}
        bridged = run.run(
            [
                resolve_components.task(bridges, bucket=bucket)
                for bucket in range(_number_of_buckets(run.folder, components))
            ]
        )
        decided = {"decisions": self._decisions, "former": self._former}
        people = run.run_one(apply_decisions.task({**candidates, "bridged": bridged, **decided}))
        ids = run.run_one(assign_ids.task({"people": people, "decisions": self._decisions}))
        known = {"people": people, "ids": ids}
        redirects, researchers, duplicates, *reasons = run.run(
            [
                find_redirects.task(known),
                list_researchers.task(known),
                list_probable_duplicates.task({**known, **candidates, "bridged": bridged}),
                *(explain_people.task(known, **bucket) for bucket in self._every_bucket()),
            ]
        )
        return {
            "redirects": [redirects],
            "researchers": [researchers],
            "duplicates": [duplicates],
            "reasons": reasons,
        }

    def _resolve_blocks(self, evidence: Mapping[str, Sequence[str]]) -> list[str]:
        """Return the files of clusters of each bucket of blocks."""
        digest = hashlib.sha256(" ".join(self.epoch.counts[role] for role in COUNTS).encode()).hexdigest()
        # In an epoch, few blocks change between runs: they look up their names in the counts of the collection.
        inputs = evidence if self._history.continues(self.epoch) else self._routed(evidence)
        buckets = self.epoch.buckets
        return self._runner.run(
            [
                resolve_blocks.task(inputs, evidence=digest, **bucket).hinted(
                    clusters=self._hints("clusters", bucket["bucket"], buckets)
                )
                for bucket in self._every_bucket()
            ]
        )

    def _hints(self, stage: str, number: int, total: int) -> list[str]:
        """Return the files from which a task may copy: that of its part in the last run, or all of other parts."""
        files = self._history.results(stage)
        return files[number : number + 1] if len(files) == total else files

    def _routed(self, evidence: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
        """Return the evidence with the names and co-authors that each bucket needs, instead of all."""
        names = {role: evidence[role] for role in ("mentions", "names")}
        routed = {"routed_names": [self._runner.run_one(route_names.task(names, buckets=self.epoch.buckets))]}
        graph = {**routed, "coauthors": evidence["coauthors"]}
        routed["routed_coauthors"] = [self._runner.run_one(route_coauthors.task(graph))]
        return {role: files for role, files in evidence.items() if role not in {"names", "coauthors"}} | routed

    def _every_bucket(self) -> Iterator[dict[str, int]]:
        buckets = self.epoch.buckets
        return ({"bucket": bucket, "buckets": buckets} for bucket in range(buckets))


def write_partitions(staged: StagingDatabase, folder: StageFolder) -> tuple[list[str], str]:
    """Write all works that are indexed or about to be to partitions by the hash of their id, and their authors' ids.

    Returns the names of the partitions, and of the file of former researcher ids.
    """
    count, works = 1, staged.count_authored()
    while count * WORKS < works:
        count *= 2
    with folder.scratch() as scratch, ExitStack() as stack, connect() as connection:
        paths = [scratch / f"{number}.jsonl" for number in range(count)]
        outputs = [stack.enter_context(path.open("wb")) for path in paths]
        digests = [hashlib.sha256() for _ in paths]
        ids = hashlib.sha256()

        def rows() -> Iterator[tuple[str, int, str | None, str]]:
            for id_, record, before, former in staged.authored_works():
                number = zlib.crc32(id_.encode()) % count
                line = work_line(record)
                outputs[number].write(line)
                digests[number].update(line)
                for row in former_rows(id_, before, former):
                    ids.update(orjson.dumps(row))
                    yield row

        former_ids = scratch / "former.parquet"
        write_query(connection, f"FROM {write_lines(scratch / 'former.jsonl', FORMER, rows())}", former_ids)
        stack.close()
        names = [file_name("works", digest, "jsonl") for digest in digests]
        for path, name in zip(paths, names, strict=True):
            folder.publish(path, name)
        former_name = file_name("former", ids)
        folder.publish(former_ids, former_name)
    return names, former_name


def _write_decisions(folder: StageFolder, text: bytes) -> str:
    name = file_name("decisions", hashlib.sha256(text), "json")
    folder.write(name, text)
    return name


def _requested_vectors(staged: StagingDatabase, runner: Runner, frequent: Sequence[str]) -> list[str]:
    """Request the embeddings of works, and wait for them; return the names of the files that contain them."""
    ids = [id_ for (id_,) in _rows(runner.folder, frequent, "SELECT DISTINCT work_id FROM result ORDER BY work_id")]
    staged.request_vectors(ids)
    while ids and not staged.is_delivered:
        if runner.is_stopped:
            return []
        sleep(POLL)
    pages = (staged.all_vectors(ids[start : start + PAGE]) for start in range(0, len(ids), PAGE))
    # As the index has them, so that a work is the same evidence in its first run and later.
    stored = ({id_: as_stored(vector) for id_, vector in page.items()} for page in pages)
    return [save_vectors(runner.folder, stored)] if ids else []


def _number_of_works(folder: StageFolder, mentions: Sequence[str]) -> int:
    """Return the number of works with authors."""
    ((works,),) = _rows(folder, mentions, "SELECT count(*) FROM result WHERE position = 1")
    return int(works)


def _number_of_buckets(folder: StageFolder, components: str) -> int:
    ((last,),) = _rows(folder, [components], "SELECT max(bucket) FROM result")
    return 1 if last is None else int(last) + 1


def _rows(folder: StageFolder, names: Sequence[str], query: str) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a query over some files, which are the view `result`."""
    with folder.local_copies(names) as paths, connect() as connection:
        create_view(connection, "result", paths)
        yield from fetch(connection, query)


def _save(staged: StagingDatabase, folder: StageFolder, result: dict[str, Sequence[str]]) -> None:
    """Store in the staging database who the authors of works are."""
    staged.add_redirects(dict(_rows(folder, result["redirects"], "SELECT id, researcher_id FROM result")), new=True)
    staged.save_researchers(_rows(folder, result["researchers"], "SELECT work_id, after FROM result"))


def probable_duplicates(runner: Runner) -> Iterator[ProbableDuplicate]:
    """Yield the probable duplicates that the tasks of a runner have found, the likeliest first."""
    for (pair,) in _rows(runner.folder, runner.outputs(list_probable_duplicates.name), "SELECT pair FROM result"):
        yield orjson.loads(pair)
