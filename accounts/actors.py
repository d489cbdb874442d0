"""The actor of a request: the account of a logged-in browser (by its cookie), or of a program (by its API token).

A request with an `Authorization` header is authenticated by that alone, whatever its cookies are. Tokens authenticate
requests to the API only: the forms of pages check no scopes, so a token would be as powerful as a log-in there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import current_app, g, has_request_context, request
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from accounts.base import now
from accounts.cookies import LIFE, login_token
from accounts.csrf import API
from accounts.login.models import Account, ApiToken, Login
from accounts.resources import database
from accounts.secrets import digest
from search_api.http.errors import Problem, unavailable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: Scopes of API tokens.
SCOPES = {
    "read": "Read your account, follows and feed",
    "follow": "Follow and unfollow",
    "claim": "Claim and edit your profile",
    "collaborate": "Read, answer and send invitations and messages",
    "account": "Manage your account, tokens and sessions; export and delete your data",
    "admin": "Administrator actions, if you are an administrator",
}
#: How often the use of a log-in or token is recorded.
RECORDED = timedelta(hours=1)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Peerscope"'}


class LoginRequired(Problem):
    """A request without an actor where one is required (401)."""


@dataclass(frozen=True)
class Actor:
    """The account that sends a request. `scopes` is None for a logged-in browser, which has all permissions."""

    account_id: str
    name: str
    is_admin: bool
    scopes: frozenset[str] | None
    login_id: str | None = None
    is_suspended: bool = False

    def may(self, scope: str) -> bool:
        """Return whether the request has a scope."""
        return self.scopes is None or scope in self.scopes


def current_actor() -> Actor | None:
    """Return the actor of this request, looked up once; None without one, or while the database is unavailable.

    With an actor, the response is private to them and marked so for caches.
    """
    if not has_request_context():
        return None
    if "actor" not in g:
        g.actor = None
        try:
            g.actor = _find()
        except (SQLAlchemyError, OSError, ValueError):  # the last from a damaged row
            g.accounts_unavailable = True
            current_app.logger.exception("the accounts database failed; the request has no actor")
        g.private = g.get("private", False) or g.actor is not None
    actor: Actor | None = g.actor
    return actor


def require_scope(scope: str) -> Actor:
    """Return the actor of this request. Raises Problem.

    The status is 401 without an actor; 403 for a suspended account, a token without the scope, and, where the scope is
    `admin`, for an account that is no administrator. It is 503 while the database is unavailable.
    """
    g.private = True
    actor = current_actor()
    if g.get("accounts_unavailable"):
        raise unavailable("Accounts are temporarily unavailable.")
    if actor is None:
        raise LoginRequired(HTTPStatus.UNAUTHORIZED, _missing(), headers=CHALLENGE)
    if actor.is_suspended:
        raise Problem(HTTPStatus.FORBIDDEN, "This account is suspended.")
    if not actor.may(scope):
        raise Problem(HTTPStatus.FORBIDDEN, f"The token does not have the scope {scope!r}.")
    if scope == "admin" and not actor.is_admin:
        raise Problem(HTTPStatus.FORBIDDEN, "Only administrators can do this.")
    return actor


def _missing() -> str:
    if "Authorization" not in request.headers:
        return "Authentication required."
    return (
        "The token is invalid or has expired."
        if request.path.startswith(API)
        else "Tokens do not work on pages. Log in instead."
    )


def _find() -> Actor | None:
    header = request.headers.get("Authorization")
    if header is not None:
        if not request.path.startswith(API):
            return None
        kind, _, token = header.partition(" ")
        return _by_token(token.strip()) if kind.lower() == "bearer" and token else None
    cookie = login_token()
    return _by_login(cookie) if cookie else None


def _by_login(token: str) -> Actor | None:
    moment = now()
    with database().read() as session:
        query = select(Login, Account).join(Login.account).where(Login.digest == digest(token))
        row = session.execute(query.where(Login.expires_at > moment)).one_or_none()
    if row is None:
        return None
    login, account = row
    if moment - login.seen_at > RECORDED:
        with database().begin() as session:
            used = update(Login).where(Login.id == login.id)
            session.execute(used.values(seen_at=moment, expires_at=moment + LIFE))
        g.renewed = token
    return _actor(account, None, login.id)


def _by_token(token: str) -> Actor | None:
    moment = now()
    with database().read() as session:
        query = select(ApiToken, Account).join(ApiToken.account).where(ApiToken.digest == digest(token))
        row = session.execute(query).one_or_none()
    if row is None or (row[0].expires_at and row[0].expires_at <= moment):
        return None
    api_token, account = row
    if api_token.used_at is None or moment - api_token.used_at > RECORDED:
        with database().begin() as session:
            _record_use(session, api_token.id, moment)
    return _actor(account, frozenset(api_token.scopes))


def _record_use(session: Session, id_: str, moment: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == id_).values(used_at=moment))


def _actor(account: Account, scopes: frozenset[str] | None, login_id: str | None = None) -> Actor:
    return Actor(
        account.id, account.name, account.is_admin, scopes, login_id, is_suspended=account.suspended_at is not None
    )
