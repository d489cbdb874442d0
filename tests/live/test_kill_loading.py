"""kill -9 of `peerscope index` or OpenSearch while works or researchers are written: the same documents in the end."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

import pytest
from opensearchpy.exceptions import NotFoundError

from indexer.write.reads import pages
from mappings import IndexNames, unfinished
from peerscope import artifacts
from peerscope.engine import EngineSettings, connect, wait_until_ready
from peerscope.settings import Settings
from tests.live.mortal_node import MortalNode
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensearchpy import OpenSearch

WORKS = 800
#: Authors who have one work, on each work; besides one of 40 who have twenty.
OTHERS = 2


class Scene(NamedTuple):
    """A node, works in a file, and a home with the key that signs documents."""

    node: MortalNode
    file: Path
    home: Path
    client: OpenSearch

    def start(self, prefix: str) -> subprocess.Popen[bytes]:
        """Start to index the file."""
        settings = {"OPENSEARCH_URL": self.node.url, "INDEX_PREFIX": prefix, "HOME": str(self.home)}
        environment = {**os.environ, **{f"PEERSCOPE_{name}": value for name, value in settings.items()}}
        command = [sys.executable, "-m", "peerscope", "index", str(self.file)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def written(self, names: IndexNames, kind: str) -> int:
        """Return the number of documents of a kind that the unfinished generation has received."""
        generation = unfinished(self.client, names)
        if generation is None:
            return 0
        try:
            stats = self.client.indices.stats(index=getattr(generation, kind), metric="indexing")
        except NotFoundError:  # it is being created
            return 0
        number: int = stats["_all"]["primaries"]["indexing"]["index_total"]
        return number

    def digests(self, names: IndexNames) -> dict[str, dict[str, Any]]:
        """Return number and digests of the searched documents of each kind, see `digest`."""
        return {
            kind: self.digest(getattr(names, kind))
            for kind in ("works", "researchers", "topics", "institutions", "redirects")
        }

    def digest(self, index: str) -> dict[str, Any]:
        """Return the `number` of documents and a digest of each field but times, so that a failure names the field."""
        self.client.indices.refresh(index=index)
        digests: defaultdict[str, Any] = defaultdict(hashlib.sha256)
        number = 0
        for hits in pages(self.client, index, {"size": 500, "sort": ["id"], "query": {"match_all": {}}}):
            for hit in hits:
                document: dict[str, Any] = {**hit["_source"], "indexed_at": None, "added_at": None}
                for name, value in document.items():
                    digests[name].update(json.dumps([hit["_id"], value], sort_keys=True).encode())
                number += 1
        return {"number": number, **{name: digest.hexdigest() for name, digest in digests.items()}}


def works() -> Iterator[dict[str, Any]]:
    for number in range(WORKS):
        others = [f"{'ABCDEFGH'[n]}{number:04} Person{number:04}x{n}" for n in range(OTHERS)]
        names = [f"Quill{number % 40:02} Marrow{number % 40:02}", *others]
        yield {
            "id": f"local:{number:04}",
            "title": f"Report {number} on the spikes of neuron {number * 7 % 1000}",
            "year": 2000 + number % 20,
            "topics": ["q-bio.NC"] if number % 5 else ["cs.LG"],
            "authors": [{"name": name, "affiliation": f"University of Place {number % 9}"} for name in names],
        }


@pytest.fixture(scope="module")
def scene(node_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    home = tmp_path_factory.mktemp("home")
    (home / "artifacts").symlink_to(artifacts.make_folder(Settings.load().home) / "artifacts")
    file = home / "works.jsonl"
    file.write_text("".join(json.dumps(work) + "\n" for work in works()), encoding="utf-8")
    # If another process takes over some of these tests, others run in between, and this is called twice.
    folder = node_folder / f"loading-{uuid4().hex[:8]}"
    node = MortalNode(EngineSettings(heap=512, port=free_port(), folder=folder))
    client = connect(EngineSettings(url=node.url))
    try:
        wait_until_ready(client)
        yield Scene(node, file, home, client)
    finally:
        client.close()
        node.node.stop()


@pytest.fixture(scope="module")
def undisturbed(scene: Scene) -> dict[str, dict[str, Any]]:
    assert scene.start("calm-").wait(timeout=300) == 0
    digests = scene.digests(IndexNames("calm-"))
    assert digests["works"]["number"] == WORKS
    assert digests["researchers"]["number"] > WORKS * OTHERS
    return digests


def wait_for_documents(scene: Scene, names: IndexNames, kind: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until a run has written some documents of a kind."""
    deadline = time.monotonic() + 300
    while not scene.written(names, kind):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.kill
@pytest.mark.parametrize(("victim", "kind"), [("run", "works"), ("run", "researchers"), ("node", "researchers")])
def test_whatever_is_killed_while_loading_the_documents_are_the_same(
    scene: Scene, undisturbed: dict[str, dict[str, Any]], victim: str, kind: str
) -> None:
    names = IndexNames(f"{victim}-{kind}-")
    process = scene.start(names.prefix)
    wait_for_documents(scene, names, kind, process)
    if victim == "run":
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        left = unfinished(scene.client, names)
        assert left is not None
        scene.client.indices.refresh(index=f"{left.works},{left.researchers},{left.pending}")
        number = scene.client.count(index=getattr(left, kind))["count"]
        assert 0 < number < undisturbed[kind]["number"]
        assert scene.client.count(index=left.pending)["count"] > 0
        process = scene.start(names.prefix)
    else:
        scene.node.kill()
        assert process.poll() is None  # it repeats its requests until the node is back
        scene.node.start()
        wait_until_ready(scene.client)
    assert process.wait(timeout=300) == 0
    assert scene.digests(names) == undisturbed
    assert scene.client.count(index=names.pending)["count"] == 0
