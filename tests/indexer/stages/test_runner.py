"""Tasks are executed once, whoever executes them, and a worker that dies does not end a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psutil
import pytest

from indexer.stages.folder import StageFolder
from indexer.stages.runner import ATTEMPTS, Runner, process_pool
from indexer.stages.task import Stage, StageError, Step, code_version, stage
from indexer.stages.worker import execute

if TYPE_CHECKING:
    from collections.abc import Iterator


@stage("shout")
def shout(step: Step) -> None:
    """Write the text of the inputs in capitals, with the process that did."""
    text = "".join(path.read_text(encoding="utf-8") for path in step.inputs["texts"])
    step.output.write_text(text.upper() + step.parameters.get("end", ""), encoding="utf-8")


@stage("die")
def die(step: Step) -> None:
    """Kill the worker as often as `times` says, then write."""
    deaths = Path(step.parameters["deaths"])
    with deaths.open("a", encoding="utf-8") as file:
        file.write("x")
    if len(deaths.read_text(encoding="utf-8")) <= step.parameters["times"]:
        os.kill(os.getpid(), signal.SIGKILL)
    step.output.write_text("alive", encoding="utf-8")


@stage("hungry")
def hungry(step: Step) -> None:
    """Write how much memory the query had, if that was enough."""
    assert list(step.scratch.iterdir()) == []
    (step.scratch / "spilled").touch()
    if step.memory_mb < step.parameters["needs"]:
        raise duckdb.OutOfMemoryException("no memory")
    step.output.write_text(str(step.memory_mb), encoding="utf-8")


@stage("fail")
def fail(step: Step) -> None:
    """Raise an error of the operator's kind."""
    raise StageError("The disk is full.")


def test_a_query_that_cannot_spill_enough_gets_more_memory(folder: StageFolder) -> None:
    task = hungry.task({}, needs=700)
    assert execute(task, folder.location, 300).bytes_written == len("1200")
    assert folder.read(task.output) == b"1200"
    with pytest.raises(StageError, match="'hungry' needs more than 1,200 MB"):
        execute(hungry.task({}, needs=1_201), folder.location, 300)


@pytest.fixture
def folder(tmp_path: Path) -> StageFolder:
    return StageFolder(tmp_path / "stages")


@pytest.fixture
def runner(folder: StageFolder) -> Iterator[Runner]:
    with Runner(folder, process_pool(2)) as runner:
        yield runner


def text(folder: StageFolder, name: str, content: str) -> str:
    (folder.path / name).write_text(content, encoding="utf-8")
    return name


def test_outputs_are_in_the_order_of_the_tasks_and_reported(runner: Runner, folder: StageFolder) -> None:
    names = [text(folder, f"{letter}.txt", letter * size) for letter, size in (("a", 1), ("b", 100), ("c", 10))]
    seen: list[tuple[str, int, int]] = []
    runner._on_progress = lambda *progress: seen.append(progress)
    outputs = runner.run([shout.task({"texts": name}) for name in names])
    assert [(folder.path / name).read_text(encoding="utf-8")[0] for name in outputs] == ["A", "B", "C"]
    assert seen == [("shout", 1, 3), ("shout", 2, 3), ("shout", 3, 3)]
    (summary,) = runner.summary()
    assert {key: summary[key] for key in ("stage", "tasks", "reused", "bytes_read", "bytes_written")} == {
        "stage": "shout",
        "tasks": 3,
        "reused": 0,
        "bytes_read": 111,
        "bytes_written": 111,
    }
    assert summary["peak_memory_mb"] > 5
    assert round(runner.peak_mb()) >= summary["peak_memory_mb"]


def test_what_is_finished_is_not_executed_again(folder: StageFolder) -> None:
    task = shout.task({"texts": text(folder, "a.txt", "a")})
    with Runner(folder, process_pool(1)) as first:
        name = first.run_one(task)
    stamp = (folder.path / name).stat()
    with Runner(folder, lambda: pytest.fail("no worker is needed")) as second:
        assert second.run_one(task) == name
        assert second.summary() == [second.summary()[0] | {"stage": "shout", "tasks": 0, "reused": 1}]
    assert (folder.path / name).stat().st_mtime_ns == stamp.st_mtime_ns


