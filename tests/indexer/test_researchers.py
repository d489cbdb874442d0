"""Documents of researchers built in tasks: the same from every executor, whatever is killed, and none built twice."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections import defaultdict
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import orjson
import psutil
import pytest
from distributed import LocalCluster

from indexer.build import researchers as module
from indexer.build.documents import IndexedWork, researcher_summary, work_document
from indexer.build.researcher_tasks import build_documents, facts_of
from indexer.build.researchers import MAX_RESEARCHERS, ResearcherBuilder, _numbered
from indexer.identity.overrides import Overrides
from indexer.identity.resolver import resolve_all
from indexer.stages.cluster import dask_executor
from indexer.stages.folder import StageFolder
from indexer.stages.runner import Runner, process_pool, this_process
from indexer.staging.database import StagingDatabase
from indexer.staging.report import Report
from mappings import DEFAULT_STATE, Generation
from tests.indexer.identity.corpora import InProcess, change, corpus, merge_reasons

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor
    from pathlib import Path

SEED = 9
TIME = "2026-01-01T00:00:00+00:00"
GENERATION = Generation("p-")
#: A pending researcher whose last work was removed.
GONE = "gone"
#: The last bulk request before a kill, by moment.
MOMENTS = {"before loading": 0, "while loading": 3}


class Index:
    """Answers what building researchers requests from OpenSearch; saved to a file after each bulk request."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.kinds: dict[str, dict[str, Any]] = defaultdict(dict)
        if file.exists():
            self.kinds |= json.loads(file.read_text(encoding="utf-8"))
        self.indices = SimpleNamespace(refresh=lambda **_: None)
        self.cluster = SimpleNamespace(health=lambda: {"number_of_data_nodes": 1})
        self.requested: list[str] = []
        self.on_bulk: Callable[[], None] = lambda: None
        self._lock = threading.Lock()

    def search(self, index: str, body: dict[str, Any], params: Any) -> dict[str, Any]:
        sort = body.get("sort", [])
        found = sorted(
            ([entry[field] for field in sort], id_, entry) for id_, entry in self.kinds.get(index, {}).items()
        )
        after = body.get("search_after", [])
        page = [{"_id": id_, "_source": entry, "sort": key} for key, id_, entry in found if key > after]
        return {"hits": {"total": {"value": len(found)}, "hits": page[: body["size"]]}}

    def mget(self, index: str, body: dict[str, Any], params: Any) -> dict[str, Any]:
        self.requested += body["ids"] if index == GENERATION.works else []
        entries = self.kinds.get(index, {})
        return {"docs": [{"_id": id_, "_source": entries.get(id_), "found": id_ in entries} for id_ in body["ids"]]}

    def bulk(self, body: list[Any]) -> dict[str, Any]:
        with self._lock:  # bulk requests come from two threads
            self.on_bulk()
            return self._bulk(body)

    def _bulk(self, body: list[Any]) -> dict[str, Any]:
        lines, results = iter(body), []
        for line in lines:
            ((action, address),) = line.items()
            entries, id_ = self.kinds[address["_index"]], address["_id"]
            if action == "delete":
                entries.pop(id_, None)
            else:
                entry = next(lines)
                entries[id_] = orjson.loads(entry) if isinstance(entry, str) else entry
            results.append({action: {"_id": id_, "status": 200}})
        self.save()
        return {"items": results}

    def save(self) -> None:
        """Replace the file."""
        self._file.with_suffix(".new").write_text(json.dumps(self.kinds), encoding="utf-8")
        self._file.with_suffix(".new").replace(self._file)


