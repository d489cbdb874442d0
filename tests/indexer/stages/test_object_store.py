"""Files of stages in an object store: the same methods and bytes as in a folder, whatever fails meanwhile."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from fsspec.registry import _registry

from indexer.stages.cache import LocalCopies
from indexer.stages.execution import Execution
from indexer.stages.folder import StageFolder, copies_in_pages
from indexer.stages.object_store import ObjectStoreFolder, open_folder
from indexer.stages.runner import Runner, process_pool, this_process
from indexer.stages.task import StageError
from peerscope.settings import Settings
from tests.indexer.stages.test_runner import die, shout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.indexer.s3_server import S3Server


@pytest.fixture
def bucket(request: pytest.FixtureRequest, s3: S3Server) -> str:
    """Return the name of a new bucket."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name.lower())[-60:].strip("-")
    s3.create_bucket(name)
    return name


@pytest.fixture
def folder(bucket: str) -> StageFolder:
    return open_folder(f"s3://{bucket}/some/folder")


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """Return the folder of local copies."""
    return tmp_path / "home" / "stages-cache" / "copies"


def put(folder: StageFolder, name: str, content: str) -> str:
    """Publish a file."""
    with folder.scratch() as scratch:
        path = scratch / name
        path.write_text(content, encoding="utf-8")
        folder.publish(path, name)
    return name


def content(folder: StageFolder, name: str) -> str:
    """Return the content of a file, read from a local copy."""
    with folder.local_copies([name]) as (path,):
        return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_folders_and_object_stores_have_the_same_methods(kind: str, bucket: str, tmp_path: Path) -> None:
    folder = open_folder(f"s3://{bucket}/some/folder" if kind == "s3" else str(tmp_path / "stages"))
    assert type(folder) is (ObjectStoreFolder if kind == "s3" else StageFolder)
    folder.check()
    assert "a-1.txt" not in folder
    assert folder.names("a") == []
    assert folder.sizes(["a-1.txt"]) == {}
    names = [put(folder, f"a-{number}.txt", "x" * number) for number in range(1, 7)]
    put(folder, "ab-1.txt", "another kind")
    assert folder.names("a") == names
    assert folder.sizes([*names, "a-7.txt"]) == {name: size for size, name in enumerate(names, 1)}
    assert folder.sizes(["a-2.txt", "a-7.txt"]) == {"a-2.txt": 2}
    assert [len(paths) for paths in copies_in_pages(folder, names, 4)] == [4, 2]
    assert content(folder, "a-3.txt") == "xxx"
    folder.write("manifest.json", b"1")
    folder.write("manifest.json", b"22")
    assert folder.read("manifest.json") == b"22"
    assert folder.read("none.json") is None
    with pytest.raises(StageError, match=r"a-7\.txt"), folder.local_copies(["a-1.txt", "a-7.txt"]):
        pytest.fail("there is no such file")
    folder.delete(["a-6.txt", "a-7.txt"])
    assert folder.names("a") == names[:5]
    folder.keep_only(["a-1.txt", "manifest.json"])
    assert folder.names("a") == ["a-1.txt"]
    assert folder.read("manifest.json") == b"22"
    with pytest.raises(StageError):
        content(folder, "a-2.txt")


def test_an_object_replaced_by_another_machine_is_read_again(folder: StageFolder, tmp_path: Path) -> None:
    """Only files whose names contain a digest are copied: `read` returns what another machine has written since."""
    other = ObjectStoreFolder(folder.location, LocalCopies(tmp_path / "other", 10**6))
    folder.write("manifest.json", b"1")
    assert other.read("manifest.json") == b"1"
    folder.write("manifest.json", b"2")
    assert other.read("manifest.json") == b"2"
    put(folder, "new.txt", "new")
    assert content(other, "new.txt") == "new"


