"""Puts the service together: one place that makes the app, and one that makes what it asks."""

from __future__ import annotations

import hashlib
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from flask import Flask, Response, g, redirect, request, url_for
from flask_compress import Compress
from opensearchpy.exceptions import TransportError
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from accounts import cookies, csrf, forms
from accounts.admin import pages as admin_pages  # noqa: F401 (its routes are on the pages' blueprint)
from accounts.admin.api import blueprint as admin
from accounts.claims import pages as claim_pages  # noqa: F401 (the same)
from accounts.claims.api import blueprint as claims
from accounts.follows import pages as follow_pages  # noqa: F401 (the same)
from accounts.follows.api import blueprint as follows
from accounts.follows.atom import blueprint as my_feed
from accounts.invitations import pages as invitation_pages  # noqa: F401 (the same)
from accounts.invitations.api import blueprint as invitations
from accounts.login import pages as login_pages  # noqa: F401 (the same)
from accounts.me import pages as account_pages  # noqa: F401 (the same)
from accounts.me.api import blueprint as me
from accounts.moderation import pages as moderation_pages  # noqa: F401 (the same)
from accounts.moderation.api import blueprint as moderation
from accounts.tokens.api import blueprint as tokens
from accounts.who import LIFE, who
from mappings import IndexNames
from peerscope import engine
from search_api.autocomplete.views import blueprint as autocomplete
from search_api.feeds.views import blueprint as feeds
from search_api.graphs.views import blueprint as graphs
from search_api.http import errors, health, limits, openapi, request_log, settings, timing
from search_api.http.errors import MovedError, Problem
from search_api.http.services import KEY, Services
from search_api.institutions.views import blueprint as institutions
from search_api.overview.views import blueprint as overview
from search_api.researchers.views import blueprint as researchers
from search_api.topics.views import blueprint as topics
from search_api.web.addresses import here_path
from search_api.web.views import blueprint as web
from search_api.web.views import error_page
from search_api.works.views import blueprint as works

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensearchpy import OpenSearch

#: Answers may be kept by a browser or proxy for this many seconds; afterwards their ETag asks whether they still hold.
MAX_AGE = 60
#: What is worth compressing, and how: a page of 25 works, 49 kB, becomes 12 kB in .1 ms by zstd, .5 br, .8 gzip.
COMPRESSED = (
    "application/json",
    "application/problem+json",
    "application/atom+xml",
    "text/html",
    "text/css",
    "text/plain",
)
ENCODINGS = ("zstd", "br", "gzip")
#: Any page in a browser, and a notebook, may use the API as anybody may. With this wildcard browsers send no cookies;
#: whoever is to act for an account has been given a token.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, X-Request-ID",
    "Access-Control-Expose-Headers": (
        "ETag, Link, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-ID"
    ),
    "Access-Control-Max-Age": "86400",
}
UNSTORABLE = "Something in the request holds control characters, which no id and no text here has."
#: Paths below which errors are JSON, and single ones; elsewhere they are pages.
FOR_PROGRAMS = ("/api/", "/feeds/")
FOR_MONITORS = {"/api", "/healthz", "/readyz", "/metrics"}
BLUEPRINTS = (
    works,
    researchers,
    topics,
    institutions,
    graphs,
    autocomplete,
    overview,
    feeds,
    follows,
    my_feed,
    invitations,
    moderation,
    claims,
    admin,
    me,
    tokens,
    health.blueprint,
    openapi.blueprint,
    web,
)
_TOOK = re.compile(rb'"took_ms": \d+')
_REQUEST_ID = re.compile(r"^[\w.-]{1,100}$")


class App(Flask):
    """Flask, which writes of an error what the log may know of its path."""

    def log_exception(self, exc_info: Any) -> None:
        """Write an unexpected error into the log, with its traceback."""
        self.logger.error("%s %r failed", request.method, request_log.path(), exc_info=exc_info)


