"""The embedded node: a real OpenSearch as a child process, found again by whoever comes next.

One folder holds one node. Its state file names the process; whether that lives and answers is asked each time, so a
node that died, hangs, or was left half-started by a killed parent is noticed and replaced. A lock makes two starts one.
"""

from __future__ import annotations

import atexit
import os
import secrets
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from peerscope.artifacts import ArtifactError, exclusive, make_folder
from peerscope.engine.configuration import java_command, write_configuration
from peerscope.engine.console import note, under_way
from peerscope.engine.distribution import assemble, opensearch_version, remove_others
from peerscope.engine.errors import AssemblyError, NodeDied, StartTimeout
from peerscope.engine.java import Java, find_java
from peerscope.engine.logs import size_of, why_it_failed
from peerscope.engine.place import leave_link, link_tree, open_to_all, place_for, reachable
from peerscope.engine.ports import choose_port
from peerscope.engine.process import end, find, is_alive, memory_of, spawn, strays
from peerscope.engine.readiness import PAUSE, answering_name
from peerscope.engine.settings import EngineSettings
from peerscope.engine.state import NodeState, clear_state, read_state, write_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psutil import Process

    from peerscope.settings import Settings

START_TIMEOUT = 180.0  # seconds; it takes 10 to 30 on a laptop, and a busy or old one deserves patience
HUNG_AFTER = 45.0  # seconds without an answer until it counts as hung: ending one that is only busy would be worse
STOP_PATIENCE = 20.0  # seconds to write everything down before it is killed; it takes 1 to 2


@dataclass(frozen=True)
class NodeStatus:
    """What `peerscope engine status` shows."""

    state: str
    """`running`, `starting` (or hung: the process lives and does not answer) or `stopped`."""
    folder: Path
    log: Path
    node: NodeState | None = None
    memory: int | None = None
    """Bytes of memory the process holds."""


class Node:
    """The embedded node of one folder."""

    def __init__(self, settings: Settings | EngineSettings | None = None) -> None:
        self.settings = EngineSettings.from_settings(settings)
        try:
            make_folder(self.settings.node_folder.parent)
        except ArtifactError as error:
            raise AssemblyError(str(error)) from error
        self.wanted = self.settings.node_folder
        self.place = place_for(self.wanted)

    def answering(self) -> NodeState | None:
        """Return the node when it runs and answers, else None."""
        found = self._process()
        return found[0] if found and _answers(found[0]) else None

    def status(self) -> NodeStatus:
        """Return whether the node runs, and all that is known of it."""
        status = NodeStatus("stopped", self.place.folder, self.place.log)
        if not (found := self._process()):
            return status
        state, process = found
        answer = "running" if _answers(state) else "starting"
        return replace(status, state=answer, node=state, memory=memory_of(process))

    def start(self, *, detach: bool = False, timeout: float = START_TIMEOUT) -> NodeState:
        """Return the running node, starting it when there is none. It ends with this process unless detached.

        Raises an `EngineError` that says what to do about it.
        """
        if state := self.answering():
            return state
        with self._lock():
            if state := self._settle():
                return state
            return self._launch(detach=detach, timeout=timeout)

    def stop(self, patience: float = STOP_PATIENCE) -> bool:
        """End the node and wait until it has; tells whether there was one."""
        if not self.place.folder.exists():
            return False
        with self._lock():
            clear_state(self.place.folder)  # first: who watches over the node then knows that its end is meant
            processes = list(self._leftovers())
            for process in processes:
                end(process, patience)
            return bool(processes)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(exclusive(self.place.folder / "lock"))
            except ArtifactError as error:
                raise AssemblyError(str(error)) from error
            yield

    def _process(self) -> tuple[NodeState, Process] | None:
        state = read_state(self.place.folder)
        process = find(state.pid, state.created) if state else None
        return (state, process) if state and process else None

    def _leftovers(self) -> Iterator[Process]:
        """Return every process that runs on this folder, whether or not the state file names it."""
        return strays(f"-Dopensearch.path.conf={self.place.config}")

    def _settle(self) -> NodeState | None:
        """Return a node that comes to answer after all; end what lives and does not. The lock is held."""
        if found := self._process():
            state, process = found
            age = time.time() - state.created
            deadline = time.monotonic() + max(HUNG_AFTER, START_TIMEOUT - age if _is_starting(state, age) else 0)
            while is_alive(process) and time.monotonic() < deadline:
                if _answers(state):
                    return state
                time.sleep(PAUSE)
            note(f"OpenSearch (process {state.pid}) does not answer; it is replaced")
        for process in self._leftovers():
            end(process, STOP_PATIENCE)
        return None

    def _launch(self, *, detach: bool, timeout: float) -> NodeState:
        port = choose_port(self.settings)
        self.place.make()
        java = self._java()
        distribution = assemble(self.place, with_icu=java.is_wheel)
        remove_others(self.place, distribution)
        name = f"peerscope-{secrets.token_hex(4)}"
        write_configuration(self.place, name, port)
        command = java_command(java, distribution, self.place, self.settings.heap)
        if leave_link(self.wanted, self.place):
            note(f"OpenSearch does not run as root; its account cannot enter {self.wanted}: see {self.place.folder}")
        with under_way(f"starting OpenSearch {opensearch_version()} (8 to 30 s)"):
            offset = size_of(self.place.log)
            process = spawn(command, self.place, detach=detach)
            state = self._record(process, name, port, java, detach=detach)
            self._await(process, state, offset, timeout)
        if not detach:
            atexit.register(self._stop_own, os.getpid())
        return state

    def _java(self) -> Java:
        """Return a Java that the node's account can run; the wheel is brought to where it can when it lies in /root."""
        if not self.place.account:
            return find_java()
        java = find_java(reachable)
        if reachable(java.home):
            return java
        target = self.place.folder / f"java-{java.version}"
        link_tree(java.home, target)
        open_to_all(target)
        return replace(java, home=target)

    def _record(self, process: Process, name: str, port: int, java: Java, *, detach: bool) -> NodeState:
        state = NodeState(
            name=name,
            pid=process.pid,
            created=process.create_time(),
            port=port,
            heap=self.settings.heap,
            java=str(java),
            version=opensearch_version(),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            detached=detach,
        )
        write_state(self.place.folder, state)
        return state

    def _await(self, process: Process, state: NodeState, offset: int, timeout: float) -> None:
        """Wait until the node answers; whatever else happens, a Ctrl-C too, nothing half-started stays."""
        deadline = time.monotonic() + timeout
        try:
            while not _answers(state):
                if not is_alive(process):
                    raise NodeDied(self._failure("OpenSearch ended while it was starting", offset))
                if time.monotonic() > deadline:
                    raise StartTimeout(self._failure(f"OpenSearch did not answer within {timeout:.0f} s", offset))
                time.sleep(PAUSE)
        except BaseException:
            end(process, STOP_PATIENCE)
            raise

    def _failure(self, what: str, offset: int) -> str:
        lines = "".join(f"\n  {line}" for line in why_it_failed(self.place, offset))
        return f"{what}; its log is {self.place.log}{lines}"

    def _stop_own(self, starter: int) -> None:
        if os.getpid() == starter:  # not in a process that was forked from us, such as a web server's worker
            self.stop()


def _answers(state: NodeState) -> bool:
    return answering_name(state.url) == state.name


def _is_starting(state: NodeState, age: float) -> bool:
    return state.detached and age < START_TIMEOUT  # an attached one ends with its starter, who is gone
