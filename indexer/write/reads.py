"""Reads that are complete or fail: researchers are built from what they return, and removed when nothing is returned.

When a shard fails, OpenSearch answers for the others with status 200. Here that is an error like any other: it is
retried for about a minute, then WriteError is raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import TransportError

from indexer.write.bulk import with_retries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from opensearchpy import OpenSearch

COMPLETE = {"allow_partial_search_results": "false"}
#: Status given to a document that could not be looked up; `_mget` reports none.
UNAVAILABLE = 503
MISSING_INDEX = "index_not_found_exception"


def search(client: OpenSearch, index: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the response of all shards to a search."""
    return with_retries(client.search, index=index, body=body, params=COMPLETE)


def search_many(client: OpenSearch, index: str, bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the responses to several searches, in one round trip."""
    header = {"index": index, "allow_partial_search_results": False}
    lines = [line for body in bodies for line in (header, body)]

    def request() -> list[dict[str, Any]]:
        responses: list[dict[str, Any]] = client.msearch(body=lines)["responses"]
        for response in responses:
            if "error" in response:
                raise TransportError(response["status"], response["error"]["type"], response)
        return responses

    return with_retries(request) if lines else []


def count(client: OpenSearch, index: str, query: dict[str, Any] | None = None) -> int:
    """Return the number of documents that match a query; of all documents by default."""
    # `_count` has no parameter to fail when a shard fails.
    body = {"size": 0, "track_total_hits": True, "query": query or {"match_all": {}}}
    total: int = search(client, index, body)["hits"]["total"]["value"]
    return total


def documents(
    client: OpenSearch, index: str, ids: Sequence[str], fields: str | None = None, *, excludes: str | None = None
) -> Iterator[dict[str, Any]]:
    """Return the hits (`_id`, `_source`) of the existing documents with these ids, in the order of the ids.

    `fields` limits `_source`, `excludes` leaves fields out, comma-separated. A missing index has no documents.
    """
    params = {"_source_includes": fields} if fields else {}
    params |= {"_source_excludes": excludes} if excludes else {}

    def request() -> list[dict[str, Any]]:
        hits: list[dict[str, Any]] = client.mget(index=index, body={"ids": list(ids)}, params=params)["docs"]
        for hit in hits:
            if "error" in hit and hit["error"]["type"] != MISSING_INDEX:
                raise TransportError(UNAVAILABLE, hit["error"]["type"], hit)
        return hits

    return (hit for hit in (with_retries(request) if ids else []) if hit.get("found"))


def pages(client: OpenSearch, index: str, body: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Return all hits of a search, page by page. `body` has the `size` of a page and a `sort` without ties.

    Documents may be written or deleted meanwhile: each page starts after the sort values of the last hit before.
    """
    after: dict[str, Any] = {}
    while hits := search(client, index, {**body, **after})["hits"]["hits"]:
        yield hits
        after = {"search_after": hits[-1]["sort"]}
