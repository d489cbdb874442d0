"""Browsers that are logged in: each has a token of its own, new at every log-in, so none can be planted before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request
from flask import session as forms
from sqlalchemy import delete, select

from accounts import audit, cookies
from accounts.actors import LIFE
from accounts.base import now
from accounts.login.models import Login
from accounts.secrets import digest, new_token
from accounts.tokens.models import ApiToken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

BROWSER = 200
"""Characters kept of what a browser says of itself."""


def begin(session: Session, account_id: str, way: str) -> str:
    """Log this browser in and give its new token; `way` is how: `password`, `orcid` or `link`."""
    end_this(session)
    moment = now()
    session.execute(delete(Login).where(Login.expires_at < moment))
    token, browser = new_token(), request.headers.get("User-Agent", "")[:BROWSER]
    session.add(Login(digest=digest(token), account_id=account_id, browser=browser, expires_at=moment + LIFE))
    audit.note(session, account_id, "login.begin", account_id, way=way)
    return token


def set_login_cookie(response: Response, token: str) -> Response:
    """Return this browser its token; whatever its forms knew from before is gone."""
    _forget_what_was()
    cookies.set_login(response, token, LIFE)
    return response


def clear_login_cookie(response: Response) -> Response:
    """Have this browser forget everything."""
    _forget_what_was()
    cookies.drop_login(response)
    return response


def _forget_what_was() -> None:
    forms.clear()
    g.private = True
    # Its cookie would be set again with this answer, where its use was noted just now.
    g.pop("renewed", None)


def all_of(session: Session, account_id: str) -> Sequence[Login]:
    """Return where an account is logged in, the last used first."""
    query = select(Login).where(Login.account_id == account_id, Login.expires_at > now())
    return session.scalars(query.order_by(Login.seen_at.desc(), Login.id)).all()


def end_this(session: Session) -> None:
    """Log this browser out, whoever was logged in."""
    if token := cookies.login_token():
        session.execute(delete(Login).where(Login.digest == digest(token)))


def end(session: Session, account_id: str, login_id: str) -> bool:
    """Log one browser of an account out; False where it has no such one."""
    query = delete(Login).where(Login.id == login_id, Login.account_id == account_id).returning(Login.id)
    ended = bool(session.execute(query).all())
    if ended:
        audit.note(session, account_id, "login.end", account_id)
    return ended


def end_all(session: Session, account_id: str, but: str | None = None) -> None:
    """Log an account out everywhere, or everywhere else than in `but`."""
    session.execute(delete(Login).where(Login.account_id == account_id, Login.id != (but or "")))
    audit.note(session, account_id, "login.end_all", account_id)


def end_tokens(session: Session, account_id: str) -> None:
    """End all API tokens of an account, and the address of its feed."""
    session.execute(delete(ApiToken).where(ApiToken.account_id == account_id))
    audit.note(session, account_id, "token.end_all", account_id)
