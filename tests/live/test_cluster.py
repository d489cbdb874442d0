"""Three nodes with copies of all data: one is killed under load, and reads go on; it comes back and joins."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from indexer.run import run
from indexer.sources import open_sources
from mappings import IndexNames, Scale
from peerscope import embedding, sample
from peerscope.engine import CircuitBreaker, EngineSettings, Node, connect, wait_until_ready
from peerscope.engine.configuration import configuration_files
from peerscope.settings import Settings
from search_api.app import create_app
from search_api.http.services import Services
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask import Flask

    from peerscope.engine.place import Place

#: Each asks another kind of question: by words and meaning, by name, for one work, for works like it, for people.
QUESTIONS = (
    "/works?q=spiking+neurons&facets=topic,year",
    "/researchers?q=kording",
    "/works/arxiv:1402.3375",
    "/works/arxiv:1402.3375/similar",
    "/researchers?about=deep+learning",
)
NAMES = IndexNames("cluster-")
POLICY = 'grant { permission java.net.SocketPermission "*", "accept,connect,resolve"; };'


class Cluster:
    """Nodes on one machine that find each other; the first of them founds the cluster."""

    def __init__(self, folder: Path) -> None:
        self.transport = {folder / str(number): free_port() for number in range(3)}
        self.nodes = [Node(EngineSettings(heap=512, folder=folder)) for folder in self.transport]

    def start(self) -> None:
        """Start the nodes one after the other."""
        self.states = [node.start() for node in self.nodes]
        self.settings = EngineSettings(url=",".join(state.url for state in self.states))

    def configure(self, place: Place, name: str, port: int) -> dict[str, str]:
        """Return what a node reads, as for a node that is alone, and how to find the others."""
        files = configuration_files(place, name, port)
        file = str(place.config / "opensearch.yml")
        settings = json.loads(files[file])
        del settings["discovery.type"]
        own = next(port for folder, port in self.transport.items() if place.folder == folder)
        settings |= {
            "cluster.name": "three",
            "transport.port": own,
            "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in self.transport.values()],
        }
        if own == next(iter(self.transport.values())):
            settings["cluster.initial_cluster_manager_nodes"] = [name]
        # The embedded node may open no connection to anywhere; here it has to reach the others.
        (module,) = place.folder.glob("opensearch-*/modules/transport-netty4")
        (module / "plugin-security.policy").write_text(POLICY, encoding="utf-8")
        (module / "plugin-security.policy").chmod(0o644)
        return files | {file: json.dumps(settings)}

    def kill(self, name: str) -> Node:
        """Kill the node of this name, as the kernel would; gives it, to be started again."""
        place, state = next((at, state) for at, state in enumerate(self.states) if state.name == name)
        psutil.Process(state.pid).kill()
        psutil.Process(state.pid).wait(20)
        return self.nodes[place]


@pytest.fixture(scope="module")
def cluster(node_folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(node_folder / "cluster")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("peerscope.engine.node.configuration_files", cluster.configure)
        try:
            cluster.start()
            yield cluster
        finally:
            for node in cluster.nodes:
                node.stop()


class Asking:
    """People who ask all the time; counts what they got."""

    def __init__(self, app: Flask, number: int) -> None:
        self.app, self.got = app, Counter[tuple[str, Any, Any]]()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(at,)) for at in range(number)]

    def ask(self, at: int) -> None:
        while not self.ended.is_set():
            question = QUESTIONS[at % len(QUESTIONS)]
            answer = self.app.test_client().get(f"/api/v1{question}")
            found = answer.get_json(force=True)
            self.got[question, answer.status_code, found.get("meta", {}).get("count", found.get("detail"))] += 1
            at += 1

    def __enter__(self) -> Asking:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.cluster
@pytest.mark.timeout(600)
def test_reads_go_on_when_one_of_three_nodes_is_killed(cluster: Cluster, silent: Any, tmp_path: Path) -> None:
    client = connect(cluster.settings)
    wait_until_ready(client)
    client.cluster.health(params={"wait_for_nodes": "3", "timeout": "60s"}, request_timeout=70)
    sources = open_sources([str(sample.WORKS)])
    run.index(client, NAMES, embedding.load(Settings.load()), sources, tmp_path, silent, scale=Scale(replicas=1))
    services = Services(connect(cluster.settings, breaker=CircuitBreaker()), NAMES)
    shards = client.cat.shards(index=f"{NAMES.prefix}*", params={"format": "json"})
    # As soon as they are searched, all indices have their copies.
    assert {row["state"] for row in shards} == {"STARTED"}
    asking = Asking(create_app({"RATE_LIMIT": "off"}, services), 4)
    (manager,) = (row["node"] for row in client.cat.cluster_manager(params={"format": "json"}))
    holder = next(row["node"] for row in shards if row["node"] != manager)
    with asking:
        time.sleep(3)
        # First one that only holds data, then the one that leads.
        for name in (holder, manager):
            killed = cluster.kill(name)
            time.sleep(4)
            killed.start()
            all_there = {"wait_for_nodes": "3", "wait_for_status": "green", "timeout": "90s"}
            assert not client.cluster.health(params=all_there, request_timeout=100)["timed_out"]
    right = {(question, found) for question, status, found in asking.got if status == 200}
    assert len(right) == len(QUESTIONS), asking.got
    # A machine that runs three nodes may be slow to answer, which is said in time; nothing else goes wrong.
    assert {status for _, status, _ in asking.got} <= {200, 503}, asking.got
    late = sum(times for (_, status, _), times in asking.got.items() if status == 503)
    assert late <= sum(asking.got.values()) / 50, asking.got
    assert sum(asking.got.values()) > 100
