"""A worker process of gunicorn whose own errors, before the app has seen a request, have the shape of all others."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from gunicorn.http import message
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes of a request line: the longest query, 20,000 characters, in a script where each takes nine when escaped.
MAX_REQUEST_LINE = 200_000
#: What of a refused request is still read, so that the client gets to read the answer: bytes, and seconds of silence.
REST, SILENCE = 4_000_000, 1.0

# gunicorn takes no longer line than this, whatever its setting says.
message.MAX_REQUEST_LINE = MAX_REQUEST_LINE


def refusal(error: Exception) -> Problem:
    """Return the problem of a request that gunicorn cannot read."""
    if isinstance(error, LimitRequestLine):
        detail = f"The request line is longer than {MAX_REQUEST_LINE:,} bytes."
        return Problem(HTTPStatus.REQUEST_URI_TOO_LONG, detail)
    if isinstance(error, LimitRequestHeaders):
        return Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too many or too long.")
    return Problem(HTTPStatus.BAD_REQUEST, f"This is no HTTP request: {error}"[:300])


def written(problem: Problem) -> bytes:
    """Return the whole answer as it goes over the wire."""
    id_ = uuid4().hex
    body = json.dumps({**problem.to_dict(), "request_id": id_}).encode()
    head = (
        f"HTTP/1.1 {problem.status} {problem.title}\r\nConnection: close\r\nX-Request-ID: {id_}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no type information
    """A threaded worker."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer a request that cannot be read; what else goes wrong is gunicorn's to tell."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        with suppress(OSError):
            client.setblocking(True)
            client.settimeout(SILENCE)
            client.sendall(written(refusal(exc)))
            client.shutdown(socket.SHUT_WR)
            for _ in _rest_of(client):
                pass


def _rest_of(client: socket.socket) -> Iterator[bytes]:
    """Read what still comes: closing before that would reset the connection, and the answer would be lost with it."""
    left = REST
    while left > 0 and (data := client.recv(65_536)):
        left -= len(data)
        yield data
