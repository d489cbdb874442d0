"""Who asks: by the cookie of a browser that is logged in, or by an API token. Everything that needs to know asks here.

A request that brings `Authorization` is judged by that alone, whatever its cookies say. Tokens are for the API: outside
of it they stand for nobody, since a page's forms know no scopes, and would make a log-in of any token.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import current_app, g, has_request_context, request
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from accounts.base import now
from accounts.cookies import login_token
from accounts.csrf import API
from accounts.login.models import Account, Login
from accounts.resources import database
from accounts.secrets import digest
from accounts.tokens.models import ApiToken
from search_api.http.errors import Problem, unavailable

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: What an API token may be allowed to do.
SCOPES = {
    "read": "Read your account, follows and feed",
    "follow": "Follow and unfollow",
    "claim": "Claim and edit your profile",
    "collaborate": "Read, answer and send invitations and messages",
    "account": "Manage your account, tokens and sessions; export and delete your data",
    "admin": "Administrator actions, if you are an administrator",
}
#: How long a log-in lasts after it was last used, and how often its use is noted.
LIFE = timedelta(days=30)
NOTED = timedelta(hours=1)
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Peerscope"'}


class LoginRequired(Problem):
    """A request without an actor where one is required (401)."""


@dataclass(frozen=True)
class Actor:
    """An account that asks. `scopes` None: a browser that is logged in, which may do all that its account may."""

    account_id: str
    name: str
    is_admin: bool
    scopes: frozenset[str] | None
    login_id: str | None = None
    is_suspended: bool = False

    def may(self, scope: str) -> bool:
        """Return whether the request carries this scope."""
        return self.scopes is None or scope in self.scopes


def current_actor() -> Actor | None:
    """Return the account behind this request, looked up once; None for nobody, or while the database is away.

    Then the answer is this reader's own, and says so to caches.
    """
    if not has_request_context():
        return None
    if "actor" not in g:
        g.actor = None
        try:
            g.actor = _found()
        except OperationalError:
            g.accounts_away = True
            current_app.logger.exception("the database of accounts does not answer; the reader counts as nobody")
        g.private = g.get("private", False) or g.actor is not None
    actor: Actor | None = g.actor
    return actor


def require_scope(scope: str) -> Actor:
    """Return who asks. Raises Problem: 401 for nobody, 403 for a suspended account or a token without the scope."""
    g.private = True
    actor = current_actor()
    if g.get("accounts_away"):
        raise unavailable("Accounts are temporarily unavailable.")
    if actor is None:
        raise LoginRequired(HTTPStatus.UNAUTHORIZED, _unknown(), headers=CHALLENGE)
    if actor.is_suspended:
        raise Problem(HTTPStatus.FORBIDDEN, "This account is suspended.")
    if not actor.may(scope):
        raise Problem(HTTPStatus.FORBIDDEN, f"The token does not have the scope {scope!r}.")
    if scope == "admin" and not actor.is_admin:
        raise Problem(HTTPStatus.FORBIDDEN, "Only administrators can do this.")
    return actor


def _unknown() -> str:
    if "Authorization" not in request.headers:
        return "Authentication required."
    return (
        "The token is invalid or has expired."
        if request.path.startswith(API)
        else "Tokens do not work on pages. Log in instead."
    )


def _found() -> Actor | None:
    given = request.headers.get("Authorization")
    if given is not None:
        if not request.path.startswith(API):
            return None
        kind, _, token = given.partition(" ")
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
    if moment - login.seen_at > NOTED:
        with database().begin() as session:
            noted = update(Login).where(Login.id == login.id)
            session.execute(noted.values(seen_at=moment, expires_at=moment + LIFE))
        g.renewed = token
    return _actor(account, None, login.id)


def _by_token(token: str) -> Actor | None:
    moment = now()
    with database().read() as session:
        query = select(ApiToken, Account).join(ApiToken.account).where(ApiToken.digest == digest(token))
        row = session.execute(query).one_or_none()
    if row is None or (row[0].expires_at and row[0].expires_at <= moment):
        return None
    found, account = row
    if found.used_at is None or moment - found.used_at > NOTED:
        with database().begin() as session:
            _note_use(session, found.id, moment)
    return _actor(account, frozenset(found.scopes))


def _note_use(session: Session, id_: str, moment: datetime) -> None:
    session.execute(update(ApiToken).where(ApiToken.id == id_).values(used_at=moment))


def _actor(account: Account, scopes: frozenset[str] | None, login_id: str | None = None) -> Actor:
    return Actor(
        account.id, account.name, account.is_admin, scopes, login_id, is_suspended=account.suspended_at is not None
    )
