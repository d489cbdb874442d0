"""The same files and the same result from every executor, also if workers or the coordinator are killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from distributed import LocalCluster

from indexer.identity import resolver
from indexer.identity.overrides import Overrides
from indexer.identity.resolver import resolve_all
from indexer.stages.cache import LocalCopies
from indexer.stages.cluster import dask_executor
from indexer.stages.folder import StageFolder
from indexer.stages.object_store import ObjectStoreFolder, open_folder
from indexer.stages.runner import Runner, process_pool
from indexer.stages.task import StageError, stage
from indexer.stages.worker import execute
from indexer.staging.database import StagingDatabase
from tests.indexer.identity.corpora import InProcess, change, corpus, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from indexer.stages.task import Step
    from tests.indexer.s3_server import S3Server

    Listener = Callable[[Runner, str, int, int], None]

SEED = 9


@pytest.fixture(autouse=True)
def _several_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "WORKS", 40)


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster


def resolved(
    home: Path,
    make_executor: Callable[[], Executor],
    on_progress: Callable[[Runner, str, int, int], None] | None = None,
    location: str | None = None,
) -> tuple[object, dict[str, str], Runner]:
    """Resolve a corpus; return what is stored, a digest of each file, and the runner."""
    folder = open_folder(location or str(home / "stages"))
    with StagingDatabase(home / "staged.sqlite") as staged:
        staged.add(map(change, corpus(SEED)))
        with Runner(folder, make_executor) as runner:
            if on_progress:
                runner._on_progress = lambda *progress: on_progress(runner, *progress)
            resolve_all(staged, Overrides(), runner)
        names = [path.name for path in folder.path.glob("*.*")] if location is None else sorted(folder._listing())
        with folder.local_copies(names) as paths:
            files = {
                name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in zip(names, paths, strict=True)
            }
        return stored(staged, runner), files, runner


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, dict[str, str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resolver, "WORKS", 40)
        found, files, _ = resolved(tmp_path_factory.mktemp("expected"), InProcess)
    assert len([name for name in files if name.startswith("blocks-")]) == 8
    return found, files


def kill_worker_in(stage: str) -> Listener:
    """Return a listener that kills the worker that has just finished a task of a stage, once."""
    killed: list[int] = []

    def listen(runner: Runner, current: str, done: int, total: int) -> None:
        if current == stage and not killed and done < total:
            killed.append(int(runner.records[-1].worker.rpartition(":")[2]))
            psutil.Process(killed[0]).kill()

    return listen


def test_a_pool_writes_the_same_bytes_though_a_worker_is_killed(
    tmp_path: Path, expected: tuple[object, dict[str, str]]
) -> None:
    found, files, runner = resolved(tmp_path, process_pool(2), kill_worker_in("blocks"))
    assert (found, files) == expected
    assert len({record.worker for record in runner.records}) > 2


def test_a_cluster_writes_the_same_bytes_though_a_worker_is_killed(
    tmp_path: Path, expected: tuple[object, dict[str, str]], cluster: LocalCluster
) -> None:
    make_executor = dask_executor(cluster.scheduler_address)
    found, files, runner = resolved(tmp_path, make_executor, kill_worker_in("blocks"))
    assert (found, files) == expected
    assert str(os.getpid()) not in {record.worker.rpartition(":")[2] for record in runner.records}


@pytest.mark.parametrize("workers", [1, 2])
def test_an_object_store_contains_the_same_bytes(
    tmp_path: Path, expected: tuple[object, dict[str, str]], s3: S3Server, workers: int
) -> None:
    """With one process, and with a pool in which a worker is killed; files are downloaded again by another machine."""
    location = s3.create_bucket(f"identity-{workers}")
    make_executor = process_pool(2) if workers == 2 else InProcess
    found, files, _ = resolved(tmp_path, make_executor, kill_worker_in("blocks") if workers == 2 else None, location)
    assert (found, files) == expected
    other = ObjectStoreFolder(location, LocalCopies(tmp_path / "other", 10**6))
    with other.local_copies(files) as paths:
        assert [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths] == list(files.values())


def test_a_coordinator_that_is_killed_after_blocks_continues_there(
    tmp_path: Path, expected: tuple[object, dict[str, str]]
) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from indexer.identity import resolver\n"
        "from tests.indexer.identity.corpora import InProcess\n"
        "from tests.indexer.identity.test_executors import resolved\n"
        "resolver.WORKS = 40\n"
        "def kill(runner, stage, done, total):\n"
        "    if stage == 'blocks' and done == total: os.kill(os.getpid(), 9)\n"
        "resolved(Path(sys.argv[1]), InProcess, kill)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    found, files, runner = resolved(tmp_path, InProcess)
    assert (found, files) == expected
    assert {record.stage for record in runner.records} & {"mentions", "tokens", "blocks"} == set()
    assert runner.reused["blocks"] == 8


@stage("missing")
def missing(step: Step) -> None:
    """Write nothing: its input does not exist."""


def test_a_folder_that_workers_do_not_share_is_explained(tmp_path: Path) -> None:
    folder = StageFolder(tmp_path / "stages")
    task = missing.task({"file": "elsewhere.parquet"})
    with pytest.raises(StageError, match=r"cannot read .*elsewhere\.parquet: the folder of stages"):
        execute(task, folder.location, 100)


def test_a_scheduler_that_is_not_there_or_has_no_workers_is_named() -> None:
    with pytest.raises(StageError, match=r"tcp://127\.0\.0\.1:9 cannot be reached"):
        dask_executor("tcp://127.0.0.1:9", timeout=0.5)()
    with (
        LocalCluster(n_workers=0, dashboard_address=":0") as empty,
        pytest.raises(StageError, match="has no workers; start some"),
    ):
        dask_executor(empty.scheduler_address, timeout=0.5)()