def test_a_pool_works_with_files_in_an_object_store(folder: StageFolder, s3: S3Server, tmp_path: Path) -> None:
    """Tasks contain the URL, and no secret; a finished task is not executed again on another machine."""
    names = [put(folder, f"{letter}.txt", letter * size) for letter, size in (("a", 1), ("b", 100), ("c", 10))]
    tasks = [shout.task({"texts": name}) for name in names]
    assert b"secret-of-the-test" not in pickle.dumps((tasks, folder.location))
    deaths = str(tmp_path / "deaths")
    with Runner(folder, process_pool(2)) as runner:
        outputs = runner.run(tasks)
        # Afterwards: a task that has finished when another one kills the pool counts as reused, without its bytes.
        [survived] = runner.run([die.task({}, deaths=deaths, times=1)])
        summary = runner.summary()[0]
    assert [content(folder, name)[0] for name in outputs] == ["A", "B", "C"]
    assert content(folder, survived) == "alive"
    assert (summary["bytes_read"], summary["bytes_written"]) == (111, 111)
    other = ObjectStoreFolder(folder.location, LocalCopies(tmp_path / "other", 10**6))
    with Runner(other, lambda: pytest.fail("no worker is needed")) as second:
        assert second.run(tasks) == outputs
    copies = tmp_path / "home" / "stages-cache"
    assert len(list(copies.glob("tmp-*"))) <= 1  # of the worker that was killed last
    with folder.scratch() as scratch:
        assert list(copies.glob("tmp-*")) == [scratch]


def test_a_worker_that_is_killed_while_it_uploads_leaves_nothing(folder: StageFolder, s3: S3Server) -> None:
    put(folder, "a.txt", "a")
    with Runner(folder, process_pool(1)) as runner:
        killed: list[int] = []

        def kill(method: str, path: str, number: int) -> int | None:
            if method == "PUT" and not killed:
                killed.extend(runner.executor()._processes)
                os.kill(killed[0], signal.SIGKILL)
                return 500
            return None

        with s3.failing(kill):
            (name,) = runner.run([shout.task({"texts": "a.txt"})])
        assert content(folder, name) == "A"
        assert killed
        assert {record.worker.rpartition(":")[2] for record in runner.records}.isdisjoint(map(str, killed))


@pytest.mark.parametrize("status", [500, 503])
def test_requests_that_fail_sometimes_are_repeated(folder: StageFolder, s3: S3Server, status: int) -> None:
    failed: list[str] = []

    def every_third(method: str, path: str, number: int) -> int | None:
        if number % 3:
            return None
        failed.append(method)
        return status

    with s3.failing(every_third), Runner(folder, this_process) as runner:
        for number in range(2):
            put(folder, f"{number}.txt", str(number))
        outputs = runner.run([shout.task({"texts": f"{number}.txt"}, end="!") for number in range(2)])
        folder._copies.discard(lambda _: True)
        assert [content(folder, name) for name in outputs] == ["0!", "1!"]
    assert {"PUT", "GET"} <= set(failed)


