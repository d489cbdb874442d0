"""Processes and the note of them: one that ended, or whose id is another's by now, deceives nobody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from peerscope.engine import EngineSettings, Node
from peerscope.engine.errors import NodeDied, PortTaken
from peerscope.engine.place import Place
from peerscope.engine.process import NodeState, end, find, read_state, spawn, state_file, strays, write_state
from peerscope.engine.settings import TRIED, choose_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
STATE = NodeState("node", 1, 0.0, 9, 512, "JDK 25", "3.6.0", "2026-01-01T00:00:00+00:00", detached=True)


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    with subprocess.Popen([sys.executable, "-c", STUBBORN, "the mark"], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield psutil.Process(process.pid)
        process.kill()


def test_a_process_is_found_by_its_id_and_its_start(sleeper: psutil.Process) -> None:
    assert find(sleeper.pid, sleeper.create_time()) == sleeper
    assert find(sleeper.pid, sleeper.create_time() - 100) is None


def test_a_process_that_ignores_the_request_is_killed(sleeper: psutil.Process) -> None:
    created = sleeper.create_time()
    end(sleeper, patience=0.1)
    assert find(sleeper.pid, created) is None
    end(sleeper, patience=0.1)  # once more does no harm


def test_a_process_is_found_by_an_argument(sleeper: psutil.Process) -> None:
    own = {os.geteuid()}
    assert list(strays("the mark", own)) == [sleeper]
    assert not list(strays("the", own))
    assert not list(strays("the mark", {os.geteuid() + 1})), "anyone can start a process with this argument"


def test_a_program_that_cannot_be_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(NodeDied, match="cannot run /no/such/java"):
        spawn(["/no/such/java"], Place(tmp_path / "none"), {}, detach=False)


def test_the_state_is_read_as_written(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    assert read_state(tmp_path) == STATE
    assert [path.name for path in tmp_path.iterdir()] == ["node.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"name": "a", "unknown": 1}'])
def test_a_state_that_cannot_be_understood_is_none(tmp_path: Path, text: str) -> None:
    state_file(tmp_path).write_text(text)
    assert read_state(tmp_path) is None


def test_a_stale_state_means_stopped(tmp_path: Path, sleeper: psutil.Process) -> None:
    """The id is a living process's, and another one's than the node's that wrote it."""
    node = Node(EngineSettings(folder=tmp_path / "engine"))
    node.place.make()
    write_state(node.place.folder, replace(STATE, pid=sleeper.pid))
    assert node.status().state == "stopped"
    assert node.answering() is None
    assert not node.stop()
    assert sleeper.is_running()


def test_a_process_that_does_not_answer_is_not_running(tmp_path: Path, sleeper: psutil.Process) -> None:
    node = Node(EngineSettings(folder=tmp_path / "engine"))
    node.place.make()
    write_state(node.place.folder, replace(STATE, pid=sleeper.pid, created=sleeper.create_time()))
    status = node.status()
    assert status.state == "starting"
    assert status.memory
    assert node.answering() is None


def test_a_taken_port_is_replaced_unless_it_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = EngineSettings(port=other.getsockname()[1])
        assert settings.port < choose_port(settings) <= settings.port + TRIED
        with pytest.raises(PortTaken, match=f"port {settings.port} is taken"):
            choose_port(replace(settings, port_is_fixed=True))
    assert choose_port(replace(settings, port_is_fixed=True)) == settings.port
