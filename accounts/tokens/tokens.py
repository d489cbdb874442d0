"""Making, listing and ending tokens. A token never gives more than whoever makes it has."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from accounts import audit
from accounts.base import now
from accounts.me.account import own, prove
from accounts.secrets import digest, new_token
from accounts.tokens.models import ApiToken
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from accounts.actors import Actor

PREFIX = "psk_"
"""So that programs that look for leaked secrets know one."""
MOST = 50
#: Scopes that reach as far as a log-in: a browser that was left open is not enough to make a key to them.
ASKED = {"account", "admin"}


def make(
    session: Session, actor: Actor, name: str, scopes: list[str], days: int | None, present: str = ""
) -> tuple[ApiToken, str]:
    """Make a token and give it with its row. A browser needs the `present` password for scopes in `ASKED`.

    Raises Problem: 403 for scopes that who asks lacks or a wrong password, 409 for too many.
    """
    if lacking := sorted(scope for scope in scopes if not actor.may(scope)):
        raise Problem(HTTPStatus.FORBIDDEN, f"A token cannot grant scopes it does not have: {', '.join(lacking)}.")
    if "admin" in scopes and not actor.is_admin:
        raise Problem(HTTPStatus.FORBIDDEN, "Only administrators can create tokens with the scope admin.")
    if actor.scopes is None and ASKED & set(scopes):
        prove(own(session, actor), present)
    count = select(func.count()).select_from(ApiToken).where(ApiToken.account_id == actor.account_id)
    if session.scalars(count).one() >= MOST:
        raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {MOST} tokens. Revoke one first.")
    token = new_token(PREFIX)
    ends = now() + timedelta(days=days) if days else None
    row = ApiToken(
        account_id=actor.account_id, digest=digest(token), name=name, scopes=sorted(set(scopes)), expires_at=ends
    )
    session.add(row)
    session.flush()
    audit.note(session, actor.account_id, "token.create", row.id, scopes=row.scopes)
    return row, token


def all_of(session: Session, account_id: str) -> Sequence[ApiToken]:
    """Return an account's tokens, the newest first."""
    query = select(ApiToken).where(ApiToken.account_id == account_id)
    return session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id)).all()


def end(session: Session, account_id: str, id_: str) -> None:
    """End a token. Raises Problem (404) where the account has no such one."""
    row = session.get(ApiToken, id_)
    if row is None or row.account_id != account_id:
        raise not_found("token", id_)
    session.delete(row)
    audit.note(session, account_id, "token.end", id_)
