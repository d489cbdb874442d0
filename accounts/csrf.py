"""Protection against cross-site request forgery (CSRF).

Every form has a hidden `csrf_token`. Unsafe requests to the API with the log-in cookie send it as `X-CSRF-Token`; those
with a bearer token need none, since no browser sends that by itself. All views are protected by default, except for
those marked with `reads_only`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import current_app, g, request
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from accounts.cookies import login_token
from accounts.secrets import keyed
from search_api.http.actors import current_actor
from search_api.http.endpoint import is_read_only
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from flask import Flask

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
API = "/api/"


def csrf_token() -> str:
    """Return the token for the forms of this page, which makes the page private to this browser."""
    keyed(current_app)
    g.private = True
    token: str = generate_csrf()
    return token


def install(app: Flask) -> None:
    """Check every request of the app that may change data."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # as long as the browser is open, as its cookie is
    app.before_request(_check)
    app.jinja_env.globals[FIELD] = csrf_token


def _check() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in SAFE or view is None or is_read_only(view):
        return
    is_api = request.path.startswith(API)
    if is_api and ("Authorization" in request.headers or login_token() is None or current_actor() is None):
        # Without an actor there is nothing to forge: the response is 401.
        return
    given = request.headers.get(HEADER) or ("" if is_api else request.form.get(FIELD, ""))
    keyed(current_app)
    try:
        validate_csrf(given)
    except ValidationError as error:
        advice = f"Send it in the header {HEADER}." if is_api else "Reload the page and submit the form again."
        raise Problem(HTTPStatus.BAD_REQUEST, f"{error} {advice}") from error
