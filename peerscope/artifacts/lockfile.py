"""The lockfile: pinned files in sections named after their use, such as `engine/lib` or `model/all-MiniLM-L6-v2`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from peerscope.artifacts.files import ArtifactError

LOCKFILE = Path(__file__).with_name("artifacts.lock.json")


class LockfileError(ArtifactError):
    """The lockfile has no such section."""


@dataclass(frozen=True)
class Artifact:
    """A file of a Maven repository, with its SHA-256 (64 hexadecimal digits) and its size in bytes."""

    group: str
    name: str
    version: str
    sha256: str
    size: int
    packaging: str = "jar"
    classifier: str | None = None

    @property
    def filename(self) -> str:
        """Its file name, formed as Maven does."""
        suffix = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{suffix}.{self.packaging}"

    @property
    def path(self) -> PurePosixPath:
        """Its path below the root of a Maven repository, and below the local store."""
        return PurePosixPath(*self.group.split("."), self.name, self.version, self.filename)


@cache
def _read() -> dict[str, tuple[Artifact, ...]]:
    document = json.loads(LOCKFILE.read_text(encoding="utf-8"))
    return {section: tuple(Artifact(**entry) for entry in entries) for section, entries in document.items()}


def sections(parent: str = "") -> list[str]:
    """Return the names of all sections, or of those below a section, such as `engine/modules`."""
    return [section for section in _read() if not parent or section.startswith(f"{parent}/")]


def load_section(section: str) -> list[Artifact]:
    """Return the files of a section and of the sections below it, each file once. Raises `LockfileError`."""
    entries = [entry for name in (section, *sections(section)) for entry in _read().get(name, ())]
    if not entries:
        raise LockfileError(f"no section {section!r} in the lockfile {LOCKFILE.name}; it has {', '.join(_read())}")
    return list(dict.fromkeys(entries))
