"""Part of an answer is none: it is asked for again, and at last refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy.exceptions import TransportError

from indexer.write import bulk
from indexer.write.bulk import WriteError
from indexer.write.reads import count, documents, pages, search_many

if TYPE_CHECKING:
    from collections.abc import Callable

BUSY = {"status": 429, "error": {"type": "rejected_execution_exception", "reason": "queue full"}}
HITS = {"status": 200, "hits": {"hits": [{"_id": "a", "sort": ["a"]}], "total": {"value": 7}}}
NONE = {"status": 200, "hits": {"hits": [], "total": {"value": 0}}}


class Client:
    """Return one answer after the other, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def answer(**asked: Any) -> Any:
            self.asked.append(asked)
            return self._answers.pop(0)

        return answer


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAUSES", (0, 0))


def test_a_search_asks_for_all_shards_or_none() -> None:
    client: Any = Client(HITS, NONE, HITS)
    assert [[hit["_id"] for hit in hits] for hits in pages(client, "works", {"size": 1, "sort": ["id"]})] == [["a"]]
    assert client.asked[1]["body"]["search_after"] == ["a"]
    assert count(client, "works") == 7
    assert {one["params"]["allow_partial_search_results"] for one in client.asked} == {"false"}


def test_one_of_several_searches_that_is_refused_is_asked_again() -> None:
    client: Any = Client({"responses": [HITS, BUSY]}, {"responses": [HITS, HITS]})
    assert search_many(client, "works", [{}, {}]) == [HITS, HITS]
    assert search_many(client, "works", []) == []
    assert client.asked[0]["body"][0] == {"index": "works", "allow_partial_search_results": False}


def test_several_searches_of_which_one_never_answers_are_refused() -> None:
    client: Any = Client(*[{"responses": [BUSY]}] * 3)
    with pytest.raises(WriteError, match="rejected_execution"):
        search_many(client, "works", [{}])


def test_a_search_that_cannot_be_is_refused_at_once() -> None:
    client: Any = Client({"responses": [{"status": 400, "error": {"type": "parsing_exception"}}]})
    with pytest.raises(TransportError, match="parsing_exception"):
        search_many(client, "works", [{}])


def test_a_document_that_could_not_be_looked_for_is_not_taken_for_missing() -> None:
    away = {"_id": "a", "error": {"type": "no_shard_available_action_exception"}}
    there, missing = {"_id": "a", "found": True, "_source": {}}, {"_id": "b", "found": False}
    client: Any = Client({"docs": [away, missing]}, {"docs": [there, missing]})
    assert list(documents(client, "works", ["a", "b"], "title")) == [there]
    assert client.asked[0]["params"] == {"_source_includes": "title"}


def test_documents_of_an_index_that_is_not_there_are_none() -> None:
    client: Any = Client({"docs": [{"_id": "a", "error": {"type": "index_not_found_exception"}}]})
    assert list(documents(client, "people", ["a"])) == []
    assert list(documents(client, "people", [])) == []
