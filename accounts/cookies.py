"""The two cookies: the log-in, and a signed one for forms and for the round trip to ORCID.

Under https both are Secure and their names begin with `__Host-`, so that no other host, such as a sibling of the same
domain, can set them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from accounts.secrets import keyed

if TYPE_CHECKING:
    from flask import Request
    from flask.sessions import SecureCookieSession
    from itsdangerous import URLSafeTimedSerializer
    from werkzeug.wrappers import Response

#: How long a log-in lasts after its last use.
LIFE = timedelta(days=30)
LOGIN = "peerscope_login"
FORMS = "peerscope_forms"


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
