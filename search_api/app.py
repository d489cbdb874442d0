"""Puts the service together: one place that makes the app, and one that makes what it asks."""

from __future__ import annotations

import hashlib
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flask import Flask, Response, g, request, url_for
from opensearchpy.exceptions import TransportError
from werkzeug.exceptions import HTTPException

import engine
from mappings import IndexNames
from search_api import errors, health, openapi
from search_api.autocomplete.views import blueprint as autocomplete
from search_api.errors import MovedError, Problem
from search_api.feeds.views import blueprint as feeds
from search_api.institutions.views import blueprint as institutions
from search_api.researchers.views import blueprint as researchers
from search_api.services import KEY, Services
from search_api.topics.views import blueprint as topics
from search_api.web.views import blueprint as web
from search_api.web.views import error_page
from search_api.works.views import blueprint as works

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds OpenSearch has for an answer: with it away a caller hears 503 within two.
SEARCH_TIMEOUT = 1.8
#: Answers may be kept by a browser or proxy for this many seconds; afterwards their ETag asks whether they still hold.
MAX_AGE = 60
#: Paths where errors are JSON; elsewhere they are pages.
FOR_PROGRAMS = ("/api/", "/feeds/")
BLUEPRINTS = (
    works,
    researchers,
    topics,
    institutions,
    autocomplete,
    feeds,
    health.blueprint,
    openapi.blueprint,
    web,
)
_TOOK = re.compile(rb'"took_ms": \d+')
_REQUEST_ID = re.compile(r"^[\w.-]{1,100}$")


def create_app(config: Mapping[str, Any] | None = None, services: Services | None = None) -> Flask:
    """Make the Flask app. `services` is what it asks (default: the engine and model of the environment)."""
    app = Flask(__name__, template_folder="web/templates", static_folder="web/static")
    app.config.from_mapping(MAX_CONTENT_LENGTH=1_000_000)
    app.config.from_mapping(config or {})
    app.extensions[KEY] = services or Services(engine.connect(timeout=SEARCH_TIMEOUT), IndexNames.from_env())
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.before_request(_name_request)
    app.after_request(_finish)
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(MovedError, _redirect)
    app.register_error_handler(HTTPException, lambda error: _answer(errors.from_http(error)))
    app.register_error_handler(TransportError, lambda error: _answer(errors.from_opensearch(error)))
    return app


def _name_request() -> None:
    """Take over the caller's request id when it is a plain word, so that logs on both sides can be matched."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.match(given) else uuid4().hex


def _redirect(moved: MovedError) -> Response:
    """Send the same request on to the id that holds now, for good."""
    query = request.query_string.decode()
    target = url_for(str(request.endpoint), id_=moved.id) + (f"?{query}" if query else "")
    return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": target})


def _answer(problem: Problem) -> Response:
    return problem.response() if request.path.startswith(FOR_PROGRAMS) else error_page(problem)


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id") or uuid4().hex
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.method in {"GET", "HEAD"} and response.status_code == HTTPStatus.OK and not response.is_streamed:
        if "Cache-Control" not in response.headers and request.blueprint != "health":
            response.headers["Cache-Control"] = f"public, max-age={MAX_AGE}"
        # How long it took does not make it another answer.
        response.set_etag(hashlib.sha256(_TOOK.sub(b"", response.get_data())).hexdigest()[:32])
        response.make_conditional(request)
    return response
