"""Follows in the database. The same request twice changes nothing more."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts.audit import note
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.outbox import enqueue
from accounts.secrets import digest
from accounts.texts import is_id
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

    from accounts.follows.targets import Target

KINDS = ("researcher", "topic", "search")
#: Things that one account follows, and searches among them. The feed asks for all of them in one query, in which
#: OpenSearch takes 1,024 clauses: two for each thing, and up to `searches.MAX_CLAUSES` for a search.
MAX_FOLLOWS = 250
MAX_SEARCHES = 10


def follow(session: Session, account_id: str, target: Target) -> Follow:
    """Follow something, or give the follow that is there. Raises Problem (409) at the limit."""
    if found := followed(session, account_id, target.kind, target.id):
        return found
    _check_limits(session, account_id, target.kind)
    made = Follow(account_id=account_id, kind=target.kind, target=target.id, label=target.label)
    session.add(made)
    session.flush()
    note(session, account_id, "follow.add", _named(made))
    _tell_index(session, made)
    return made


def unfollow(session: Session, account_id: str, kind: str, target: str) -> bool:
    """Follow it no more; a search may be named by the follow's id too. Tells whether there was anything to end."""
    found = followed(session, account_id, kind, target)
    if found is None and is_id(target) and kind == "search":
        found = session.scalars(_own(account_id, kind).where(Follow.id == target)).one_or_none()
    if found is None:
        return False
    session.delete(found)
    note(session, account_id, "follow.remove", _named(found))
    _tell_index(session, found)
    return True


def followed(session: Session, account_id: str, kind: str, target: str) -> Follow | None:
    """Return an account's follow of this very thing."""
    return session.scalars(_own(account_id, kind).where(Follow.target_digest == digest(target))).one_or_none()


def follows_of(session: Session, account_id: str, kind: str | None = None) -> Sequence[Follow]:
    """Return what an account follows, the latest first."""
    return session.scalars(_own(account_id, kind).order_by(Follow.created_at.desc(), Follow.id)).all()


def _own(account_id: str, kind: str | None) -> Select[Follow]:
    own = select(Follow).where(Follow.account_id == account_id)
    return own.where(Follow.kind == kind) if kind else own


def _check_limits(session: Session, account_id: str, kind: str) -> None:
    # The account's row is the lock: two requests at once would both find room.
    session.get_one(Account, account_id, with_for_update=True)
    so_far = [one.kind for one in follows_of(session, account_id)]
    if len(so_far) >= MAX_FOLLOWS:
        raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {MAX_FOLLOWS} follows.")
    if kind == "search" and so_far.count("search") >= MAX_SEARCHES:
        raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {MAX_SEARCHES} followed searches.")


def _named(one: Follow) -> str:
    """Name it in the audit log, which outlives the account: what somebody looks for is their own business."""
    return f"{one.kind}:{one.id if one.kind == 'search' else one.target}"


def _tell_index(session: Session, changed: Follow) -> None:
    if changed.kind == "researcher":
        enqueue(session, changed.target)
