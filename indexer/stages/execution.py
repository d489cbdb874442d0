"""Where the files of stages are, and which processes execute their tasks: some of this machine, or a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.stages.cluster import DaskExecutor, dask_executor
from indexer.stages.object_store import open_folder
from indexer.stages.runner import Runner, process_pool, this_process

if TYPE_CHECKING:
    from indexer.stages.runner import TaskListener
    from peerscope.settings import Settings

#: Name of the folder of stages in the home folder.
FOLDER = "stages"


@dataclass(frozen=True)
class Execution:
    """The folder or object store of the files of stages, and the number of worker processes on this machine.

    With the address of a `scheduler`, the workers of that Dask cluster work instead, on any number of machines.
    """

    location: str
    workers: int = 1
    scheduler: str | None = None

    @classmethod
    def from_settings(cls, settings: Settings, workers: int | None = None, scheduler: str | None = None) -> Execution:
        """Return the execution that the settings describe, or `workers` or `scheduler` if one of them is given.

        Each index prefix has its own folder.
        """
        folder = f"{settings.stages or settings.home / FOLDER}/{settings.index_prefix.strip('-')}"
        if workers:
            return cls(folder, workers)
        return cls(folder, settings.index_workers, scheduler or settings.scheduler)

    def runner(self, on_progress: TaskListener | None = None) -> Runner:
        """Return a runner; its workers start with the first task. Raises StageError if it cannot write files."""
        make_executor = dask_executor(self.scheduler) if self.scheduler else process_pool(self.workers)
        folder = open_folder(self.location)
        folder.check()
        return Runner(folder, make_executor, on_progress)

    def documents_runner(self) -> Runner:
        """Return the runner for parts of documents: embeddings of works, and later the documents of researchers.

        It uses the cluster, several processes, or this one: with one worker, this process embeds with the model that it
        has loaded, and with all threads.
        """
        if self.scheduler or self.workers > 1:
            return self.runner()
        return Runner(open_folder(self.location), this_process)

    def concurrent_tasks(self, runner: Runner) -> int:
        """Return how many tasks of that runner to hand in at a time, so that no worker waits for the next one."""
        if self.scheduler:
            executor = runner.executor()
            return 2 * executor.workers if isinstance(executor, DaskExecutor) else 1
        return 2 * self.workers if self.workers > 1 else 1
