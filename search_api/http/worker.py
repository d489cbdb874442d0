"""gunicorn worker that answers requests it cannot parse with problem details, like the app."""

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

#: Bytes of a request line: the longest query, 20,000 characters, of nine bytes each when escaped.
MAX_REQUEST_LINE = 200_000
#: How much of a refused request is still read, so that the client can read the response: bytes, seconds of silence.
REST, SILENCE = 4_000_000, 1.0

# gunicorn's own upper bound, which its setting cannot exceed.
message.MAX_REQUEST_LINE = MAX_REQUEST_LINE


def refusal(error: Exception) -> Problem:
    """Return the problem of a request that gunicorn cannot parse."""
    if isinstance(error, LimitRequestLine):
        detail = f"The request line is longer than {MAX_REQUEST_LINE:,} bytes."
        return Problem(HTTPStatus.REQUEST_URI_TOO_LONG, detail)
    if isinstance(error, LimitRequestHeaders):
        return Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too many or too long.")
    return Problem(HTTPStatus.BAD_REQUEST, f"This is no HTTP request: {error}"[:300])


def written(problem: Problem) -> bytes:
    """Return the bytes of the response."""
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
        """Answer a request that cannot be parsed; gunicorn handles all other errors."""
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
    """Read the rest of a request: closing earlier would reset the connection, and the response would be lost."""
    left = REST
    while left > 0 and (data := client.recv(65_536)):
        left -= len(data)
        yield data
