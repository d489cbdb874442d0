from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from indexer.build.works import WorkWriter
from indexer.staging.database import StagedWork
from mappings import Generation


class Recorder:
    """A client that takes every action, and remembers which documents were sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def bulk(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        self.sent += body[1::2]
        return {"items": [{"index": {"status": 200}} for _ in body[::2]]}


def staged(work_id: str, *researchers: str, former: tuple[str, ...] = ()) -> StagedWork:
    before = [SimpleNamespace(researcher_id=id_) for id_ in former]
    return StagedWork(work_id, None, "", cast("Any", before), None, list(researchers))


def test_researchers_are_marked_once_in_a_run_with_one_of_their_works() -> None:
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
