"""Writing a run's works: pending researchers are marked once, and a failure of the model ends the run."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from indexer.build.works import WorkWriter
from indexer.records import parse_work
from indexer.staging.changes import Change
from indexer.staging.database import StagedWork, StagingDatabase
from indexer.staging.report import Report
from mappings import Generation
from peerscope.embedding import EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Recorder:
    """A client that accepts every action, and records the documents that were sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def bulk(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        self.sent += body[1::2]
        return {"items": [{"index": {"status": 200}} for _ in body[::2]]}


def staged(work_id: str, *researchers: str, former: tuple[str, ...] = ()) -> StagedWork:
    before = [SimpleNamespace(researcher_id=id_) for id_ in former]
    return StagedWork(work_id, None, "", cast("Any", before), None, list(researchers))


def test_researchers_are_marked_as_pending_once_per_run_with_one_of_their_works() -> None:
    client = Recorder()
    writer = WorkWriter(*cast("Any", (client, Generation("p-"), None, None, None, None)))
    writer._mark_pending([staged("w:1", "ada", "ben")])
    writer._mark_pending([staged("w:2", "ben", "cleo", former=("dora",))])
    writer._mark_pending([staged("w:3", "cleo")])
    assert client.sent == [
        {"researcher_id": "ada", "work_id": "w:1"},
        {"researcher_id": "ben", "work_id": "w:1"},
        {"researcher_id": "cleo", "work_id": "w:2"},
        {"researcher_id": "dora", "work_id": "w:2"},
    ]


def test_a_failure_of_the_model_ends_the_run_and_writes_nothing(tmp_path: Path) -> None:
    class Broken:
        model = SimpleNamespace(name="broken")

        def embed(self, batches: Iterator[list[StagedWork]]) -> Any:
            for batch in batches:
                raise EmbeddingError(f"the model cannot embed {len(batch)} works: out of memory")
            return iter(())

    record = {"id": "local:a", "title": "On spikes", "authors": [{"name": "Ada"}]}
    client, target = Recorder(), SimpleNamespace(replaced=None, embedded=None)
    with StagingDatabase(tmp_path / "staged.sqlite") as staging:
        staging.add([Change("local:a", parse_work(record), record, "hash", [])])
        parts = (client, Generation("p-"), Broken(), staging, Report.new(tmp_path), target)
        with pytest.raises(EmbeddingError, match="embed 1 works: out of memory"):
            WorkWriter(*cast("Any", parts)).write_all(lambda *_: None)
    assert client.sent == []


class Slow(Recorder):
    """A client whose bulk requests take time, and which counts those that are sent at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.indices = SimpleNamespace(refresh=lambda **_: None)
        self.at_once = self.most = 0
        self.actions: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def bulk(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        time.sleep(0.02)
        lines = [next(iter(line.items())) for line in body if line.keys() & {"index", "delete"}]
        actions = [(kind, address["_id"]) for kind, address in lines if address["_index"] == Generation("p-").works]
        with self._lock:
            self.at_once -= 1
            self.actions += actions
        return {"items": [{kind: {"status": 200}} for kind, _ in lines]}


class Embedded:
    """Works that all have one embedding."""

    model = SimpleNamespace(name="flat")

    def embed(self, batches: Iterator[list[StagedWork]]) -> Iterator[tuple[list[StagedWork], dict[str, Any]]]:
        for batch in batches:
            yield batch, {staged.id: np.array([1.0, 0.0], np.float32) for staged in batch}


def test_several_writers_write_all_works_before_the_last_ones_and_those_before_any_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.build.works.BATCH", 3)
    client, target = Slow(), SimpleNamespace(replaced=None, embedded=None)
    with StagingDatabase(tmp_path / "staged.sqlite") as staging:
        for number in range(40):
            record = {"id": f"local:{number:02}", "title": "On spikes", "topics": ["cs.CL"]}
            staging.add([Change(record["id"], parse_work(record), record, "hash", [], is_last=number % 8 == 0)])  # type: ignore[arg-type]
        staging.add(Change(f"local:r{number}", None, None, "", []) for number in range(5))
        parts = {"client": client, "generation": Generation("p-"), "embedding": Embedded(), "staging": staging}
        parts |= {"report": Report.new(tmp_path), "target": target, "writers": 4}
        WorkWriter(**cast("Any", parts)).write_all(lambda *_: None)
    assert client.most == 4
    kinds = [
        kind if kind == "delete" else "last" if int(id_[-2:]) % 8 == 0 else "other" for kind, id_ in client.actions
    ]
    assert kinds == ["other"] * 35 + ["last"] * 5 + ["delete"] * 5