def create_app(config: Mapping[str, Any] | None = None, services: Services | None = None) -> Flask:
    """Make the Flask app. `services` is what it asks (default: the engine and model of the environment).

    Raises SettingError for a setting of the environment that cannot be used.
    """
    from search_api.http import metrics  # only now: see there

    app = App(__name__, template_folder="web/templates", static_folder="web/static")
    app.config.from_mapping(MAX_CONTENT_LENGTH=1_000_000, COMPRESS_MIMETYPES=COMPRESSED, COMPRESS_ALGORITHM=ENCODINGS)
    app.config.from_mapping(config or {})
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions[KEY] = services or Services(_guarded_client(), IndexNames.from_env())
    app.session_interface = cookies.Forms()
    _trust_proxies(app)
    # What is registered first sees the answer last: the log and the metrics, then compression, then the headers.
    app.before_request(_name_request)
    request_log.install(app)
    metrics.install(app)
    Compress(app)
    app.after_request(_finish)
    limits.install(app)
    csrf.install(app)
    app.jinja_env.globals.update(who=who, notices=forms.notices)
    app.jinja_env.globals.update(typed=forms.typed, typed_all=forms.typed_all, refused_here=forms.refused_here)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    settings.check()
    app.register_error_handler(Problem, _answer)
    app.register_error_handler(MovedError, _redirect)
    app.register_error_handler(HTTPException, lambda error: _answer(errors.from_http(error)))
    # A control character that PostgreSQL cannot store, in an address or a field that nothing else has looked at.
    app.register_error_handler(DataError, lambda _: _answer(Problem(HTTPStatus.BAD_REQUEST, UNSTORABLE)))
    app.register_error_handler(TransportError, lambda error: _answer(errors.from_opensearch(error)))
    app.register_error_handler(OperationalError, lambda error: _answer(errors.from_database(error)))
    return app


def _guarded_client() -> OpenSearch:
    return engine.connect(guard=engine.Guard(observe=lambda seconds: timing.add("search", seconds)))


def proxies() -> int:
    """Return how many proxies in front are believed, `PEERSCOPE_PROXIES`; by default none."""
    return settings.whole("PEERSCOPE_PROXIES", 0, 0, 10)


def _trust_proxies(app: Flask) -> None:
    """Believe what the proxies in front tell of the client."""
    if count := proxies():
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def _name_request() -> None:
    """Take over the caller's request id when it is a plain word, so that logs on both sides can be matched."""
    g.begun = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.match(given) else uuid4().hex


def _redirect(moved: MovedError) -> Response:
    """Send the same request on to the id that holds now, for good."""
    query = request.query_string.decode()
    target = url_for(str(request.endpoint), id_=moved.id) + (f"?{query}" if query else "")
    return Response(status=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": target})


def _answer(problem: Problem) -> Response:
    if request.path.startswith(FOR_PROGRAMS) or request.path.rstrip("/") in FOR_MONITORS:
        return problem.response()
    if problem.status == HTTPStatus.UNAUTHORIZED and "Authorization" not in request.headers:
        back = here_path() if request.method == "GET" else url_for("web.account")
        return cast("Response", redirect(url_for("web.login", next=back), HTTPStatus.SEE_OTHER))
    return error_page(problem)


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id") or uuid4().hex
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith(FOR_PROGRAMS):
        response.headers.update(CORS)
    if "actor" in g:
        # What nobody's browser keeps for a minute is not shown to it when it has logged in.
        response.vary.add("Cookie")
    if g.get("renewed"):
        cookies.set_login(response, g.renewed, LIFE)
    if g.get("private"):
        response.headers["Cache-Control"] = "private, no-store"
    elif request.method in {"GET", "HEAD"} and response.status_code == HTTPStatus.OK:
        _revalidate(response)
    if response.direct_passthrough:
        # A file. Compression reads it and leaves it open; read here, it is closed with the answer.
        response.direct_passthrough = False
        response.make_sequence()
    return response


def _revalidate(response: Response) -> None:
    """Let a reader keep the answer for a while, and then ask whether it still holds."""
    if g.get("degraded") or request.blueprint == "health":
        response.headers["Cache-Control"] = "no-store"
    response.headers.setdefault("Cache-Control", f"public, max-age={MAX_AGE}")
    if not response.is_streamed and response.headers["Cache-Control"] != "no-store":
        # How long it took does not make it another answer. So two answers of one tag may differ in a few bytes, and
        # compression may come on top: the tag is a weak one.
        response.set_etag(hashlib.sha256(_TOOK.sub(b"", response.get_data())).hexdigest()[:32], weak=True)
        response.make_conditional(request)
