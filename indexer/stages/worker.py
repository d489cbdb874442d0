"""Execution of one task, in whatever process an executor chooses."""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import chain
from multiprocessing import connection, parent_process
from typing import TYPE_CHECKING

import duckdb

from indexer.stages.object_store import open_folder
from indexer.stages.task import StageError, Step
from peerscope.memory import peak_mb, reset_peak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from indexer.stages.task import Stage, Task

#: Memory of the queries of a task in the first attempt and in the next ones, relative to that of the runner. Not every
#: query can spill everything to disk.
MEMORY_FACTORS = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """What a task took: seconds, bytes read and written, peak memory in MB; and the worker, as `host:process`."""

    stage: str
    seconds: float
    bytes_read: int
    bytes_written: int
    peak_mb: float
    worker: str


def worker_name() -> str:
    """Return the name of this process in records, `host:process`."""
    return f"{socket.gethostname()}:{os.getpid()}"


def execute(task: Task, location: str, memory_mb: int) -> TaskRecord:
    """Write the output of a task to the folder at a location, unless it is there; return what that took."""
    folder, worker = open_folder(location), worker_name()
    if task.output in folder:  # written since the task was submitted
        return TaskRecord(task.stage, 0.0, 0, 0, 0.0, worker)
    started = time.perf_counter()
    is_worker = parent_process() is not None
    if is_worker:
        reset_peak()
    stage = task.load()
    existing = folder.sizes(sorted(set(chain.from_iterable(task.hints.values()))))
    hints = {role: [name for name in files if name in existing] for role, files in task.hints.items()}
    names = sorted(set(chain.from_iterable((*task.inputs.values(), *hints.values()))))
    with (
        folder.local_copies(names) as paths,
        folder.scratch() as scratch,
        _no_garbage_collection() if is_worker else nullcontext(),
    ):
        copies = dict(zip(names, paths, strict=True))
        inputs = {role: [copies[name] for name in files] for role, files in task.inputs.items()}
        earlier = {role: [copies[name] for name in files] for role, files in hints.items()}
        read = sum(path.stat().st_size for path in paths)
        output = scratch / task.output
        _write(stage, Step(inputs, output, task.parameters, scratch, memory_mb, earlier))
        written = output.stat().st_size
        folder.publish(output, task.output)
    return TaskRecord(task.stage, time.perf_counter() - started, read, written, peak_mb(), worker)


def _write(stage: Stage, step: Step) -> None:
    """Write the output of a step; its queries get more memory if they cannot spill enough to disk.

    Each attempt has a new folder in `step.scratch`. With more memory, the output has the same bytes. Raises StageError
    if `MEMORY_FACTORS` are not enough.
    """
    for factor in MEMORY_FACTORS:
        scratch = step.scratch / f"spill-{factor}"
        scratch.mkdir()
        with suppress(duckdb.OutOfMemoryException):
            stage.function(replace(step, scratch=scratch, memory_mb=factor * step.memory_mb))
            return
    raise StageError(
        f"The stage {stage.name!r} needs more than {MEMORY_FACTORS[-1] * step.memory_mb:,} MB of memory for its "
        "queries. Nothing is lost; divide the collection, and report this."
    )


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Switch the search for cyclic garbage off: a tenth of the time of tasks that make millions of objects without."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def start_worker() -> None:
    """Prepare a worker process: it ends with its parent, even if that is killed, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True, name="parent").start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
