"""The embedded node: an OpenSearch that runs as a child process and is shared with later processes.

A folder holds one node. Its state file names the process; whether it runs and answers is checked each time, so a node
that died, hangs, or was left half-started by a killed parent is replaced. A file lock turns concurrent starts into one.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from peerscope.artifacts import ArtifactError, file_lock, make_folder
from peerscope.engine.configuration import configuration_files, java_command
from peerscope.engine.distribution import assemble, opensearch_version, remove_others
from peerscope.engine.errors import AssemblyError, EngineError, NodeDied, StartTimeout
from peerscope.engine.java import NO_VECTOR, Java, find_java
from peerscope.engine.logs import note, show_progress, size_of, why_it_failed
from peerscope.engine.place import leave_link, link_tree, open_to_all, place_for, reachable
from peerscope.engine.process import (
    NodeState,
    clear_state,
    end,
    find,
    is_alive,
    memory_of,
    read_state,
    spawn,
    strays,
    write_state,
)
from peerscope.engine.readiness import PAUSE, answering_name
from peerscope.engine.settings import EngineSettings, choose_port, is_free

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psutil import Process

    from peerscope.settings import Settings

START_TIMEOUT = 180.0  # seconds; a start takes 10 to 30 on a laptop, longer on a busy or old one
HUNG_AFTER = 45.0  # seconds without an answer until a node counts as hung; ending a busy one would be worse
STOP_PATIENCE = 20.0  # seconds to flush everything to disk before it is killed; it takes 1 to 2

CHECK_EVERY = 2.0  # seconds between two checks of `keep_alive`


@dataclass(frozen=True)
class NodeStatus:
    """The node's status, as `peerscope engine status` shows it."""

    state: str
    """`running`, `starting` (or hung: the process exists and does not answer) or `stopped`."""
    folder: Path
    log: Path
    node: NodeState | None = None
    memory: int | None = None
    """Resident memory of the process in bytes."""


