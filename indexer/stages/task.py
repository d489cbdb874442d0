"""A task of a stage: a pure function from files to one file, whose name contains a digest of everything it depends on.

So a task that has finished once is never repeated, by whatever run or worker, and a worker that finishes late writes
the bytes that are there already.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

#: Hexadecimal digits of a digest in a file name: 96 bits.
DIGITS = 24


class StageError(PeerscopeError):
    """A stage that failed; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the function of a stage receives: the paths of its inputs by role, the file to write, and its limits."""

    inputs: Mapping[str, Sequence[Path]]
    output: Path
    parameters: Mapping[str, Any]
    #: An empty folder, which is deleted after the task.
    scratch: Path
    #: Memory in MB that queries may use before they spill to `scratch`.
    memory_mb: int

    def file(self, role: str) -> Path:
        """Return the only input file with a role."""
        (path,) = self.inputs[role]
        return path


@dataclass(frozen=True, slots=True)
class Stage:
    """A function with a name and a version; increase the version when the function writes something else."""

    function: Callable[[Step], None]
    name: str
    version: int

    @property
    def reference(self) -> str:
        """Return where the stage can be imported from, as `module:name`."""
        return f"{self.function.__module__}:{self.function.__name__}"

    def task(self, inputs: Mapping[str, str | Sequence[str]], **parameters: Any) -> Task:
        """Return the task with these input files, by role, and parameters (JSON values)."""
        lists = {role: (files,) if isinstance(files, str) else tuple(files) for role, files in inputs.items()}
        return Task(self.reference, self.name, self.version, lists, parameters)


def stage(name: str, version: int = 1) -> Callable[[Callable[[Step], None]], Stage]:
    """Return a decorator that makes a module's function a stage."""
    return lambda function: Stage(function, name, version)


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a stage. `inputs` are names of files in the folder of stages, by role."""

    reference: str
    stage: str
    version: int
    inputs: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """Return the name of the file that the task writes."""
        description = [self.stage, self.version, self.inputs, self.parameters]
        text = json.dumps(description, sort_keys=True, ensure_ascii=True)
        return file_name(self.stage, hashlib.sha256(text.encode()))

    def load(self) -> Stage:
        """Import the stage. Raises StageError if this worker has another version of it."""
        module, _, name = self.reference.partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, Stage) or found.version != self.version:
            raise StageError(
                f"This worker has another version of the stage {self.stage!r}; install the same version of Peerscope "
                "everywhere."
            )
        return found


def file_name(kind: str, digest: hashlib._Hash, suffix: str = "parquet") -> str:
    """Return the name of a file by its kind and the digest of what determines it."""
    return f"{kind}-{digest.hexdigest()[:DIGITS]}.{suffix}"
