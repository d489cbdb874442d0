"""The lock file: which files there are, each pinned by its SHA-256, in sections that name what they are for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from peerscope.artifacts.errors import LockFileError

LOCK_FILE = Path(__file__).with_name("artifacts.lock.json")


@dataclass(frozen=True)
class Artifact:
    """One file of a Maven repository, and what its bytes must be."""

    group: str
    name: str
    version: str
    sha256: str
    size: int
    packaging: str = "jar"
    classifier: str | None = None

    @property
    def filename(self) -> str:
        """Its file name, as Maven forms it."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{suffix}.{self.packaging}"

    @property
    def path(self) -> PurePosixPath:
        """Where it lies below the root of any Maven repository, and below our own folder too."""
        return PurePosixPath(*self.group.split("."), self.name, self.version, self.filename)


@cache
def _read() -> dict[str, tuple[Artifact, ...]]:
    document = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    return {section: tuple(Artifact(**entry) for entry in entries) for section, entries in document.items()}


def sections(below: str = "") -> list[str]:
    """Name the sections, all of them or those below a prefix: `sections("engine/modules")`."""
    return [section for section in _read() if not below or section.startswith(f"{below}/")]


def load_lock(section: str) -> list[Artifact]:
    """Return the files of a section and of all sections below it, each file once: `"engine"` gives `"engine/lib"` too.

    Raises `LockFileError` when there is no such section.
    """
    entries = [entry for name in (section, *sections(section)) for entry in _read().get(name, ())]
    if not entries:
        raise LockFileError(f"no section {section!r} in the lock file {LOCK_FILE.name}; there are {', '.join(_read())}")
    return list(dict.fromkeys(entries))
