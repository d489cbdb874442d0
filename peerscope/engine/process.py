"""The node as a process of the system: starting it, telling whether it is alive, ending it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from peerscope.engine.errors import EngineError, NodeDied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peerscope.engine.place import Account, Place

LAUNCHER = Path(__file__).with_name("launcher.py")
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")  # of our environment: no password, no option for Java
CLOCK_SLACK = 1.0  # seconds by which two readings of one process's start may differ


def spawn(command: list[str], place: Place, *, detach: bool) -> psutil.Process:
    """Start the node in a session of its own (a Ctrl-C is for us, who may still want to write) and give its process.

    Unless detached it ends with us. The kernel ties it to the thread that starts it, not to the process; so that thread
    does nothing else and stays until the node has ended.
    """
    started: list[subprocess.Popen[bytes] | OSError] = []
    ready = threading.Event()

    def run() -> None:
        try:
            started.append(_popen(command, place, detach=detach))
        except OSError as error:
            started.append(error)
        ready.set()
        if isinstance(process := started[0], subprocess.Popen):
            process.wait()

    threading.Thread(target=run, name="opensearch", daemon=True).start()
    ready.wait()
    process = started[0]
    if isinstance(process, OSError):
        raise NodeDied(f"cannot run {command[0]}: {process.strerror or process}") from process
    return psutil.Process(process.pid)


def _popen(command: list[str], place: Place, *, detach: bool) -> subprocess.Popen[bytes]:
    account: Account | None = place.account
    parent = 0 if detach else os.getpid()
    switch = [str(account.uid), str(account.gid)] if account else ["-1", "-1"]
    with place.console.open("wb") as console:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(LAUNCHER), str(parent), *switch, *command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            cwd=place.folder,
            env={name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": str(place.temporary)},
            start_new_session=True,
        )


def find(pid: int, created: float) -> psutil.Process | None:
    """Return the living process with this id, if it is still the one that started then: ids are used again."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < CLOCK_SLACK
        return process if same and is_alive(process) else None
    except psutil.Error:
        return None


def is_alive(process: psutil.Process) -> bool:
    """Return whether the process runs; one that has ended but was not yet collected does not."""
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def memory_of(process: psutil.Process) -> int | None:
    """Return the bytes of memory that a process holds, None when it has just ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return None


def end(process: psutil.Process, patience: float) -> None:
    """End a process: ask, wait so many seconds, then kill. It has ended when this returns.

    Raises `EngineError` when it is another user's.
    """
    try:
        process.terminate()
        if not _wait(process, patience):
            process.kill()
            _wait(process, 10)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise EngineError(f"the node (process {process.pid}) belongs to another user, who has to stop it") from error


def _wait(process: psutil.Process, seconds: float) -> bool:
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(seconds)
    return not is_alive(process)


def strays(mark: str) -> Iterator[psutil.Process]:
    """Return each process that was started with this argument; the zombies are left out."""
    for process in psutil.process_iter(["cmdline"]):
        if mark in (process.info["cmdline"] or ()) and is_alive(process):
            yield process
