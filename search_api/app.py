"""Assembles the Flask app: blueprints, request hooks, error handlers and extensions."""

from __future__ import annotations

import hashlib
import os
import re
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flask import Flask, Response, g, request
from flask.globals import request_ctx
from flask_compress import Compress
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from mappings import IndexNames
from peerscope import engine
from peerscope.private_files import repair_home
from peerscope.settings import Settings
from search_api import error_handlers
from search_api.autocomplete.views import blueprint as autocomplete
from search_api.error_handlers import FOR_PROGRAMS
from search_api.feeds.views import blueprint as feeds
from search_api.graphs.views import blueprint as graphs
from search_api.http import actors, health, limits, openapi, public_url, request_log, timing
from search_api.http import extensions as hooks
from search_api.http.errors import unavailable
from search_api.http.index_check import IndexCheck
from search_api.http.item_urls import ANY_ID, item_urls
from search_api.http.services import KEY, Services
from search_api.http.services import services as request_services
from search_api.institutions.views import blueprint as institutions
from search_api.overview.views import blueprint as overview
from search_api.researchers.views import blueprint as researchers
from search_api.retrieval.vectors import VectorLoader
from search_api.topics.views import blueprint as topics
from search_api.web.views import blueprint as web
from search_api.works.views import blueprint as works

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Request
    from opensearchpy import OpenSearch
    from werkzeug.routing import MapAdapter

    from search_api.http.extensions import Extension

#: Seconds for which browsers and proxies may reuse a response; afterwards they revalidate it by its ETag.
MAX_AGE = 60
#: What is worth compressing, and how: a page of 25 works, 59 kB, becomes 16 kB in .15 ms by zstd, in .4 by br, and 17
#: in .5 by gzip. The next levels of br and gzip take .2 and .5 ms more for 1 kB less.
COMPRESSED = (
    "application/json",
    "application/problem+json",
    "application/atom+xml",
    "text/html",
    "text/css",
    "text/plain",
)
COMPRESSION: dict[str, Any] = {
    "COMPRESS_MIMETYPES": COMPRESSED,
    "COMPRESS_ALGORITHM": ("zstd", "br", "gzip"),
    "COMPRESS_BR_LEVEL": 3,
    "COMPRESS_LEVEL": 3,  # of gzip
}
#: Pages and notebooks of any origin may use the API. With this wildcard browsers send no cookies, so a request from
#: another site can act for an account only with a token.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, X-Request-ID",
    "Access-Control-Expose-Headers": (
        "ETag, Link, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-ID"
    ),
    "Access-Control-Max-Age": "86400",
}
BLUEPRINTS = (
    works,
    researchers,
    topics,
    institutions,
    graphs,
    autocomplete,
    overview,
    feeds,
    health.blueprint,
    openapi.blueprint,
    web,
)
#: Blueprints that read no index.
INDEPENDENT = {"health", "metrics", "openapi"}
_TOOK = re.compile(rb'"took_ms": ?\d+')
_REQUEST_ID = re.compile(r"^[\w.-]{1,100}$")


class App(Flask):
    """Flask app that redacts secrets from logged paths, and builds absolute URLs on the configured public URL."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what builds and matches URLs during a request."""
        adapter = super().create_url_adapter(request)
        if adapter is not None:
            public_url.bind(adapter, self.extensions[KEY].settings.public_url)
        return adapter

    def url_for(self, endpoint: str, /, **values: Any) -> str:  # type: ignore[override]  # its keywords are in `values`
        """Return a URL as Flask does; that of an item by `item_urls`."""
        # flask.url_for passes all of its options, such as _external, as None.
        values = {name: value for name, value in values.items() if value is not None or not name.startswith("_")}
        if values.keys() != {"id_"} or values["id_"] == ANY_ID or endpoint.startswith("."):
            return super().url_for(endpoint, **values)
        return item_urls({"url": endpoint}, str(values["id_"]))["url"]

    def make_default_options_response(self) -> Response:
        """Return the response to OPTIONS: the methods of this path's own rule, not those of a rule with a wildcard.

        For POST `/researchers/<id>/claim`, Flask would add GET, because `/researchers/<path:id>` matches the path too.
        """
        response = self.response_class()
        response.allow.update(allowed_methods())
        return response

    def log_exception(self, exc_info: Any) -> None:
        """Log an unexpected error with its traceback."""
        self.logger.error("%s %r failed", request.method, request_log.path(), exc_info=exc_info)


_VARIABLE = re.compile(r"<[^<>]*>")


def allowed_methods() -> set[str]:
    """Return the methods of the most specific rule that matches the path of this request."""
    adapter = request_ctx.url_adapter
    rules: dict[str, set[str]] = {}
    for method in adapter.allowed_methods() if adapter else ():
        with suppress(HTTPException, RequestRedirect):
            rule, _ = adapter.match(method=method, return_rule=True)  # type: ignore[union-attr]
            rules.setdefault(rule.rule, set()).update(rule.methods or ())
    return max(rules.items(), key=lambda item: len(_VARIABLE.sub("", item[0])), default=("", set()))[1]


