"""Runs the tasks of a stage with an executor: the largest first, again where a worker died, none that has finished."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TYPE_CHECKING, Protocol, TypedDict

from indexer.stages.task import StageError
from indexer.stages.worker import execute, start_worker

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


class Runner:
    """Runs tasks and keeps a record of each; a context manager that ends its workers."""

    def __init__(
        self,
        folder: StageFolder,
        make_executor: Callable[[], Executor],
        on_progress: TaskListener | None = None,
        memory_mb: int = MEMORY_MB,
    ) -> None:
        """Prepare to run; workers start with the first task that is not finished."""
        self.folder = folder
        self.records: list[TaskRecord] = []
        #: Files that were written or reused, which `StageFolder.keep_only` should keep.
        self.used: set[str] = set()
        #: Number of tasks by stage whose output was there already.
        self.reused: Counter[str] = Counter()
        self._make_executor, self._memory_mb = make_executor, memory_mb
        self._on_progress = on_progress or (lambda *_: None)
        self._executor: Executor | None = None
        #: Whether `stop` was called.
        self.is_stopped = False

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Start no more tasks, and end the workers after those that they are executing."""
        self.is_stopped = True
        self._close()

    def _close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

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
        finished = {output for output in outputs if output in self.folder}
        missing = [task for task, output in zip(tasks, outputs, strict=True) if output not in finished]
        self.reused.update(task.stage for task, output in zip(tasks, outputs, strict=True) if output in finished)
        missing.sort(key=self._input_bytes, reverse=True)
        for attempt in range(1, ATTEMPTS + 1):
            missing = self._attempt(missing, len(tasks))
            if not missing:
                return outputs
            if attempt < ATTEMPTS:
                self._close()
        raise StageError(
            f"A process that worked on the stage {missing[0].stage!r} ended {ATTEMPTS} times, perhaps because memory "
            "was short. Nothing is lost: run the same command again."
        )

    def peak_mb(self) -> float:
        """Return the sum of the peaks of all workers in MB: together they used at most that."""
        peaks: dict[str, float] = {}
        for record in self.records:
            peaks[record.worker] = max(record.peak_mb, peaks.get(record.worker, 0.0))
        return sum(peaks.values())

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
        return sum(self.folder.size(name) for names in task.inputs.values() for name in names)

    def _attempt(self, tasks: Sequence[Task], total: int) -> list[Task]:
        """Execute tasks; return those whose workers died."""
        if not tasks:
            return []
        if self.is_stopped:
            raise StageError("Indexing was stopped. Run the same command again: finished stages are kept.")
        if self._executor is None:
            self._executor = self._make_executor()
        futures: dict[Future[TaskRecord], Task] = {}
        failed: list[Task] = []
        try:
            for task in tasks:
                futures[self._executor.submit(execute, task, self.folder.path, self._memory_mb)] = task
        except BrokenProcessPool:
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
        return failed


def _is_death(error: BaseException | None) -> bool:
    """Return whether a task failed because its worker died; Dask's error is known by name, since Dask is an extra."""
    return isinstance(error, BrokenProcessPool) or type(error).__name__ == "KilledWorker"
