"""Cookies: the log-in, a signed one for forms and the redirect to ORCID, and one that marks known browsers.

Under https all are Secure and their names begin with `__Host-`, so that no other host, such as a sibling of the same
domain, can set them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, request
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature, URLSafeTimedSerializer

from accounts.secrets import digest, keyed, new_token

if TYPE_CHECKING:
    from flask import Request
    from flask.sessions import SecureCookieSession
    from werkzeug.wrappers import Response

#: How long a log-in lasts after its last use.
LIFE = timedelta(days=30)
LOGIN = "peerscope_login"
FORMS = "peerscope_forms"
DEVICE = "peerscope_device"
#: How long a browser counts as known to an account after its last log-in.
KNOWN_FOR = timedelta(days=365)


def named(cookie: str) -> str:
    """Return the name of a cookie under the scheme of this request."""
    return f"__Host-{cookie}" if request.is_secure else cookie


def login_token() -> str | None:
    """Return the token of the log-in cookie of this request."""
    return request.cookies.get(named(LOGIN))


def set_login(response: Response, token: str) -> None:
    """Set the cookie of a log-in; scripts cannot read it, and forms of other sites do not send it."""
    response.set_cookie(
        named(LOGIN), token, max_age=LIFE, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )


def drop_login(response: Response) -> None:
    """Delete the cookie of the log-in."""
    response.delete_cookie(named(LOGIN), httponly=True, samesite="Lax", secure=request.is_secure, path="/")


def remember_device(response: Response, address: str) -> None:
    """Mark this browser as one that has logged in to the account at an address. The cookie permits nothing.

    It exempts the browser from delays that guesses from elsewhere cause (see `accounts.throttle`).
    """
    value = _devices().dumps([digest(address), new_token()[:16]])
    response.set_cookie(
        named(DEVICE), value, max_age=KNOWN_FOR, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )


def known_device(address: str) -> str | None:
    """Return the id of this browser if it has logged in to the account at an address before."""
    cookie = request.cookies.get(named(DEVICE))
    if not cookie:
        return None
    try:
        of, device = _devices().loads(cookie, max_age=int(KNOWN_FOR.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    return str(device) if of == digest(address) else None


def _devices() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keyed(current_app), salt="device")


class Forms(SecureCookieSessionInterface):
    """Flask's session, a signed cookie. Its key is loaded only for requests that have the cookie."""

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002 (Flask's signature)
        """Return the name under the scheme of this request."""
        return named(FORMS)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 (Flask's signature)
        """Return whether the browser sends the cookie over https only: if this request came by https."""
        return request.is_secure

    def get_cookie_samesite(self, app: Flask) -> str:  # noqa: ARG002 (Flask's signature)
        """Return `Lax`: sent with the link back from ORCID, but with no form of another site."""
        return "Lax"

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return the serializer, after loading the key."""
        keyed(app)
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | Any:
        """Return the session of the cookie, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)
