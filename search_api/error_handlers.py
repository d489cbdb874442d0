"""Turns errors into responses: JSON problems (RFC 9457) for programs, pages for people."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, request, url_for
from opensearchpy.exceptions import OpenSearchException
from werkzeug.exceptions import HTTPException

from peerscope.errors import PeerscopeError
from search_api.http import errors
from search_api.http.errors import Problem, RedirectError
from search_api.web.views import error_page

if TYPE_CHECKING:
    from flask import Flask

#: Paths below which errors are JSON, and single ones; elsewhere they are pages.
FOR_PROGRAMS = ("/api/", "/feeds/")
FOR_MONITORS = {"/api", "/healthz", "/readyz", "/metrics"}


def install(app: Flask) -> None:
    """Handle every error of the app that is not a defect."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(RedirectError, _redirect)
    app.register_error_handler(HTTPException, lambda error: respond(errors.from_http(error)))
    app.register_error_handler(OpenSearchException, lambda error: respond(errors.from_opensearch(error)))
    app.register_error_handler(PeerscopeError, lambda error: respond(errors.from_peerscope(error)))


def is_for_programs() -> bool:
    """Return whether the client of this request is a program, which gets errors as JSON."""
    return request.path.startswith(FOR_PROGRAMS) or request.path.rstrip("/") in FOR_MONITORS


def respond(problem: Problem) -> Response:
    """Return a problem as the client of this request reads it."""
    return problem.response() if is_for_programs() else error_page(problem)


def _redirect(error: RedirectError) -> Response:
    """Redirect permanently to the canonical id."""
    query = request.query_string.decode()
    target = url_for(str(request.endpoint), id_=error.id) + (f"?{query}" if query else "")
    return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": target})
