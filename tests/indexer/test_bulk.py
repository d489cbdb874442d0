"""Bulk writes under load: refused actions are sent again, later and later; nothing else is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from opensearchpy.exceptions import TransportError

from indexer.write import bulk
from indexer.write.bulk import PAUSES, WriteError, concurrent_writers, index_action, write

TOO_MANY = {"status": 429, "error": {"type": "rejected_execution_exception"}}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    pauses: list[float] = []
    monkeypatch.setattr(bulk.time, "sleep", pauses.append)
    return pauses


class Busy:
    """A client that refuses each document as often as `refusals` says, and the first whole request."""

    def __init__(self, refusals: dict[str, int]) -> None:
        self._refusals, self.requests = refusals, list[list[str]]()

    def bulk(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        ids = [line["index"]["_id"] for line in body[::2]]
        self.requests.append(ids)
        if len(self.requests) == 1:
            raise TransportError(429, "too many requests", {})
        return {"items": [{"index": self._result(id_)} for id_ in ids]}

    def _result(self, id_: str) -> dict[str, Any]:
        self._refusals[id_] = self._refusals.get(id_, 0) - 1
        return TOO_MANY if self._refusals[id_] >= 0 else {"status": 201}


def actions(*ids: str) -> list[bulk.Action]:
    return [index_action("works", id_, cast("Any", {"id": id_})) for id_ in ids]


def test_only_refused_documents_are_sent_again_after_growing_pauses(pauses: list[float]) -> None:
    client = Busy({"b": 2, "c": 1})
    write(cast("Any", client), actions("a", "b", "c"))
    assert client.requests == [["a", "b", "c"], ["a", "b", "c"], ["b", "c"], ["b"]]
    assert len(pauses) == 3
    for waited, pause in zip(pauses, PAUSES, strict=False):
        assert 0.8 * pause <= waited <= 1.2 * pause


def test_pauses_of_several_writers_differ(pauses: list[float]) -> None:
    for _ in range(10):
        write(cast("Any", Busy({})), actions("a"))
    assert len(set(pauses)) > 1


def test_documents_that_are_refused_for_a_minute_end_the_run(pauses: list[float]) -> None:
    with pytest.raises(WriteError, match="did not accept 1 documents within 60 s"):
        write(cast("Any", Busy({"a": 99})), actions("a", "b"))
    assert len(pauses) == len(PAUSES)


@pytest.mark.parametrize(("nodes", "writers"), [(0, 1), (1, 1), (3, 3), (50, bulk.MAX_WRITERS)])
def test_there_is_a_writer_for_each_data_node(nodes: int, writers: int) -> None:
    client = SimpleNamespace(cluster=SimpleNamespace(health=lambda: {"number_of_data_nodes": nodes}))
    assert concurrent_writers(cast("Any", client)) == writers
