"""What the owner of a profile states: about themselves, and which works are theirs. In the caller's transaction."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.lifecycle import claim_of
from accounts.claims.models import OwnProfile, WorkStatement
from accounts.outbox import enqueue
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session

    from accounts.claims.models import Claim

#: The fields that an owner may set.
SETTABLE = ("preferred_name", "affiliation", "bio", "links", "open_to_collaborate")
#: Statements that an owner may make: the longest record in 97,000 works has 500 works.
MAX_STATEMENTS = 2_000


def require_claim(session: Session, account_id: str, *, lock: bool = False) -> Claim:
    """Return the verified claim of an account. Raises Problem (409) if it has none.

    `lock` keeps the claim from ending before the transaction does.
    """
    claim = claim_of(session, account_id, lock=lock)
    if claim is None:
        raise Problem(HTTPStatus.CONFLICT, "You don't have a verified profile. Claim yours first.")
    return claim


def profile_of(session: Session, claim_id: str) -> OwnProfile:
    """Return the owner's profile, or an empty one that is not stored."""
    empty = OwnProfile(claim_id=claim_id, links=[], open_to_collaborate=False)
    return session.get(OwnProfile, claim_id) or empty


def update_profile(session: Session, account_id: str, changes: Mapping[str, Any]) -> OwnProfile:
    """Set the fields that `changes` names; an empty text clears one. Raises Problem (409) for no owner."""
    claim = require_claim(session, account_id, lock=True)
    profile = profile_of(session, claim.id)
    values = {name: value or (None if isinstance(value, str) else value) for name, value in changes.items()}
    changed = sorted(name for name in SETTABLE if name in values and getattr(profile, name) != values[name])
    if changed:
        for name in changed:
            setattr(profile, name, values[name])
        session.add(profile)
        # Without the values: the log outlives the account.
        note(session, account_id, "profile.change", claim.researcher_id, fields=changed)
        enqueue(session, claim.researcher_id)
    return profile


def set_statement(
    session: Session, account_id: str, work_id: str, *, is_mine: bool, ids: Iterable[str] = ()
) -> WorkStatement:
    """State that a work is the owner's, or not. Raises Problem (409) for no owner or too many statements.

    `ids` are all ids of the work: an earlier statement may name one that has been merged.
    """
    claim = require_claim(session, account_id, lock=True)
    statement = _only_statement(session, claim, work_id, ids)
    if statement is None:
        count = session.scalar(select(func.count()).where(WorkStatement.claim_id == claim.id)) or 0
        if count >= MAX_STATEMENTS:
            raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {count:,} statements.")
        statement = WorkStatement(claim_id=claim.id, work_id=work_id, is_mine=is_mine)
        session.add(statement)
    elif statement.is_mine == is_mine:
        return statement
    statement.is_mine, statement.created_at = is_mine, now()
    note(session, account_id, "work.mine" if is_mine else "work.not_mine", work_id, researcher=claim.researcher_id)
    enqueue(session, claim.researcher_id)
    return statement


def delete_statement(session: Session, account_id: str, work_id: str, ids: Iterable[str] = ()) -> bool:
    """Delete a statement about a work with any of its ids; returns whether there was one.

    Raises Problem (409) for no owner.
    """
    claim = require_claim(session, account_id, lock=True)
    statement = _only_statement(session, claim, work_id, ids)
    if statement is None:
        return False
    session.delete(statement)
    note(session, account_id, "work.unsay", work_id, researcher=claim.researcher_id)
    enqueue(session, claim.researcher_id)
    return True


def statements_of(session: Session, claim_id: str) -> list[WorkStatement]:
    """Return all statements of an owner, newest first."""
    statements = select(WorkStatement).where(WorkStatement.claim_id == claim_id)
    return list(session.scalars(statements.order_by(WorkStatement.created_at.desc(), WorkStatement.work_id)))


def _only_statement(session: Session, claim: Claim, work_id: str, ids: Iterable[str]) -> WorkStatement | None:
    """Return the last statement about a work, with its current id; those with ids that were merged are deleted."""
    named = sorted({work_id, *ids})
    query = select(WorkStatement).where(WorkStatement.claim_id == claim.id, WorkStatement.work_id.in_(named))
    statements = session.scalars(query.order_by(WorkStatement.created_at.desc())).all()
    statement = next(iter(statements), None)
    for other in statements[1:]:
        session.delete(other)
    if statement and statement.work_id != work_id:
        # Deleted first: the id is unique.
        session.flush()
        statement.work_id = work_id
    return statement
