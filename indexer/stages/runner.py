"""Runs the tasks of a stage with an executor: the largest first, again where a worker died, none that has finished."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING, Protocol, TypedDict

from indexer.stages.task import StageError
from indexer.stages.worker import execute, start_worker, worker_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor, Future

    from indexer.stages.folder import StageFolder
    from indexer.stages.task import Task
    from indexer.stages.worker import TaskRecord

#: Times that a task is started before the run ends, when each time its worker died.
ATTEMPTS = 3
#: Memory in MB that the queries of one task use before they spill to disk.
MEMORY_MB = 300


class StageSummary(TypedDict):
    """What the tasks of one stage took together: seconds of workers, bytes, and the highest peak of memory in MB."""

    stage: str
    tasks: int
    reused: int
    seconds: float
    bytes_read: int
    bytes_written: int
    peak_memory_mb: int
    workers: int


class TaskListener(Protocol):
    """Receives the progress of stages."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Receive how many tasks of a stage are done, and their total."""


def process_pool(workers: int) -> Callable[[], Executor]:
    """Return a factory of pools of this many processes.

    They are spawned, not forked: a process that has loaded a model and runs threads cannot be copied safely.
    """
    context = get_context("spawn")
    return lambda: ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)


def this_process() -> Executor:
    """Return an executor that executes one task at a time in a thread of this process."""
    return ThreadPoolExecutor(1)


class Runner:
    """Runs tasks and keeps a record of each; a context manager that ends its workers. Several threads may use it."""

    def __init__(
        self,
        folder: StageFolder,
        make_executor: Callable[[], Executor],
        on_progress: TaskListener | None = None,
    ) -> None:
        """Prepare to run; workers start with the first task that is not finished."""
        self.folder = folder
        self.records: list[TaskRecord] = []
        #: Files that were written or reused, which `StageFolder.keep_only` should keep.
        self.used: set[str] = set()
        #: Number of tasks by stage whose output was there already.
        self.reused: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._make_executor = make_executor
        self._on_progress = on_progress or (lambda *_: None)
        self._executor: Executor | None = None
        self._lock = threading.Lock()
        #: Whether `stop` was called.
        self.is_stopped = False

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Start no more tasks, and end the workers after those that they are executing."""
        self.is_stopped = True
        if self._executor is not None:
            self._close(self._executor)

    def executor(self) -> Executor:
        """Return the executor, started if necessary. Raises StageError when the runner was stopped."""
        with self._lock:
            if self.is_stopped:
                raise StageError("Indexing was stopped. Run the same command again: finished stages are kept.")
            if self._executor is None:
                self._executor = self._make_executor()
            return self._executor

    def _close(self, executor: Executor) -> None:
        """End the workers of an executor, unless another thread has done so."""
        with self._lock:
            if self._executor is not executor:
                return
            self._executor = None
        executor.shutdown(cancel_futures=True)

    def run_one(self, task: Task) -> str:
        """Run one task and return the name of its output."""
        (output,) = self.run([task])
        return output

    def run(self, tasks: Sequence[Task]) -> list[str]:
        """Run tasks that do not depend on each other; return the names of their outputs, in order.

        Raises StageError when the workers of a task die repeatedly, or when the runner was stopped.
        """
        outputs = [task.output for task in tasks]
        self.used.update(outputs, *(names for task in tasks for names in task.inputs.values()))
        finished = self.folder.sizes(set(outputs))
        self._sizes |= finished
        missing = [task for task, output in zip(tasks, outputs, strict=True) if output not in finished]
        self.reused.update(task.stage for task, output in zip(tasks, outputs, strict=True) if output in finished)
        self._find_sizes(missing)
        missing.sort(key=self._input_bytes, reverse=True)
        for _ in range(ATTEMPTS):
            missing = self._attempt(missing, len(tasks))
            if not missing:
                return outputs
        raise StageError(
            f"A process that worked on the stage {missing[0].stage!r} ended {ATTEMPTS} times, perhaps because memory "
            "was short. Nothing is lost: run the same command again."
        )

    def peak_mb(self) -> float:
        """Return the sum of the peaks of all worker processes in MB: together they used at most that."""
        peaks: dict[str, float] = {}
        for record in self.records:
            peaks[record.worker] = max(record.peak_mb, peaks.get(record.worker, 0.0))
        peaks.pop(worker_name(), None)
        return sum(peaks.values())

    def seconds(self, stage: str) -> float:
        """Return the seconds that all tasks of a stage took together."""
        return sum(record.seconds for record in self.records if record.stage == stage)

    def outputs(self, stage: str) -> list[str]:
        """Return the files of a stage that were written or reused, sorted."""
        return sorted(name for name in self.used if name.startswith(f"{stage}-"))

    def summary(self) -> list[StageSummary]:
        """Return what each stage took, in the order in which stages began."""
        stages = dict.fromkeys([*(record.stage for record in self.records), *self.reused])
        return [self._summary(stage, [r for r in self.records if r.stage == stage]) for stage in stages]

    def _summary(self, stage: str, records: Sequence[TaskRecord]) -> StageSummary:
        return {
            "stage": stage,
            "tasks": len(records),
            "reused": self.reused[stage],
            "seconds": round(sum(record.seconds for record in records), 2),
            "bytes_read": sum(record.bytes_read for record in records),
            "bytes_written": sum(record.bytes_written for record in records),
            "peak_memory_mb": round(max((record.peak_mb for record in records), default=0.0)),
            "workers": len({record.worker for record in records}),
        }

    def _input_bytes(self, task: Task) -> int:
        return sum(self._sizes.get(name, 0) for names in task.inputs.values() for name in names)

    def _find_sizes(self, tasks: Sequence[Task]) -> None:
        """Look up the sizes of inputs that this runner does not know: those that it did not run the tasks of."""
        inputs = {name for task in tasks for names in task.inputs.values() for name in names}
        self._sizes |= self.folder.sizes(inputs - self._sizes.keys())

    def _attempt(self, tasks: Sequence[Task], total: int) -> list[Task]:
        """Execute tasks; return those whose workers died."""
        if not tasks:
            return []
        executor = self.executor()
        futures: dict[Future[TaskRecord], Task] = {}
        failed: list[Task] = []
        try:
            for task in tasks:
                futures[executor.submit(execute, task, self.folder.location, MEMORY_MB)] = task
        except RuntimeError:  # a worker died meanwhile, or another thread has closed the executor for that reason
            failed += tasks[len(futures) :]
        pending, done = set(futures), total - len(tasks)
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                if future.cancelled() or _is_death(future.exception()):
                    failed.append(futures[future])
                    continue
                self.records.append(future.result())
                done += 1
                self._on_progress(futures[future].stage, done, total)
        if failed:
            self._close(executor)
        return failed


def _is_death(error: BaseException | None) -> bool:
    """Return whether a task failed because its worker died; Dask's error is known by name, since Dask is an extra."""
    return isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker"
