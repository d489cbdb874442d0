"""Parsing of requests, with limits on their size; refusals are problem details, like those of the app."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from waitress.parser import HTTPRequestParser
from waitress.utilities import BadRequest, Error, RequestEntityTooLarge, RequestHeaderFieldsTooLarge

from search_api.http.errors import Problem

#: Bytes of a request line: the longest query, 20,000 characters, of nine bytes each when escaped.
MAX_REQUEST_LINE = 200_000
#: Bytes of all header fields; browsers send less than 4,000.
MAX_FIELDS = 32_768
MAX_HEAD = MAX_REQUEST_LINE + MAX_FIELDS
#: Bytes of a body.
MAX_BODY = 1_000_000
#: End of a head.
_END = b"\r\n\r\n"


class LineTooLong(BadRequest):  # type: ignore[misc]  # waitress has no type information
    """The request line is longer than `MAX_REQUEST_LINE`."""

    code = 414
    reason = "URI Too Long"


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Parser of one request. It looks at each byte of the head once, in however many pieces the head arrives."""

    completed: bool
    error: Error | None

    def __init__(self, adj: Any) -> None:
        super().__init__(adj)
        self._head = bytearray()
        self._line_end = -1

    def received(self, data: bytes) -> int:
        """Take bytes of the request; return how many of them belong to it."""
        if self.completed or self.body_rcv is not None:
            count: int = super().received(data)
            return count
        searched = max(0, len(self._head) - len(_END) + 1)
        self._head += data
        if self._line_end < 0:
            self._line_end = self._head.find(b"\r\n", searched)
        end = self._head.find(_END, searched)
        self.error = self._too_large(end)
        if self.error:
            self.completed = True
            return len(data)
        if end < 0:
            return len(data)
        head = bytes(self._head)
        consumed: int = super().received(head)
        return consumed - (len(head) - len(data))

    def _too_large(self, end: int) -> Error | None:
        """Return the error of a head that is too large; its end is at `end`, -1 if it has not arrived."""
        size = len(self._head) if end < 0 else end
        if size <= MAX_FIELDS:
            return None
        line = size if self._line_end < 0 else self._line_end
        if line > MAX_REQUEST_LINE:
            return LineTooLong("")
        return RequestHeaderFieldsTooLarge("") if size - line > MAX_FIELDS else None


def refusal(error: Error) -> Problem:
    """Return the problem of a request that cannot be parsed."""
    if isinstance(error, LineTooLong):
        detail = f"The request line is longer than {MAX_REQUEST_LINE:,} bytes."
        return Problem(HTTPStatus.REQUEST_URI_TOO_LONG, detail)
    if isinstance(error, RequestHeaderFieldsTooLarge):
        detail = f"The header fields are longer than {MAX_FIELDS:,} bytes."
        return Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, detail)
    if isinstance(error, RequestEntityTooLarge):
        return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {MAX_BODY:,} bytes.")
    status = HTTPStatus(error.code)
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(status, "Something went wrong on our side.")
    return Problem(status, f"This is not an HTTP request: {error.body}"[:300])


def written(problem: Problem) -> bytes:
    """Return the bytes of the response."""
    id_ = uuid4().hex
    body = json.dumps({**problem.to_dict(), "request_id": id_}).encode()
    fields = {
        "Connection": "close",
        "X-Request-ID": id_,
        "Content-Type": "application/problem+json",
        "Content-Length": str(len(body)),
        **problem.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {problem.status} {problem.title}\r\n{lines}\r\n".encode("ascii") + body