def test_a_store_that_does_not_recover_ends_the_run(
    folder: StageFolder, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    _forget_connections()
    task = shout.task({"texts": put(open_folder(folder.location), "a.txt", "a")})
    with (
        s3.failing(lambda method, path, number: 500 if method == "PUT" and "shout" in path else None),
        Runner(open_folder(folder.location), this_process) as runner,
        pytest.raises(StageError, match=r"s3://.*/some/folder cannot be used from .*InternalError.*same command again"),
    ):
        runner.run_one(task)
    with Runner(folder, this_process) as runner:
        assert content(folder, runner.run_one(task)) == "A"
    _forget_connections()


def _forget_connections() -> None:
    """Let the next folder connect as the environment says now."""
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bucket_that_does_not_exist_is_reported_before_any_work(s3: S3Server, workers: int) -> None:
    execution = Execution("s3://no-such-bucket/stages", workers)
    with pytest.raises(StageError, match=r"^s3://no-such-bucket/stages does not exist: .*Create the bucket first"):
        execution.runner()


@pytest.mark.parametrize("method", ["PUT", "GET", "POST"])
def test_a_bucket_that_refuses_is_reported_before_any_work(bucket: str, s3: S3Server, method: str) -> None:
    """PUT writes, GET lists, POST deletes."""
    fault: Callable[..., int | None] = lambda called, *_: 403 if called == method else None  # noqa: E731
    with (
        s3.failing(fault),
        pytest.raises(StageError, match=r"refuses access to .*credentials in the environment of each machine"),
    ):
        Execution(f"s3://{bucket}/stages").runner()


@pytest.mark.parametrize(
    ("url", "module", "package"),
    [
        ("s3://bucket/stages", "s3fs", "'peerscope[s3]'"),
        ("gs://bucket", "gcsfs", "gcsfs"),
        ("abfs://x", "adlfs", "adlfs"),
    ],
)
def test_a_package_that_is_not_installed_is_named(
    url: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(_registry, url.partition(":")[0], raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(StageError, match=re.escape(f"pip install {package}, here and on every worker")):
        open_folder(url)


def test_files_that_are_not_needed_are_deleted(folder: StageFolder, s3: S3Server, bucket: str, copies: Path) -> None:
    """Their copies too, and uploads in parts that a killed task did not complete, but nothing outside of the folder."""
    kept, other = put(folder, "kept.txt", "kept"), put(folder, "other.txt", "other")
    neighbour = open_folder(f"s3://{bucket}/some/folder-2")
    put(neighbour, "neighbour.txt", "neighbour")
    s3.begin_upload(bucket, "some/folder/tokens.parquet")
    s3.begin_upload(bucket, "some/folder-2/tokens.parquet")
    folder.keep_only({kept})
    assert (kept in folder, other in folder) == (True, False)
    assert content(neighbour, "neighbour.txt") == "neighbour"
    assert s3.uploads(bucket) == 1
    assert sorted(path.name.partition("-")[2] for path in copies.iterdir()) == ["kept.txt", "neighbour.txt"]


def test_copies_are_private(folder: StageFolder, copies: Path) -> None:
    put(folder, "a.txt", "a")
    folder._copies.discard(lambda _: True)
    content(folder, "a.txt")
    (path,) = copies.iterdir()
    assert (path.stat().st_mode & 0o777, copies.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_copies_take_a_limited_space(folder: StageFolder, s3: S3Server, tmp_path: Path) -> None:
    """Those that were not used for longest are deleted, but none that a task reads."""
    names = [put(folder, f"{number}.txt", "x" * 100) for number in range(5)]
    limited = ObjectStoreFolder(folder.location, LocalCopies(tmp_path / "limited", 250))
    copies = tmp_path / "limited" / "copies"

    def kept() -> list[str]:
        return sorted(path.name.partition("-")[2] for path in copies.iterdir())

    for number in (0, 1, 0, 2):
        content(limited, names[number])
        for path in copies.iterdir():  # as if an hour had passed
            os.utime(path, (path.stat().st_mtime - 3600,) * 2)
    assert kept() == ["0.txt", "2.txt"]
    before = s3.requests["GET"]
    content(limited, "0.txt")
    assert s3.requests["GET"] == before
    with limited.local_copies(names) as paths:
        assert [path.stat().st_size for path in paths] == [100] * 5
        assert len(kept()) == 5
        content(limited, "0.txt")
        assert len(kept()) == 5
    assert len(kept()) == 2


def test_processes_of_a_machine_download_a_file_once(folder: StageFolder, s3: S3Server) -> None:
    put(folder, "a.txt", "a")
    folder._copies.discard(lambda _: True)
    before = s3.requests["GET"]
    threads = [threading.Thread(target=content, args=(open_folder(folder.location), "a.txt")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert s3.requests["GET"] == before + 1


def test_scratch_files_of_a_killed_process_are_deleted(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path\n"
        "from indexer.stages.cache import LocalCopies\n"
        "with LocalCopies(Path(sys.argv[1]), 100).scratch() as scratch:\n"
        "    (scratch / 'half').touch(); os.kill(os.getpid(), 9)"
    )
    copies = LocalCopies(tmp_path, 100)
    with copies.scratch() as running:
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
        assert len(list(tmp_path.glob("tmp-*/half"))) == 1
        with copies.scratch() as scratch:
            assert sorted(tmp_path.glob("tmp-*")) == sorted([running, scratch])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/shared/stages/", "/shared/stages"),
        ("file:///shared/my%20stages", "/shared/my stages"),
        ("s3://bucket/prefix/", "s3://bucket/prefix"),
        ("gs://bucket", "gs://bucket"),
        ("abfs://container@account.dfs.core.windows.net/stages", None),
    ],
)
def test_a_location_is_a_folder_or_an_object_store(
    value: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERSCOPE_STAGES", value)
    assert Settings.load().stages == (expected or value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("http://example.org/stages", "must be a folder, or an object store"),
        ("memory://stages", "must be a folder, or an object store"),
        ("file://host/stages", "must be a folder, or an object store"),
        ("s3://", "must be a folder, or an object store"),
        ("s3://bucket/prefix?endpoint=x", "must be a folder, or an object store"),
        ("s3://key:secret@bucket/prefix", "must not contain credentials"),
    ],
)
def test_other_locations_are_refused(value: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_STAGES", value)
    with pytest.raises(Exception, match=message) as raised:
        Settings.load()
    assert "secret" not in str(raised.value)
