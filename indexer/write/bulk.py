"""Bulk writes that outlive a busy or restarting OpenSearch.

Every action carries its document's id, so doing one twice ends in the same state; that is what makes retrying safe.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from opensearchpy.exceptions import TransportError

from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opensearchpy import OpenSearch

#: Seconds to wait before each new try: a minute in all, which a node needs to come back after a crash.
PAUSES = (0.5, 1, 2, 4, 8, 15, 30)
#: Too many requests, and the answers of a proxy or node that is not ready.
PASSING = (429, 502, 503, 504)

#: What a person does about it.
AGAIN = "Run the same command again: it continues where it stopped."

Answer = TypeVar("Answer")
Action = dict[str, Any]


class WriteError(PeerscopeError):
    """OpenSearch stayed away, or refused documents for a reason that trying again does not mend."""


def index_action(index: str, document_id: str, document: dict[str, Any]) -> list[Action]:
    """Return the two lines that write a document whole."""
    return [{"index": {"_index": index, "_id": document_id}}, document]


def delete_action(index: str, document_id: str) -> list[Action]:
    """Return the line that removes a document; one that is not there is no error."""
    return [{"delete": {"_index": index, "_id": document_id}}]


def with_retries(ask: Callable[..., Answer], **arguments: Any) -> Answer:
    """Ask OpenSearch something that may be asked twice, and wait out what is passing. Raises WriteError at last."""
    for pause in PAUSES:
        try:
            return ask(**arguments)
        except TransportError as error:
            if not _is_passing(error):
                raise
        time.sleep(pause)
    try:
        return ask(**arguments)
    except TransportError as error:
        raise WriteError(f"OpenSearch has not answered for {sum(PAUSES):.0f} s: {error}. {AGAIN}") from error


def pending_actions(index: str, works: Mapping[str, str]) -> Iterator[list[Action]]:
    """Return the actions that mark researchers as pending; `works` maps each to one of its works."""
    return (
        index_action(index, id_, {"researcher_id": id_, "work_id": work_id}) for id_, work_id in sorted(works.items())
    )


def _is_passing(error: TransportError) -> bool:
    return isinstance(error, OpenSearchUnreachable) or error.status_code in PASSING


def write(client: OpenSearch, actions: Iterable[list[Action]]) -> None:
    """Carry out index and delete actions, each at least once.

    Waits out what is passing for about a minute. Raises WriteError with OpenSearch's own reason for anything else.
    """
    left = list(actions)
    for pause in (*PAUSES, None):
        if not left:
            return
        try:
            left, reason = _attempt(client, left)
        except TransportError as error:
            if not _is_passing(error):
                raise WriteError(f"OpenSearch refused a bulk write: {error}") from error
            reason = str(error)
        if left and pause is not None:
            time.sleep(pause)
    if left:
        took = f"OpenSearch did not take {len(left)} documents in {sum(PAUSES):.0f} s"
        raise WriteError(f"{took}: {reason[:300]}. {AGAIN}")


def _attempt(client: OpenSearch, actions: list[list[Action]]) -> tuple[list[list[Action]], str]:
    """Send the actions once; give those worth another try, and why they failed."""
    answer = client.bulk(body=[line for action in actions for line in action])
    again, reason = [], ""
    for action, result in zip(actions, _results(answer), strict=True):
        if result["status"] in PASSING:
            again.append(action)
            reason = str(result["error"])
        elif "error" in result:
            raise WriteError(f"OpenSearch refused document {result['_id']}: {result['error']}")
    return again, reason


def _results(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in answer["items"]:
        yield from item.values()
