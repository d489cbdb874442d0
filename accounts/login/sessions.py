"""Log-ins of browsers: each has its own token, which changes at every log-in to prevent session fixation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request
from flask import session as forms
from sqlalchemy import delete, select

from accounts import audit, cookies
from accounts.base import now
from accounts.cookies import LIFE
from accounts.login.models import ApiToken, Login
from accounts.secrets import digest, new_token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

#: Characters kept of the User-Agent header.
BROWSER = 200


def log_in_browser(session: Session, account_id: str, method: str) -> str:
    """Log this browser in by a method, `password`, `orcid` or `link`, and return its new token."""
    log_out_browser(session)
    moment = now()
    session.execute(delete(Login).where(Login.expires_at < moment))
    token, browser = new_token(), request.headers.get("User-Agent", "")[:BROWSER]
    session.add(Login(digest=digest(token), account_id=account_id, browser=browser, expires_at=moment + LIFE))
    audit.note(session, account_id, "login.begin", account_id, way=method)
    return token


def set_login_cookie(response: Response, token: str) -> Response:
    """Return the response with the cookie of a log-in; the data of the forms' cookie are cleared."""
    _clear_forms()
    cookies.set_login(response, token)
    return response


def clear_login_cookie(response: Response) -> Response:
    """Return the response that deletes the cookie of the log-in and the data of the forms' cookie."""
    _clear_forms()
    cookies.drop_login(response)
    return response


def _clear_forms() -> None:
    forms.clear()
    g.private = True
    # Otherwise this response would set the former cookie again, if its use was just recorded.
    g.pop("renewed", None)


def logins_of(session: Session, account_id: str) -> Sequence[Login]:
    """Return the log-ins of an account, the last used first."""
    query = select(Login).where(Login.account_id == account_id, Login.expires_at > now())
    return session.scalars(query.order_by(Login.seen_at.desc(), Login.id)).all()


def log_out_browser(session: Session) -> None:
    """Log this browser out of whichever account it is logged in to."""
    if token := cookies.login_token():
        ended = delete(Login).where(Login.digest == digest(token)).returning(Login.account_id)
        for account_id in session.scalars(ended).all():
            audit.note(session, account_id, "login.end", account_id)


def log_out(session: Session, account_id: str, login_id: str) -> bool:
    """Log one browser of an account out; return False if the account has no such log-in."""
    query = delete(Login).where(Login.id == login_id, Login.account_id == account_id).returning(Login.id)
    ended = bool(session.execute(query).all())
    if ended:
        audit.note(session, account_id, "login.end", account_id)
    return ended


def log_out_everywhere(session: Session, account_id: str, but: str | None = None) -> None:
    """Log all browsers of an account out, except for the log-in `but`."""
    session.execute(delete(Login).where(Login.account_id == account_id, Login.id != (but or "")))
    audit.note(session, account_id, "login.end_all", account_id)


def revoke_tokens(session: Session, account_id: str) -> None:
    """Revoke all API tokens of an account, and its private feed URL."""
    session.execute(delete(ApiToken).where(ApiToken.account_id == account_id))
    audit.note(session, account_id, "token.end_all", account_id)
