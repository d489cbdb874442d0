"""The node's process: starting, finding and ending it, and the file that records it for other processes.

The state file stays when a node dies and is removed when one is stopped, so it also says whether a node is wanted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from peerscope.engine.errors import EngineError, NodeDied
from peerscope.private_files import open_private, write_private

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from peerscope.engine.place import Account, Place

LAUNCHER = Path(__file__).with_name("launcher.py")
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")  # of our environment: no passwords, no Java options
CLOCK_SLACK = 1.0  # seconds by which two readings of a process's start may differ


@dataclass(frozen=True)
class NodeState:
    """A node that was started; whether it still runs must be checked by its process."""

    name: str
    pid: int
    created: float
    """Start of the process in seconds since 1970, as the system reports it."""
    port: int
    heap: int
    """In megabytes."""
    java: str
    version: str
    started_at: str
    """ISO 8601, UTC."""
    detached: bool

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


def state_file(folder: Path) -> Path:
    """Return the path of the state file of a node's folder."""
    return folder / "node.json"


def read_state(folder: Path) -> NodeState | None:
    """Return the recorded state; None when no node was started or the file is invalid."""
    try:
        return NodeState(**json.loads(state_file(folder).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def write_state(folder: Path, state: NodeState) -> None:
    """Replace the state file atomically. The caller holds the node's lock."""
    write_private(state_file(folder), json.dumps(asdict(state), indent=1) + "\n")


def clear_state(folder: Path) -> None:
    """Remove the state file."""
    state_file(folder).unlink(missing_ok=True)


def spawn(command: list[str], place: Place, files: Mapping[str, str], *, detach: bool) -> psutil.Process:
    """Start the node in a separate session, so that a Ctrl-C does not reach it, and return its process.

    `files` has the texts of its configuration by path. Unless detached, it ends with this process. The kernel ties it
    to the thread that starts it rather than to the process, so that thread does nothing else and waits until the node
    has ended. Raises `NodeDied`.
    """
    started: list[subprocess.Popen[bytes] | OSError] = []
    ready = threading.Event()

    def run() -> None:
        try:
            started.append(_popen(command, place, files, detach=detach))
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


def _popen(command: list[str], place: Place, files: Mapping[str, str], *, detach: bool) -> subprocess.Popen[bytes]:
    account: Account | None = place.account
    parent = 0 if detach else os.getpid()
    switch = [str(account.uid), str(account.gid)] if account else ["-1", "-1"]
    with open_private(place.console, "wb") as console:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(LAUNCHER), str(parent), *switch, *command],
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=subprocess.STDOUT,
            cwd=place.folder,
            env={name: os.environ[name] for name in KEPT if name in os.environ} | {"HOME": str(place.temporary)},
            start_new_session=True,
        )
    assert process.stdin is not None  # noqa: S101 (a pipe)
    with suppress(BrokenPipeError), process.stdin as pipe:  # broken when it has failed already
        pipe.write(json.dumps(files).encode())
    return process


def find(pid: int, created: float) -> psutil.Process | None:
    """Return the running process with this id and start time; ids are reused. None when there is none."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - created) < CLOCK_SLACK
        return process if same and is_alive(process) else None
    except psutil.Error:
        return None


def is_alive(process: psutil.Process) -> bool:
    """Return whether the process runs; a zombie does not."""
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def memory_of(process: psutil.Process) -> int | None:
    """Return the resident memory of a process in bytes, None when it has just ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return None


def end(process: psutil.Process, patience: float) -> None:
    """Terminate a process; kill it after `patience` seconds. Raises `EngineError` if it is another user's."""
    try:
        process.terminate()
        if not _wait(process, patience):
            process.kill()
            _wait(process, 10)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied as error:
        raise EngineError(f"the node (process {process.pid}) belongs to another user, who must stop it") from error


def _wait(process: psutil.Process, seconds: float) -> bool:
    with suppress(psutil.TimeoutExpired):
        process.wait(seconds)
    return not is_alive(process)


def strays(mark: str, accounts: Collection[int]) -> Iterator[psutil.Process]:
    """Yield each running process of these accounts that was started with this argument, except zombies.

    Any account can start a process with the argument.
    """
    for process in psutil.process_iter(["cmdline", "uids"]):
        if mark in (process.info["cmdline"] or ()) and is_alive(process):
            uids = process.info["uids"]
            if uids and uids.real in accounts:
                yield process
