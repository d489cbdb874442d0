"""Where the files of stages are, and which processes execute their tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.stages.folder import StageFolder
from indexer.stages.runner import Runner, process_pool

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.stages.runner import TaskListener
    from peerscope.settings import Settings

#: Name of the folder of stages in the home folder.
FOLDER = "stages"


@dataclass(frozen=True)
class Execution:
    """The folder of the files of stages, and the number of worker processes on this machine."""

    folder: Path
    workers: int = 1

    @classmethod
    def from_settings(cls, settings: Settings, workers: int | None = None) -> Execution:
        """Return what the settings say; `workers` takes precedence. Each index prefix has its own folder."""
        folder = settings.stages or settings.home / FOLDER
        return cls(folder / settings.index_prefix.strip("-"), workers or settings.index_workers)

    def runner(self, on_progress: TaskListener | None = None) -> Runner:
        """Return a runner; its workers start with the first task."""
        return Runner(StageFolder(self.folder), process_pool(self.workers), on_progress)
