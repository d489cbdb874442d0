"""Embedding in tasks: the same bytes from every executor, nothing is embedded twice, whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import psutil
import pytest
from distributed import LocalCluster

from indexer.build import embedding as module
from indexer.build.embedding import WorkEmbedding, embed_texts, text_key, use_here
from indexer.build.works import WorkWriter
from indexer.records import parse_work
from indexer.stages.cluster import dask_executor
from indexer.stages.execution import Execution
from indexer.stages.folder import StageFolder
from indexer.stages.runner import Runner, process_pool, this_process
from indexer.stages.task import StageError
from indexer.stages.worker import execute
from indexer.staging.changes import Change
from indexer.staging.database import StagingDatabase
from indexer.staging.report import Report
from mappings import Generation
from peerscope import sample
from peerscope.embedding import Embedder, EmbeddingError, ModelDescription, load, work_text
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

WORKS = 24
BATCH = 4

MODEL = ModelDescription.of(
    ["0"], name="flat", dimension=2, pooling="mean", query_prefix="", work_prefix="", max_tokens=8
)


class Flat(Embedder):
    """Embeds a text by its length, and keeps the texts."""

    def __init__(self) -> None:
        super().__init__(MODEL)
        self.texts: list[str] = []

    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return np.array([[1.0, 1.0 / len(text)] for text in texts], np.float32)

    def _encode_query(self, text: str) -> NDArray[np.float32]:
        raise NotImplementedError


def changes(works: int = WORKS, *, added_at: str | None = None) -> Iterator[Change]:
    lines = (Path(sample.__file__).parent / "works.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[:works]:
        record = json.loads(line)
        yield Change(record["id"], parse_work(record), record, "hash", [], added_at)


def embedding_of(
    home: Path, staging: StagingDatabase, runner: Runner, model: ModelDescription = MODEL, **target: Any
) -> WorkEmbedding:
    at_once = 1 if runner._make_executor is this_process else 4
    wanted = SimpleNamespace(**{"replaced": None, "embedded": None, **target})
    client, report = target.get("client"), Report.new(home / "runs")
    return WorkEmbedding(*cast("Any", (client, wanted, model, staging, report, runner, lambda _: at_once)))


def embedded(
    home: Path, make_executor: Callable[[], Executor], model: ModelDescription, *, kills: bool = False
) -> tuple[dict[str, bytes], Runner]:
    """Embed the works; return the bytes of their embeddings and the runner. With `kills`, one worker is killed."""
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        if kills and not killed:
            killed.append(int(runner.records[0].worker.rpartition(":")[2]))
            psutil.Process(killed[0]).kill()

    with StagingDatabase(home / "staged.sqlite") as staging, Runner(StageFolder(home), make_executor, kill) as runner:
        staging.add(changes())
        works = embedding_of(home, staging, runner, model)
        found = [vectors for _, vectors in works.embed(staging.to_write(BATCH))]
        assert works.report.counts.embedded == WORKS
        saved = staging.vectors(id_ for vectors in found for id_ in vectors)
    assert len(killed) == kills
    return {id_: vector.tobytes() for id_, vector in saved.items()}, runner


@pytest.fixture(scope="module")
def model() -> ModelDescription:
    embedder = load(Settings.load())
    use_here(embedder)
    return embedder.model


@pytest.fixture(scope="module")
def expected(model: ModelDescription, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    found, runner = embedded(tmp_path_factory.mktemp("expected"), this_process, model)
    assert len(found) == WORKS
    assert [record.stage for record in runner.records] == ["embed"] * (WORKS // BATCH)
    assert runner.peak_mb() == 0  # this process is counted by the run
    return found


@pytest.mark.parametrize("kills", [False, True])
def test_a_pool_computes_the_same_vectors_also_if_a_worker_is_killed(
    tmp_path: Path, model: ModelDescription, expected: dict[str, bytes], *, kills: bool
) -> None:
    found, runner = embedded(tmp_path, process_pool(2), model, kills=kills)
    assert found == expected
    assert len({record.worker for record in runner.records}) >= 2 + kills
    assert str(os.getpid()) not in {record.worker.rpartition(":")[2] for record in runner.records}


def test_a_cluster_computes_the_same_vectors_though_a_worker_is_killed(
    tmp_path: Path, model: ModelDescription, expected: dict[str, bytes]
) -> None:
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=":0") as cluster:
        execution = Execution(str(tmp_path), scheduler=cluster.scheduler_address)
        with execution.documents_runner() as runner:
            assert execution.concurrent_tasks(runner) == 6
        found, _ = embedded(tmp_path, dask_executor(cluster.scheduler_address), model, kills=True)
    assert found == expected


def test_one_worker_means_this_process_and_its_model(tmp_path: Path) -> None:
    execution = Execution(str(tmp_path))
    runner = execution.documents_runner()
    assert execution.concurrent_tasks(runner) == 1
    assert runner._make_executor is this_process
    assert Execution(str(tmp_path), 3).concurrent_tasks(runner) == 6


def run_and_die(home: Path, batches: int) -> None:
    """Embed some batches with the stand-in, and kill this process."""
    use_here(Flat())
    with StagingDatabase(home / "staged.sqlite") as staging, Runner(StageFolder(home), this_process) as runner:
        staging.add(changes())
        for number, _ in enumerate(embedding_of(home, staging, runner).embed(staging.to_write(BATCH)), 1):
            if number == batches:
                os.kill(os.getpid(), signal.SIGKILL)


def test_a_run_that_was_killed_embeds_no_finished_task_again_though_works_are_batched_differently(
    tmp_path: Path,
) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.indexer.test_embedding import run_and_die\n"
        "run_and_die(Path(sys.argv[1]), 3)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    finished = len(list(tmp_path.glob("embed-*.parquet")))
    left = sorted(changes(), key=lambda change: change.id)[1:]  # the first work was written before the kill
    assert 3 <= finished <= 4
    use_here(embedder := Flat())
    with StagingDatabase(tmp_path / "staged.sqlite") as staging, Runner(StageFolder(tmp_path), this_process) as runner:
        staging.add(left)
        works = embedding_of(tmp_path, staging, runner)
        works.add_finished()
        found = {id_: vector for _, vectors in works.embed(staging.to_write(5)) for id_, vector in vectors.items()}
        saved = staging.vectors(found)
    assert len(embedder.texts) == works.report.counts.embedded == WORKS - finished * BATCH
    assert len(found) == len(saved) == WORKS - 1
    for change in left:
        assert change.work is not None
        text = " ".join(work_text(change.work.title, change.work.abstract).split())
        assert found[change.id][1] == pytest.approx(1 / len(text[: MODEL.max_tokens * 64]), abs=1e-5)


def test_equal_texts_are_embedded_once_and_texts_that_did_not_change_are_read_from_the_index(tmp_path: Path) -> None:
    use_here(embedder := Flat())
    first, second = (change.work for change in changes(2))
    assert first is not None
    assert second is not None
    stored = {"title": first.title, "abstract": first.abstract, "embedding": [0.6, 0.8]}
    hits = [{"_id": first.id, "_source": stored}, {"_id": second.id, "_source": {**stored, "title": "Other"}}]
    client = SimpleNamespace(mget=lambda **_: {"docs": [{**hit, "found": True} for hit in hits]})
    with StagingDatabase(tmp_path / "staged.sqlite") as staging, Runner(StageFolder(tmp_path), this_process) as runner:
        staging.add(changes(2, added_at="2026-01-01"))
        twin = {**next(change.record for change in changes(2) if change.id == second.id), "id": "local:twin"}
        staging.add([Change("local:twin", parse_work(twin), twin, "hash", [])])
        works = embedding_of(tmp_path, staging, runner, client=client, embedded=Generation("p-"))
        ((_, found),) = works.embed(staging.to_write(BATCH))
    assert found[first.id].tolist() == [np.float32(0.6), np.float32(0.8)]
    assert embedder.texts == [embedder._clean(work_text(second.title, second.abstract))]
    assert (found[second.id] == found["local:twin"]).all()


def test_works_are_embedded_ahead_until_embeddings_are_requested(tmp_path: Path) -> None:
    use_here(embedder := Flat())
    done: list[int] = []
    with StagingDatabase(tmp_path / "staged.sqlite") as staging, Runner(StageFolder(tmp_path), this_process) as runner:
        staging.add(changes())
        works = embedding_of(tmp_path, staging, runner)
        writer = WorkWriter(*cast("Any", (None, Generation("p-"), works, staging, works.report, works.target)))
        last = max(change.id for change in changes())

        def identify() -> None:
            with StagingDatabase(staging.path, join=True) as other:
                while not done:
                    time.sleep(0.01)
                other.request_vectors([last])
                while not other.is_delivered:
                    time.sleep(0.01)

        thread = threading.Thread(target=identify)
        thread.start()
        writer.embed_while(thread.is_alive, lambda number, _: done.append(number))
        assert last in staging.vectors([last])
    assert len(embedder.texts) == len(set(embedder.texts))


def test_another_model_of_the_same_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: ModelDescription
) -> None:
    loaded: list[int | None] = []

    def load_model(settings: Settings, **_: str) -> Embedder:
        loaded.append(settings.threads)
        return Flat()

    monkeypatch.setattr(module, "load", load_model)
    task = embed_texts.task({}, model="flat", fingerprint="unknown", texts=["a"])
    with pytest.raises(StageError, match="another embedding model under the name 'flat'"):
        execute(task, StageFolder(tmp_path).location, 100)
    monkeypatch.setenv("PEERSCOPE_THREADS", "8")
    with pytest.raises(StageError, match="another embedding model"):
        execute(task, StageFolder(tmp_path).location, 100)
    assert loaded == [1, 8]


def test_a_failure_of_a_model_in_a_worker_is_an_embedding_error_with_advice(tmp_path: Path) -> None:
    class Broken(Flat):
        def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise MemoryError("out of memory")

    use_here(Broken())
    with StagingDatabase(tmp_path / "staged.sqlite") as staging, Runner(StageFolder(tmp_path), this_process) as runner:
        staging.add(changes(2))
        works = embedding_of(tmp_path, staging, runner)
        with pytest.raises(EmbeddingError, match=r"embed 2 works: out of memory\. Run the same command again"):
            list(works.embed(staging.to_write(BATCH)))


def test_a_key_stands_for_model_version_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {text_key("a", "text"), text_key("b", "text"), text_key("a", "other"), text_key("a", "\ud800")}
    monkeypatch.setattr(module, "code_version", lambda: "another")
    assert len(keys | {text_key("a", "text")}) == 5