def vector_of(id_: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    vector = np.random.default_rng(zlib.crc32(id_.encode())).normal(size=8)
    return np.round(vector / np.linalg.norm(vector), 5).astype(np.float32)


def prepare(home: Path, *, indexed: float) -> tuple[StagingDatabase, Index, Runner]:
    """Identify the authors of a corpus, and write its works; this share of them counts as indexed before this run."""
    staged = StagingDatabase(home / "staged.sqlite")
    staged.add(map(change, corpus(SEED)))
    stages = Runner(StageFolder(home / "stages"), InProcess)
    resolve_all(staged, Overrides(), stages)
    index, chance = Index(home / "index.json"), random.Random(SEED)
    is_new = not index.kinds
    for batch in staged.to_write():
        staged.save_vectors({work.id: vector_of(work.id) for work in batch})
        for staged_work in batch:
            assert staged_work.work is not None
            document = work_document(
                staged_work.work,
                staged_work.researchers,
                vector=vector_of(staged_work.id),
                model="m",
                digest="d",
                time=TIME,
            )
            if chance.random() >= indexed:
                staged.save_facts([(document["id"], facts_of(document))])
            index.kinds[GENERATION.works][document["id"]] = document
            for id_ in staged_work.researchers if is_new else ():
                index.kinds[GENERATION.pending][id_] = {"researcher_id": id_, "work_id": document["id"]}
    if is_new:
        index.kinds[GENERATION.pending][GONE] = {"researcher_id": GONE, "work_id": "local:gone"}
        index.kinds[GENERATION.researchers][GONE] = {"id": GONE}
        index.save()
    return staged, index, stages


def build(
    home: Path,
    make_executor: Callable[[], Executor],
    *,
    indexed: float = 0.5,
    kills: bool = False,
    on_bulk: Callable[[], None] = lambda: None,
) -> tuple[dict[str, Any], Runner, Index]:
    """Build all researchers; return their documents, the runner and the index. With `kills`, one worker is killed."""
    staged, index, stages = prepare(home, indexed=indexed)
    index.on_bulk = on_bulk
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        if kills and not killed:
            killed.append(int(runner.records[0].worker.rpartition(":")[2]))
            psutil.Process(killed[0]).kill()

    with staged, Runner(StageFolder(home / "stages"), make_executor, kill) as runner:
        builder = ResearcherBuilder(
            cast("Any", index),
            GENERATION,
            staged,
            Report.new(home / "runs"),
            runner,
            lambda _: 1 if make_executor is this_process else 4,
            stages.outputs("researchers"),
            stages.outputs("reasons"),
        )
        progress: list[tuple[int, int]] = []
        builder.build_all(lambda *numbers: progress.append(numbers))
    assert len(killed) == kills
    assert all(total == progress[-1][0] for _, total in progress)
    assert not index.kinds[GENERATION.pending]
    assert not runner.folder.names("researcher-works")
    assert not runner.folder.names("researcher-documents")
    return index.kinds[GENERATION.researchers], runner, index


def without_time(documents: dict[str, Any]) -> bytes:
    entries = {id_: {**document, "indexed_at": None} for id_, document in documents.items()}
    return orjson.dumps(entries, option=orjson.OPT_SORT_KEYS)


@pytest.fixture(autouse=True)
def _several_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORKS", 8)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The documents by definition: each researcher from all works that name them."""
    home = tmp_path_factory.mktemp("expected")
    staged, index, stages = prepare(home, indexed=1)
    works = [IndexedWork(work) for work in index.kinds[GENERATION.works].values()]
    with staged:
        ids = {id_ for work in works for id_ in work.authorships}
        reasons = merge_reasons(stages)
        assert reasons
        vectors = {work.id: vector_of(work.id) for work in works}
        documents = {
            id_: {
                **DEFAULT_STATE,
                **researcher_summary(id_, [w for w in works if id_ in w.authorships], vectors, reasons.get(id_)),
            }
            for id_ in ids
        }
    return without_time(documents)


@pytest.mark.parametrize("indexed", [0, 0.5, 1])
def test_documents_are_built_of_works_that_were_written_and_of_indexed_ones(
    tmp_path: Path, expected: bytes, indexed: float
) -> None:
    documents, runner, index = build(tmp_path, this_process, indexed=indexed)
    assert without_time(documents) == expected
    assert all(document["indexed_at"] > TIME for document in documents.values())
    assert len([record for record in runner.records if record.stage == build_documents.name]) > 8
    # Works of this run are not read back.
    assert (len(set(index.requested)) > 0) == (indexed > 0)
    assert (len(set(index.requested)) == len(index.kinds[GENERATION.works])) == (indexed == 1)


@pytest.mark.parametrize("kills", [False, True])
def test_a_pool_builds_the_same_documents_also_if_a_worker_is_killed(
    tmp_path: Path, expected: bytes, *, kills: bool
) -> None:
    documents, runner, _ = build(tmp_path, process_pool(2), kills=kills)
    assert without_time(documents) == expected
    assert len({record.worker for record in runner.records}) >= 2
    assert str(os.getpid()) not in {record.worker.rpartition(":")[2] for record in runner.records}


def test_a_cluster_builds_the_same_documents_though_a_worker_is_killed(tmp_path: Path, expected: bytes) -> None:
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=":0") as cluster:
        documents, _, _ = build(tmp_path, dask_executor(cluster.scheduler_address), kills=True)
    assert without_time(documents) == expected


def build_and_die(home: Path, bulk_requests: int) -> None:
    """Build researchers, and kill this process at a bulk request, when two tasks have finished that are not loaded."""
    module.WORKS = 8
    sent: list[None] = []

    def die() -> None:
        if len(sent) == bulk_requests:
            deadline = time.monotonic() + 60
            while len(list((home / "stages").glob("researcher-documents-*"))) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        sent.append(None)

    build(home, this_process, on_bulk=die)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_coordinator_that_is_killed_continues_with_the_tasks_that_were_finished(
    tmp_path: Path, expected: bytes, moment: str
) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.indexer.test_researchers import build_and_die\n"
        "build_and_die(Path(sys.argv[1]), int(sys.argv[2]))"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(MOMENTS[moment])]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    finished = list((tmp_path / "stages").glob("researcher-documents-*"))
    left = Index(tmp_path / "index.json").kinds
    assert left[GENERATION.pending]
    assert (len(left[GENERATION.researchers]) > 1) == (moment == "while loading")
    # All works are in the index now, and none was written by this run.
    documents, runner, _ = build(tmp_path, this_process, indexed=1)
    assert without_time(documents) == expected
    assert runner.reused[build_documents.name] == len(finished) >= 2


def numbers(pending: list[tuple[str, str]]) -> list[list[str]]:
    batches: dict[int, list[str]] = defaultdict(list)
    for batch, _, id_ in _numbered(pending):
        batches[batch].append(id_)
    return list(batches.values())


def test_batches_stay_the_same_when_some_have_been_written() -> None:
    pending = [(f"local:{work:04}", f"person-{work}-{author}") for work in range(200) for author in range(3)]
    batches = numbers(pending)
    assert len(batches) > 10
    assert [id_ for batch in batches for id_ in batch] == [id_ for _, id_ in pending]
    written = {id_ for batch in batches[2:5] for id_ in batch}
    assert numbers([entry for entry in pending if entry[1] not in written]) == batches[:2] + batches[5:]


def test_a_batch_is_limited_though_all_its_researchers_are_on_one_work() -> None:
    pending = [("local:1", f"person-{author:05}") for author in range(2 * MAX_RESEARCHERS + 1)]
    assert [len(batch) for batch in numbers(pending)] == [MAX_RESEARCHERS, MAX_RESEARCHERS, 1]
