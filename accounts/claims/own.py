"""What the owner says: of themselves on the profile, and of works that are theirs or not."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from accounts.audit import note
from accounts.base import now
from accounts.claims.models import OwnProfile, WorkStatement
from accounts.claims.ownership import claim_of
from accounts.outbox import enqueue
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from accounts.claims.models import Claim

#: What an owner may set, and nothing else.
SETTABLE = ("preferred_name", "affiliation", "bio", "links", "open_to_collaborate")
#: Works that one owner may speak of: the longest record in 97,000 works has 500.
MAX_STATEMENTS = 2_000


def owned(session: Session, account_id: str, *, lock: bool = False) -> Claim:
    """Return the verified claim of an account. Raises Problem (409) where it has none.

    With `lock` nobody ends it before what is said here is stored with it.
    """
    found = claim_of(session, account_id, lock=lock)
    if found is None:
        raise Problem(HTTPStatus.CONFLICT, "You don't have a verified profile. Claim yours first.")
    return found


def profile_of(session: Session, claim_id: str) -> OwnProfile:
    """Return what the owner said; an empty one that is not stored where they said nothing."""
    empty = OwnProfile(claim_id=claim_id, links=[], open_to_collaborate=False)
    return session.get(OwnProfile, claim_id) or empty


def change(session: Session, account_id: str, changes: Mapping[str, Any]) -> OwnProfile:
    """Set what `changes` names, of `SETTABLE`; an empty text clears. Raises Problem (409) for who owns no profile."""
    found = owned(session, account_id, lock=True)
    said = profile_of(session, found.id)
    wanted = {name: changes[name] or (None if isinstance(changes[name], str) else changes[name]) for name in changes}
    changed = sorted(name for name in SETTABLE if name in wanted and getattr(said, name) != wanted[name])
    if changed:
        for name in changed:
            setattr(said, name, wanted[name])
        session.add(said)
        # The log says what was changed and not to what: the words are the owner's to take back.
        note(session, account_id, "profile.change", found.researcher_id, fields=changed)
        enqueue(session, found.researcher_id)
    return said


def say(session: Session, account_id: str, work_id: str, *, is_mine: bool) -> WorkStatement:
    """Say of a work that it is the owner's, or not. Raises Problem (409): no profile, or too many statements."""
    found = owned(session, account_id, lock=True)
    said = _statement(session, found, work_id)
    if said is None:
        count = session.scalar(select(func.count()).where(WorkStatement.claim_id == found.id)) or 0
        if count >= MAX_STATEMENTS:
            raise Problem(HTTPStatus.CONFLICT, f"You've reached the limit of {count:,} statements.")
        said = WorkStatement(claim_id=found.id, work_id=work_id, is_mine=is_mine)
        session.add(said)
    elif said.is_mine == is_mine:
        return said
    said.is_mine, said.created_at = is_mine, now()
    note(session, account_id, "work.mine" if is_mine else "work.not_mine", work_id, researcher=found.researcher_id)
    enqueue(session, found.researcher_id)
    return said


def unsay(session: Session, account_id: str, work_id: str) -> bool:
    """Take a statement back; tells whether there was one. Raises Problem (409) for who owns no profile."""
    found = owned(session, account_id, lock=True)
    said = _statement(session, found, work_id)
    if said is None:
        return False
    session.delete(said)
    note(session, account_id, "work.unsay", work_id, researcher=found.researcher_id)
    enqueue(session, found.researcher_id)
    return True


def statements(session: Session, claim_id: str) -> list[WorkStatement]:
    """Return all that an owner said of works, the last first."""
    said = select(WorkStatement).where(WorkStatement.claim_id == claim_id)
    return list(session.scalars(said.order_by(WorkStatement.created_at.desc(), WorkStatement.work_id)))


def _statement(session: Session, found: Claim, work_id: str) -> WorkStatement | None:
    said = select(WorkStatement).where(WorkStatement.claim_id == found.id, WorkStatement.work_id == work_id)
    return session.scalars(said).one_or_none()
