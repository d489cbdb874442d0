"""The private Atom feed: an address that only its owner knows, for feed readers, which cannot log in.

Its secret is an API token that can do nothing else: `feed` is no scope that a route of the API asks for, and no other
token opens the feed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts.audit import note
from accounts.base import now
from accounts.login.models import Account
from accounts.secrets import digest, new_token
from accounts.tokens.models import ApiToken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

SCOPE = "feed"
NAME = "Private Atom feed"
PREFIX = "psf_"


def new_address(session: Session, account_id: str) -> str:
    """Return the secret of a new address; the one before no longer works."""
    session.get_one(Account, account_id, with_for_update=True)
    drop_address(session, account_id)
    secret = new_token(PREFIX)
    session.add(ApiToken(account_id=account_id, digest=digest(secret), name=NAME, scopes=[SCOPE]))
    note(session, account_id, "feed.address", account_id)
    return secret


def drop_address(session: Session, account_id: str) -> bool:
    """Let no address open the feed. Tells whether one did."""
    found = _addresses(session, account_id)
    for token in found:
        session.delete(token)
    if found:
        note(session, account_id, "feed.close", account_id)
    return bool(found)


def has_address(session: Session, account_id: str) -> bool:
    """Return whether the feed has an address."""
    return bool(_addresses(session, account_id))


def account_of(session: Session, secret: str) -> str | None:
    """Return the account whose feed this secret opens; None for no secret, and for suspended accounts."""
    query = select(ApiToken, Account).join(ApiToken.account).where(ApiToken.digest == digest(secret))
    row = session.execute(query.where(Account.suspended_at.is_(None))).one_or_none()
    if row is None or row[0].scopes != [SCOPE] or (row[0].expires_at and row[0].expires_at <= now()):
        return None
    return str(row[0].account_id)


def _addresses(session: Session, account_id: str) -> Sequence[ApiToken]:
    own = session.scalars(select(ApiToken).where(ApiToken.account_id == account_id)).all()
    return [token for token in own if token.scopes == [SCOPE]]