class Node:
    """The embedded node of one folder."""

    def __init__(self, settings: Settings | EngineSettings) -> None:
        self.settings = EngineSettings.from_settings(settings)
        try:
            make_folder(self.settings.node_folder.parent, is_home=True)
        except ArtifactError as error:
            raise AssemblyError(str(error)) from error
        self.wanted = self.settings.node_folder
        self.place = place_for(self.wanted)

    def answering(self) -> NodeState | None:
        """Return the node if it runs and answers, else None."""
        running = self._process()
        return running[0] if running and _answers(running[0]) else None

    def status(self) -> NodeStatus:
        """Return whether the node runs, with its address, process and memory."""
        status = NodeStatus("stopped", self.place.folder, self.place.log)
        if not (running := self._process()):
            return status
        state, process = running
        answer = "running" if _answers(state) else "starting"
        return replace(status, state=answer, node=state, memory=memory_of(process))

    def start(self, *, detach: bool = False, timeout: float = START_TIMEOUT) -> NodeState:
        """Return the running node, starting it if there is none. It ends with this process unless detached.

        `timeout` is in seconds. Raises an `EngineError`.
        """
        if state := self.answering():
            return state
        with self._lock():
            if state := self._settle():
                return state
            return self._launch(detach=detach, timeout=timeout)

    def stop(self, patience: float = STOP_PATIENCE) -> bool:
        """End the node and wait for it; return whether there was one."""
        if not self.place.folder.exists():
            return False
        with self._lock():
            clear_state(self.place.folder)  # first, so that `keep_alive` knows that the end is wanted
            processes = list(self._leftovers())
            for process in processes:
                end(process, patience)
            return bool(processes)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self.place.folder / "lock"))
            except ArtifactError as error:
                raise AssemblyError(str(error)) from error
            yield

    def _process(self) -> tuple[NodeState, Process] | None:
        state = read_state(self.place.folder)
        process = find(state.pid, state.created) if state else None
        return (state, process) if state and process else None

    def _leftovers(self) -> Iterator[Process]:
        """Return every process that runs on this folder, whether or not the state file names it."""
        account = self.place.account
        accounts = {os.geteuid(), *([account.uid] if account else [])}
        return strays(f"-Dopensearch.path.conf={self.place.config}", accounts)

    def _settle(self) -> NodeState | None:
        """Wait for a running node that does not answer yet and return it; end one that hangs. The lock is held."""
        if running := self._process():
            state, process = running
            age = time.time() - state.created
            deadline = time.monotonic() + max(HUNG_AFTER, START_TIMEOUT - age if _is_starting(state, age) else 0)
            while is_alive(process) and time.monotonic() < deadline:
                if _answers(state):
                    return state
                time.sleep(PAUSE)
            note(f"OpenSearch (process {state.pid}) does not answer and is replaced")
        for process in self._leftovers():
            end(process, STOP_PATIENCE)
        return None

    def _launch(self, *, detach: bool, timeout: float) -> NodeState:
        choose_port(self.settings)  # before anything is downloaded
        self.place.make()
        java = self._java()
        if not java.has_vector:
            note(f"Java is {java}; {NO_VECTOR}")
        distribution = assemble(
            self.place, home=self.settings.home, mirror=self.settings.maven_url, with_icu=java.is_wheel
        )
        remove_others(self.place, distribution)
        command = java_command(java, distribution, self.place, self.settings.heap)
        if leave_link(self.wanted, self.place):
            note(f"OpenSearch does not run as root; its account cannot enter {self.wanted}: see {self.place.folder}")
        with show_progress(f"starting OpenSearch {opensearch_version()} (8 to 30 s)"):
            state = self._run_on_a_free_port(command, java, detach=detach, timeout=timeout)
        if not detach:
            atexit.register(self._stop_own, os.getpid())
        return state

    def _run_on_a_free_port(
        self, command: list[str], java: Java, *, detach: bool, timeout: float, attempts: int = 3
    ) -> NodeState:
        """Run the node, again on another port if a program takes its port before it listens there."""
        port, offset = choose_port(self.settings), size_of(self.place.log)
        name = f"peerscope-{secrets.token_hex(4)}"
        process = spawn(command, self.place, configuration_files(self.place, name, port), detach=detach)
        state = self._record(process, name, port, java, detach=detach)
        try:
            self._await(process, state, offset, timeout)
        except NodeDied:
            if attempts == 1 or is_free(port):
                raise
            note(f"port {port} was taken while OpenSearch was starting")
            return self._run_on_a_free_port(command, java, detach=detach, timeout=timeout, attempts=attempts - 1)
        return state

    def _java(self) -> Java:
        """Return a Java that the node's account can run; one from PyPI below /root is copied to the node's folder."""
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
        """Wait until the node answers; end it on any failure, including Ctrl-C."""
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
        if os.getpid() == starter:  # not in a forked process, such as a web server's worker
            self.stop()


def _answers(state: NodeState) -> bool:
    return answering_name(state.url) == state.name


def _is_starting(state: NodeState, age: float) -> bool:
    return state.detached and age < START_TIMEOUT  # an attached node ends with its starter, which is gone


class NodeWatch(threading.Thread):
    """Restarts the embedded node whenever it dies or hangs, on its port if that is still free.

    While the node is stopped on purpose, it does nothing.
    """

    def __init__(self, settings: EngineSettings, every: float) -> None:
        """Check every `every` seconds."""
        super().__init__(name="node-watch", daemon=True)
        self._settings, self._every = settings, every
        self._node = Node(settings)
        self._stopped = threading.Event()

    def run(self) -> None:
        """Watch until stopped."""
        while not self._stopped.wait(self._every):
            try:
                if self._node.answering():
                    continue
                if state := read_state(self._node.place.folder):
                    Node(self._settings.on_port(state.port)).start(detach=state.detached)
            except (EngineError, OSError):
                logging.getLogger(__name__).exception("OpenSearch died and does not restart; trying again")

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        self.join()


def keep_alive(settings: Settings | EngineSettings, *, every: float = CHECK_EVERY) -> NodeWatch | None:
    """Start a thread that restarts the embedded node whenever it dies or hangs; return the thread.

    It checks every `every` seconds. Return None, without a thread, for a cluster and when no node runs.
    """
    settings = EngineSettings.from_settings(settings)
    if settings.url or not Node(settings).answering():
        return None
    watch = NodeWatch(settings, every)
    watch.start()
    return watch