def test_a_name_depends_on_stage_version_inputs_and_parameters() -> None:
    task = shout.task({"texts": "a.txt"}, end="!")
    same = shout.task({"texts": ["a.txt"]}, end="!")
    others = [
        shout.task({"texts": "a.txt"}, end="?"),
        shout.task({"texts": ["a.txt", "a.txt"]}, end="!"),
        shout.task({"more": "a.txt"}, end="!"),
        replace(task, version="another"),
        Stage(shout.function, "whisper").task({"texts": "a.txt"}, end="!"),
    ]
    assert task.output == same.output
    assert len({task.output, *(other.output for other in others)}) == 6


def test_the_version_of_the_code_changes_with_any_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "indexer"
    source.mkdir()
    monkeypatch.setattr("indexer.stages.task.SOURCES", (source,))
    versions = {code_version()}
    try:
        for name, content in (("a.py", "1"), ("a.py", "2"), ("b.py", "2"), ("c.txt", "3")):
            (source / name).write_text(content, encoding="utf-8")
            code_version.cache_clear()
            versions.add(code_version())
    finally:
        code_version.cache_clear()
    assert len(versions) == 4


def test_a_worker_with_another_version_refuses(folder: StageFolder) -> None:
    task = replace(shout.task({"texts": text(folder, "a.txt", "a")}), version="another")
    with pytest.raises(StageError, match="another version of Peerscope"):
        execute(task, folder.location, 100)
    assert task.output not in folder


def test_a_task_whose_worker_is_killed_is_executed_by_another(
    runner: Runner, folder: StageFolder, tmp_path: Path
) -> None:
    deaths = str(tmp_path / "deaths")
    task = die.task({}, deaths=deaths, times=ATTEMPTS - 1)
    others = [shout.task({"texts": text(folder, f"{n}.txt", str(n))}) for n in range(4)]
    name, *rest = runner.run([task, *others])
    assert (folder.path / name).read_text(encoding="utf-8") == "alive"
    assert [(folder.path / other).read_text(encoding="utf-8") for other in rest] == list("0123")


def test_a_task_that_kills_every_worker_ends_the_run(runner: Runner, folder: StageFolder, tmp_path: Path) -> None:
    with pytest.raises(StageError, match=f"'die' ended {ATTEMPTS} times.*run the same command again"):
        runner.run_one(die.task({}, deaths=str(tmp_path / "deaths"), times=99))
    assert len((tmp_path / "deaths").read_text(encoding="utf-8")) == ATTEMPTS
    left = [path for path in folder.path.iterdir() if path.is_file()]
    assert left == []


def test_an_error_of_a_task_is_raised_as_it_is(runner: Runner) -> None:
    with pytest.raises(StageError, match="The disk is full"):
        runner.run_one(fail.task({}))


def test_a_runner_that_was_stopped_starts_nothing(runner: Runner) -> None:
    runner.stop()
    with pytest.raises(StageError, match="was stopped"):
        runner.run_one(fail.task({}))


def test_a_late_worker_writes_the_same_file(folder: StageFolder, tmp_path: Path) -> None:
    """Two workers execute one task, because the first was taken for dead: whoever is last changes nothing."""
    task = shout.task({"texts": text(folder, "a.txt", "a")})
    execute(task, folder.location, 100)
    first = (folder.path / task.output).read_bytes()
    late = tmp_path / "late"
    late.write_bytes(first)
    folder.publish(late, task.output)
    assert (folder.path / task.output).read_bytes() == first
    folder.keep_only({task.output})
    execute(task, folder.location, 100)
    assert [path.name for path in folder.path.iterdir()] == [task.output]


def test_only_named_files_are_kept_and_the_folder_is_private(folder: StageFolder) -> None:
    kept, other = text(folder, "kept.txt", ""), text(folder, "other.txt", "")
    (folder.path / "tmp-killed").mkdir()
    (folder.path / "tmp-killed" / "half").touch()
    folder.keep_only({kept})
    assert other not in folder
    assert [path.name for path in folder.path.iterdir()] == [kept]
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_workers_end_with_their_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    """The parent writes the number of its worker, and dies while that one works."""
    script = (
        "import os, sys, time; from pathlib import Path\n"
        "from indexer.stages.runner import process_pool\n"
        "pool = process_pool(1)()\n"
        "print(pool.submit(os.getpid).result(), flush=True); pool.submit(time.sleep, 60); time.sleep(0.2)\n"
        "os.kill(os.getpid(), 9)"
    )
    child = int(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False).stdout)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(child).wait(30)
    assert not psutil.pid_exists(child)
