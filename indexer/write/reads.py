"""Questions whose answers are whole: what researchers are built from, and withdrawn for, is never read in part.

OpenSearch answers for the shards that it has when one fails, with status 200. Here that is a failure as any other: it
is waited out for about a minute, then WriteError is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import TransportError

from indexer.write.bulk import with_retries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opensearchpy import OpenSearch

WHOLE = {"allow_partial_search_results": "false"}
#: Status of a document that OpenSearch could not look for; `_mget` does not say any.
UNAVAILABLE = 503
MISSING = "index_not_found_exception"


def search(client: OpenSearch, index: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the answer of all shards."""
    return with_retries(client.search, index=index, body=body, params=WHOLE)


def search_together(client: OpenSearch, index: str, bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the answers to several searches, in one round trip."""
    header = {"index": index, "allow_partial_search_results": False}
    lines = [line for body in bodies for line in (header, body)]

    def ask() -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = client.msearch(body=lines)["responses"]
        for answer in answers:
            if "error" in answer:
                raise TransportError(answer["status"], answer["error"]["type"], answer)
        return answers

    return with_retries(ask) if lines else []


def count(client: OpenSearch, index: str, query: dict[str, Any] | None = None) -> int:
    """Count what matches, or everything."""
    # `_count` cannot be told to fail with a shard.
    body = {"size": 0, "track_total_hits": True, "query": query or {"match_all": {}}}
    found: int = search(client, index, body)["hits"]["total"]["value"]
    return found


def documents(
    client: OpenSearch, index: str, ids: Sequence[str], fields: str | None = None
) -> Iterator[dict[str, Any]]:
    """Return the documents with these ids that there are, in their order; `fields` are those to read, by comma."""
    params = {"_source_includes": fields} if fields else {}

    def ask() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.mget(index=index, body={"ids": list(ids)}, params=params)["docs"]
        for one in found:
            if "error" in one and one["error"]["type"] != MISSING:
                raise TransportError(UNAVAILABLE, one["error"]["type"], one)
        return found

    return (one for one in (with_retries(ask) if ids else []) if one.get("found"))


def pages(client: OpenSearch, index: str, body: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Read everything that a search finds, page by page of hits. `body` has the `size` of a page and a total `sort`.

    What is written or removed meanwhile does no harm: each page begins after the sort values of the last hit before.
    """
    place: dict[str, Any] = {}
    while hits := search(client, index, {**body, **place})["hits"]["hits"]:
        yield hits
        place = {"search_after": hits[-1]["sort"]}
