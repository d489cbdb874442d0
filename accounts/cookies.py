"""The two cookies: who is logged in, and a signed one for forms and for the way to ORCID and back.

Under https both are Secure and their names begin with `__Host-`: then no other host, a sibling under the same domain
included, can set them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface

from accounts.secrets import keyed

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Request
    from flask.sessions import SecureCookieSession
    from itsdangerous import URLSafeTimedSerializer
    from werkzeug.wrappers import Response

LOGIN = "peerscope_login"
FORMS = "peerscope_forms"


def named(cookie: str) -> str:
    """Return a cookie's name for the scheme of this request."""
    return f"__Host-{cookie}" if request.is_secure else cookie


def login_token() -> str | None:
    """Return the token of the log-in cookie of this request."""
    return request.cookies.get(named(LOGIN))


def set_login(response: Response, token: str, life: timedelta) -> None:
    """Have the browser keep a token; scripts do not see it, and forms of other sites do not send it."""
    response.set_cookie(
        named(LOGIN), token, max_age=life, httponly=True, samesite="Lax", secure=request.is_secure, path="/"
    )


def drop_login(response: Response) -> None:
    """Have the browser forget the token."""
    response.delete_cookie(named(LOGIN), httponly=True, samesite="Lax", secure=request.is_secure, path="/")


class Forms(SecureCookieSessionInterface):
    """Flask's session, a signed cookie. Its key is read only where the cookie is."""

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002 (theirs)
        """Return the name for the scheme of this request."""
        return named(FORMS)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 (theirs)
        """Send it over https only, where it came by https."""
        return request.is_secure

    def get_cookie_samesite(self, app: Flask) -> str:  # noqa: ARG002 (theirs)
        """Let it come along on the way back from ORCID, which is a link, and with no form of another site."""
        return "Lax"

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Have the key ready first."""
        keyed(app)
        return super().get_signing_serializer(app)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | Any:
        """Read the cookie where there is one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)