def _allow(response: Response) -> Response:
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := allowed_methods()):
        response.headers["Allow"] = ", ".join(sorted(methods))
    return response


def create_app(
    config: Mapping[str, Any] | None = None,
    services: Services | None = None,
    *,
    settings: Settings | None = None,
    extensions: Sequence[Extension] | None = None,
) -> Flask:
    """Return the Flask app.

    `services` default to the OpenSearch, indices and model that `settings` name, `settings` to those of the services or
    the environment, and `extensions` to those of all installed packages. `STARTS_ENGINE: False` in `config` does not
    start the embedded OpenSearch; `LOADS_VECTORS: True` loads the vectors of a small collection. Raises SettingsError.
    """
    from search_api.http import metrics  # imported late; its docstring says why

    if services is None:
        settings = settings or Settings.load()
        repair_home(settings.home)
        opensearch = _client(settings, starts_engine=(config or {}).get("STARTS_ENGINE", True))
        names = IndexNames(settings.index_prefix)
        services = Services(opensearch, names, settings=settings, index=IndexCheck(opensearch, names))
    app = App(__name__, template_folder="web/templates", static_folder="web/static")
    app.config.from_mapping(MAX_CONTENT_LENGTH=1_000_000, **COMPRESSION)
    app.config.from_mapping(config or {})
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions[KEY] = services
    _trust_proxies(app, services.settings.proxies)
    # Hooks that are registered first see the response last: request log and metrics, then compression, then headers.
    app.before_request(_begin_request)
    if app.config.get("OBSERVED", True):
        request_log.install(app)
        metrics.install(app)
    Compress(app)
    app.after_request(_finish)
    app.after_request(_allow)
    limits.install(app, services.settings)
    app.before_request(_check_index)
    app.jinja_env.globals.update(
        current_actor=actors.current_actor, accounts_enabled=False, contact=services.settings.contact
    )
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    error_handlers.install(app)
    _install_extensions(app, extensions)
    if app.config.get("LOADS_VECTORS"):
        VectorLoader(services).start()
    return app


def _client(settings: Settings, *, starts_engine: bool) -> OpenSearch:
    breaker = engine.CircuitBreaker(
        # A cluster queues requests itself, and has more processors than this machine.
        concurrent=None if settings.opensearch_url else _concurrent_requests(settings),
        observe=lambda seconds: timing.add("search", seconds),
        wait=lambda seconds: timing.add("queue", seconds),
        lose=timing.lose,
        lost=timing.lost,
    )
    return (engine.connect if starts_engine else engine.follow)(settings, breaker=breaker)


def _concurrent_requests(settings: Settings) -> int:
    """Return how many requests a worker sends to the embedded node at once: all workers together two per core."""
    return max(2, 2 * (os.cpu_count() or 1) // settings.worker_count)


def _install_extensions(app: Flask, chosen: Sequence[Extension] | None) -> None:
    settings = app.extensions[KEY].settings
    app.extensions[hooks.KEY] = hooks.load(settings) if chosen is None else list(chosen)
    for extension in hooks.installed(app):
        extension.install(app, settings)


def _trust_proxies(app: Flask, count: int) -> None:
    """Use the client address, scheme and host that `count` trusted proxies forward."""
    if count:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]


def _begin_request() -> None:
    """Start the clock, and use the client's request id if it is a plain word, so that logs on both sides match."""
    g.begun = time.perf_counter()
    request_id = request.headers.get("X-Request-ID", "")
    g.request_id = request_id if _REQUEST_ID.match(request_id) else uuid4().hex


def _check_index() -> None:
    """Raise Problem (503), which names the remedy, if this version cannot read the index."""
    if request.endpoint in {None, "static"} or request.blueprint in INDEPENDENT:
        return
    index = request_services().index
    if index and (problem := index.problem()):
        raise unavailable(problem)


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id") or uuid4().hex
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.path.startswith(FOR_PROGRAMS):
        response.headers.update(CORS)
    if response.direct_passthrough:
        # A file. Compression reads it and leaves it open; read here, it is closed with the response.
        response.direct_passthrough = False
        response.make_sequence()
    if g.get("private"):
        response.headers["Cache-Control"] = "private, no-store"
    elif request.method in {"GET", "HEAD"} and response.status_code == HTTPStatus.OK:
        _revalidate(response)
    return response


def _revalidate(response: Response) -> None:
    """Let clients reuse the response for a while, and then revalidate it."""
    if g.get("degraded") or request.blueprint == "health":
        response.headers["Cache-Control"] = "no-store"
    response.headers.setdefault("Cache-Control", f"public, max-age={MAX_AGE}")
    if not response.is_streamed and response.headers["Cache-Control"] != "no-store":
        # The tag is weak: two responses of one tag differ in `took_ms`, and compression may come on top.
        response.set_etag(hashlib.sha256(_TOOK.sub(b"", response.get_data())).hexdigest()[:32], weak=True)
        response.make_conditional(request)
