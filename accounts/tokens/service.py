"""Creating, listing and revoking API tokens. A token has no permission that its creator lacks."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from accounts import audit
from accounts.base import now
from accounts.login.models import ApiToken
from accounts.login.service import confirm_password
from accounts.resources import database
from accounts.secrets import digest, new_token
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from accounts.actors import Actor

#: Lets programs that scan for leaked secrets recognize a token.
PREFIX = "psk_"
MAX_TOKENS = 50
#: Scopes as powerful as a log-in: a browser that was left open must not suffice to create a token with them.
NEED_PASSWORD = {"account", "admin"}


def create(
    actor: Actor, name: str, scopes: list[str], days: int | None, current_password: str = ""
) -> tuple[ApiToken, str]:
    """Create a token; return its row and the token itself.

    A browser needs the current password for scopes in `NEED_PASSWORD`.

    Raises Problem: 403 for scopes that the actor lacks or a wrong password, 409 for too many tokens.
    """
    if lacking := sorted(scope for scope in scopes if not actor.may(scope)):
        raise Problem(HTTPStatus.FORBIDDEN, f"A token cannot grant scopes it does not have: {', '.join(lacking)}.")
    if "admin" in scopes and not actor.is_admin:
        raise Problem(HTTPStatus.FORBIDDEN, "Only administrators can create tokens with the scope admin.")
    if actor.scopes is None and NEED_PASSWORD & set(scopes):
        confirm_password(actor.account_id, current_password)
    with database().begin() as session:
        return _create(session, actor, name, scopes, days)


def _create(session: Session, actor: Actor, name: str, scopes: list[str], days: int | None) -> tuple[ApiToken, str]:
    count = select(func.count()).select_from(ApiToken).where(ApiToken.account_id == actor.account_id)
    if session.scalars(count).one() >= MAX_TOKENS:
        raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {MAX_TOKENS} tokens. Revoke one first.")
    token = new_token(PREFIX)
    ends = now() + timedelta(days=days) if days else None
    row = ApiToken(
        account_id=actor.account_id, digest=digest(token), name=name, scopes=sorted(set(scopes)), expires_at=ends
    )
    session.add(row)
    session.flush()
    audit.note(session, actor.account_id, "token.create", row.id, scopes=row.scopes)
    return row, token


def tokens_of(session: Session, account_id: str) -> Sequence[ApiToken]:
    """Return the tokens of an account, newest first."""
    query = select(ApiToken).where(ApiToken.account_id == account_id)
    return session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id)).all()


def revoke(session: Session, account_id: str, id_: str) -> None:
    """Revoke a token. Raises Problem (404) if the account has no such token."""
    row = session.get(ApiToken, id_)
    if row is None or row.account_id != account_id:
        raise not_found("token", id_)
    session.delete(row)
    audit.note(session, account_id, "token.end", id_)
