"""A task of a stage: a pure function from files to one file, whose name contains a digest of everything it depends on.

So a task that has finished once is never repeated, by whatever run or worker, and a worker that finishes late writes
the bytes that are there already.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from importlib.metadata import version as library_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Hexadecimal digits of a digest in a file name: 96 bits.
DIGITS = 24
#: The packages whose source decides what a stage writes.
SOURCES = tuple(Path(__file__).resolve().parents[2] / name for name in ("indexer", "peerscope/embedding"))
#: The libraries whose version decides it too.
LIBRARIES = ("duckdb", "numpy", "onnxruntime", "tokenizers")


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
    #: Files of earlier runs by role, from which results may be copied. They may be missing or damaged.
    hints: Mapping[str, Sequence[Path]] = field(default_factory=dict)

    def file(self, role: str) -> Path:
        """Return the only input file with a role."""
        (path,) = self.inputs[role]
        return path

    def share(self, total: int) -> tuple[int, int]:
        """Return the first of `total` numbers that belong to bucket number `bucket` of `buckets`, and the end."""
        bucket, buckets = self.parameters["bucket"], self.parameters["buckets"]
        return total * bucket // buckets, total * (bucket + 1) // buckets


@dataclass(frozen=True, slots=True)
class Stage:
    """A function with a name."""

    function: Callable[[Step], None]
    name: str
    suffix: str = "parquet"

    @property
    def reference(self) -> str:
        """Return where the stage can be imported from, as `module:name`."""
        return f"{self.function.__module__}:{self.function.__name__}"

    def task(self, inputs: Mapping[str, str | Sequence[str]], **parameters: Any) -> Task:
        """Return the task with these input files, by role, and parameters (JSON values)."""
        lists = {role: (files,) if isinstance(files, str) else tuple(files) for role, files in inputs.items()}
        return Task(self.reference, self.name, code_version(), lists, parameters, self.suffix)


def stage(name: str, suffix: str = "parquet") -> Callable[[Callable[[Step], None]], Stage]:
    """Return a decorator that makes a module's function a stage; `suffix` is that of the names of its files."""
    return lambda function: Stage(function, name, suffix)


@cache
def code_version() -> str:
    """Return the digest of the source of the stages, and of the versions of the libraries that compute with them.

    Not a number that is increased by hand: a result that an older version of the code has left must never be taken for
    that of the current one.
    """
    digest = hashlib.sha256(" ".join(f"{name} {library_version(name)}" for name in LIBRARIES).encode())
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            digest.update(f"{path.relative_to(source).as_posix()} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:DIGITS]


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a stage. `inputs` are names of files in the folder of stages, by role."""

    reference: str
    stage: str
    version: str
    inputs: Mapping[str, tuple[str, ...]]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    suffix: str = "parquet"
    #: Not part of the name of the output, since they do not change its content.
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def output(self) -> str:
        """Return the name of the file that the task writes."""
        description = [self.stage, self.version, self.inputs, self.parameters]
        text = json.dumps(description, sort_keys=True, ensure_ascii=True)
        return file_name(self.stage, hashlib.sha256(text.encode()), self.suffix)

    def hinted(self, **hints: Sequence[str]) -> Task:
        """Return the task with files of earlier runs by role; with or without them, it writes the same bytes."""
        return replace(self, hints={role: tuple(names) for role, names in hints.items()})

    def load(self) -> Stage:
        """Import the stage. Raises StageError if this worker has another version of the code."""
        if self.version != code_version():
            raise StageError(
                f"A worker of the stage {self.stage!r} has another version of Peerscope, {' or '.join(LIBRARIES)}; "
                "install the same versions everywhere."
            )
        module, _, name = self.reference.partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, Stage):
            raise StageError(f"{self.reference} is not a stage.")
        return found


def file_name(kind: str, digest: hashlib._Hash, suffix: str = "parquet") -> str:
    """Return the name of a file by its kind and the digest of what determines it."""
    return f"{kind}-{digest.hexdigest()[:DIGITS]}.{suffix}"
