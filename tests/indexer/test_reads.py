"""A partial response is an error: the request is retried, and fails in the end."""

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
    """Returns one response after the other, and records the requests."""

    def __init__(self, *responses: Any) -> None:
        self._responses = list(responses)
        self.requests: list[dict[str, Any]] = []

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def respond(**request: Any) -> Any:
            self.requests.append(request)
            return self._responses.pop(0)

        return respond


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PAUSES", (0, 0))


def test_a_search_requires_all_shards() -> None:
    client: Any = Client(HITS, NONE, HITS)
    assert [[hit["_id"] for hit in hits] for hits in pages(client, "works", {"size": 1, "sort": ["id"]})] == [["a"]]
    assert client.requests[1]["body"]["search_after"] == ["a"]
    assert count(client, "works") == 7
    assert {request["params"]["allow_partial_search_results"] for request in client.requests} == {"false"}


def test_several_searches_are_retried_when_one_is_rejected() -> None:
    client: Any = Client({"responses": [HITS, BUSY]}, {"responses": [HITS, HITS]})
    assert search_many(client, "works", [{}, {}]) == [HITS, HITS]
    assert search_many(client, "works", []) == []
    assert client.requests[0]["body"][0] == {"index": "works", "allow_partial_search_results": False}


def test_several_searches_fail_when_one_keeps_failing() -> None:
    client: Any = Client(*[{"responses": [BUSY]}] * 3)
    with pytest.raises(WriteError, match="rejected_execution"):
        search_many(client, "works", [{}])


def test_an_invalid_search_fails_at_once() -> None:
    client: Any = Client({"responses": [{"status": 400, "error": {"type": "parsing_exception"}}]})
    with pytest.raises(TransportError, match="parsing_exception"):
        search_many(client, "works", [{}])


def test_a_document_that_could_not_be_looked_up_is_not_taken_for_missing() -> None:
    unavailable = {"_id": "a", "error": {"type": "no_shard_available_action_exception"}}
    existing, missing = {"_id": "a", "found": True, "_source": {}}, {"_id": "b", "found": False}
    client: Any = Client({"docs": [unavailable, missing]}, {"docs": [existing, missing]})
    assert list(documents(client, "works", ["a", "b"], "title")) == [existing]
    assert client.requests[0]["params"] == {"_source_includes": "title"}


def test_a_missing_index_has_no_documents() -> None:
    client: Any = Client({"docs": [{"_id": "a", "error": {"type": "index_not_found_exception"}}]})
    assert list(documents(client, "people", ["a"])) == []
    assert list(documents(client, "people", [])) == []
