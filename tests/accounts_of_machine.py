"""Acting as another account of this machine, which only root can do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: User and group ids that no account has on a usual machine.
STRANGER = 54_321
OTHER = 54_322

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="acting as another account needs root: run the tests as root")

#: Imports before it changes the account, which perhaps cannot read the folder of Python.
_BECOME = """
import fcntl, os, shutil, sys, time, urllib.request
uid, code = int(sys.argv[1]), sys.argv[2]
sys.argv[1:3] = []
os.setgroups([]), os.setgid(uid), os.setuid(uid), os.chdir("/")
exec(code)
"""


def _command(uid: int, code: str, *arguments: str | Path) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", _BECOME, str(uid), code, *map(str, arguments)]


def run_as(uid: int, code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program as another account, with the modules that `_BECOME` imports, and return what it printed."""
    command = _command(uid, code, *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def start_as(uid: int, code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start such a program, and return it after it has printed its first line."""
    process = subprocess.Popen(_command(uid, code, *arguments), stdout=subprocess.PIPE, text=True)
    assert process.stdout
    if not process.stdout.readline():
        # Ended and closed here: otherwise the warnings about both would fail some later test.
        process.kill()
        process.communicate()
        pytest.fail("the program of another account ended before its first line")
    return process


def open_to_strangers(folder: Path) -> None:
    """Let other accounts pass through a folder of pytest, whose parents below that of the system are closed to them."""
    for path in (folder, *folder.parents):
        if path == Path(gettempdir()):
            return
        path.chmod(path.stat().st_mode | 0o055)


def others_can_read(folder: Path) -> Iterator[str]:
    """Yield each file or folder below `folder`, with its mode, that has permissions for a group or for others."""
    for path in (folder, *sorted(folder.rglob("*"))):
        if not path.is_symlink() and path.lstat().st_mode & 0o077:
            yield f"{path.relative_to(folder)} {path.lstat().st_mode & 0o777:o}"
