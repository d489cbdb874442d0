"""Bulk writes that survive a busy or restarting OpenSearch.

Every action names its document's id, so repeating it has the same result; that is what makes retries safe. The loops
are written out, since a retried bulk request sends only the actions that failed.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, TypeVar

from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from opensearchpy.exceptions import TransportError

from mappings import is_writer_alias
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opensearchpy import OpenSearch

    from mappings.documents import Document

    #: The lines of one action in the body of a bulk request, as objects or JSON.
    Action = list[Mapping[str, object] | str]

#: Seconds before each retry: a minute in total, which a node needs to restart after a crash.
PAUSES = (0.5, 1, 2, 4, 8, 15, 30)
#: Too many requests, and the responses of a proxy or node that is not ready.
TEMPORARY = (429, 502, 503, 504)
#: What a user can do about a failed write.
ADVICE = "Run the same command again: it continues where it stopped."

#: Concurrent bulk requests at most: beyond, the process that makes the documents is the limit.
MAX_WRITERS = 8

Response = TypeVar("Response")


class WriteError(PeerscopeError):
    """OpenSearch stayed unavailable, or rejected documents for a reason that a retry does not fix."""


def index_action(index: str, document_id: str, document: Document | str) -> Action:
    """Return the action that writes a whole document: an object, or JSON in one line."""
    return [{"index": _address(index, document_id)}, document]


def update_action(index: str, document_id: str, fields: Mapping[str, object]) -> Action:
    """Return the action that replaces some fields of a document."""
    return [{"update": _address(index, document_id)}, {"doc": fields}]


def delete_action(index: str, document_id: str) -> Action:
    """Return the action that deletes a document; a missing one is no error."""
    return [{"delete": {"_index": index, "_id": document_id}}]


def _address(index: str, document_id: str) -> dict[str, object]:
    """Return where an action writes; OpenSearch creates no index under the name of an alias that was removed."""
    address: dict[str, object] = {"_index": index, "_id": document_id}
    return {**address, "require_alias": True} if is_writer_alias(index) else address


def pending_actions(index: str, works: Mapping[str, str]) -> Iterator[Action]:
    """Return the actions that mark researchers as pending; `works` maps each researcher's id to the id of a work."""
    return (
        index_action(index, researcher_id, {"researcher_id": researcher_id, "work_id": work_id})
        for researcher_id, work_id in sorted(works.items())
    )


def concurrent_writers(client: OpenSearch) -> int:
    """Return the number of bulk requests to send at a time: one for each data node, at most `MAX_WRITERS`."""
    nodes: int = with_retries(client.cluster.health)["number_of_data_nodes"]
    return max(1, min(nodes, MAX_WRITERS))


def with_retries(request: Callable[..., Response], **arguments: Any) -> Response:
    """Send a request that may be repeated, and retry it for about a minute while OpenSearch is unavailable.

    Raises WriteError after the last retry, and TransportError at once for an error that a retry does not fix.
    """
    for pause in PAUSES:
        try:
            return request(**arguments)
        except TransportError as error:
            if not _is_temporary(error):
                raise
        _sleep(pause)
    try:
        return request(**arguments)
    except TransportError as error:
        raise WriteError(f"OpenSearch has been unavailable for {sum(PAUSES):.0f} s: {error}. {ADVICE}") from error


def write(client: OpenSearch, actions: Iterable[Action]) -> None:
    """Carry out actions, each at least once.

    Retries for about a minute while OpenSearch is unavailable. Raises WriteError with OpenSearch's reason otherwise.
    """
    left = list(actions)
    for pause in (*PAUSES, None):
        if not left:
            return
        try:
            left, reason = _attempt(client, left)
        except TransportError as error:
            if not _is_temporary(error):
                raise WriteError(f"OpenSearch rejected a bulk write: {error}") from error
            reason = str(error)
        if left and pause is not None:
            _sleep(pause)
    if left:
        failure = f"OpenSearch did not accept {len(left)} documents within {sum(PAUSES):.0f} s"
        raise WriteError(f"{failure}: {reason[:300]}. {ADVICE}")


def _attempt(client: OpenSearch, actions: list[Action]) -> tuple[list[Action], str]:
    """Send the actions once; return those to retry, and why they failed."""
    response = client.bulk(body=[line for action in actions for line in action])
    retry, reason = [], ""
    for action, result in zip(actions, _results(response), strict=True):
        if result["status"] in TEMPORARY:
            retry.append(action)
            reason = str(result["error"])
        elif "error" in result:
            raise WriteError(f"OpenSearch rejected document {result['_id']}: {result['error']}")
    return retry, reason


def _sleep(pause: float) -> None:
    """Wait about this many seconds; several writers that were refused together do not come back together."""
    time.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 (no secret)


def _is_temporary(error: TransportError) -> bool:
    return isinstance(error, OpenSearchUnreachable) or error.status_code in TEMPORARY


def _results(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in response["items"]:
        yield from item.values()
