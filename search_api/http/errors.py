"""Errors of the service: problem details (RFC 9457, `application/problem+json`), which pages show as HTML."""

from __future__ import annotations

import json
import logging
import math
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, g, has_app_context
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable
from opensearchpy.exceptions import NotFoundError, OpenSearchException, TransportError

from peerscope.engine import CircuitOpen
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from werkzeug.exceptions import HTTPException

#: Retry-After in seconds while OpenSearch is unavailable: about the time that a node needs to restart.
RETRY_AFTER = 10
#: Message of OpenSearch about a query with more than 1,024 clauses.
TOO_MANY = re.compile("too_many_(?:nested_)?clauses")
PASSING = (429, 502, 503, 504)

log = logging.getLogger(__name__)


@dataclass
class Problem(PeerscopeError):  # noqa: N818 (RFC 9457's own word)
    """An HTTP response that is an error. `errors` maps a field or parameter to what is wrong with it."""

    status: int
    detail: str
    errors: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    #: Text of the error page in place of `detail` and `errors`, which are for programs.
    for_readers: str = ""

    def __str__(self) -> str:
        return self.detail

    @property
    def title(self) -> str:
        """The reason phrase of the status."""
        return HTTPStatus(self.status).phrase

    def to_dict(self) -> dict[str, Any]:
        """Return the members of RFC 9457; `type` is `about:blank`: the status alone gives the type of problem."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": self.errors,
            "request_id": g.get("request_id") if has_app_context() else None,
        }

    def response(self) -> Response:
        """Return the HTTP response."""
        body = json.dumps(self.to_dict(), ensure_ascii=False)
        return Response(body, self.status, headers=self.headers, content_type="application/problem+json")


@dataclass
class RedirectError(Exception):
    """The requested id was merged into another, `id`; the response is a redirect to it."""

    id: str


def not_found(kind: str, id_: str) -> Problem:
    """Return the 404 for an id that does not exist."""
    return Problem(HTTPStatus.NOT_FOUND, f"No {kind} has the id {id_[:200]!r}.")


def unavailable(detail: str, retry_after: int = RETRY_AFTER) -> Problem:
    """Return a 503 with a Retry-After header in seconds."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(retry_after)})


def from_http(error: HTTPException) -> Problem:
    """Return the problem of an error that Flask raises: no such route, wrong method, body too large."""
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    detail = "Page not found." if error.code == HTTPStatus.NOT_FOUND else error.description
    return Problem(error.code or 500, detail or "", headers=headers)


def from_peerscope(error: PeerscopeError) -> Problem:
    """Return the 500 for an error that only the operator can act on; its text is only logged."""
    log.error("%s: %s", type(error).__name__, error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The server could not complete the request; see its log.")


def from_opensearch(error: OpenSearchException) -> Problem:
    """Return the problem: 503 while OpenSearch is unavailable or empty, 400 for too large a request, else 500."""
    if not isinstance(error, TransportError):  # such as a page of a proxy in place of JSON
        return unavailable("Search is temporarily unavailable.")
    if isinstance(error, NotFoundError):
        return unavailable("Nothing is indexed yet. Run `peerscope index` first.")
    if isinstance(error, CircuitOpen):
        return unavailable("Search is temporarily unavailable.", math.ceil(error.retry_after))
    if isinstance(error, OpenSearchUnreachable) or error.status_code in PASSING:
        return unavailable("Search is temporarily unavailable.")
    if TOO_MANY.search(str(error.info)):
        return Problem(HTTPStatus.BAD_REQUEST, "Query too long; use fewer words or filters.")
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side: the search engine rejected the request."
    )
