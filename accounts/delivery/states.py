"""A researcher's state: claim, followers and the owner's profile, always computed completely from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from accounts.claims.institution_emails import email_proven_at
from accounts.claims.lifecycle import OPEN, owner_of
from accounts.claims.models import Claim
from accounts.claims.profile import profile_of, statements_of
from accounts.corrections.models import Correction
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.outbox import enqueue
from mappings import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from mappings.documents import Corrected, PersonState, ResearcherState


def state_of(session: Session, researcher_id: str, institution_ids: Iterable[str]) -> ResearcherState:
    """Return a researcher's state; suspended accounts do not count. `institution_ids` are those of the record.

    The verification level is 2 with a pending claim, 3 with a verified one, and 4 with a verified one and a proven
    e-mail address at one of the institutions.
    """
    followers = _followers(session, researcher_id)
    claim = owner_of(session, researcher_id)
    if claim is None:
        level = 1 + _is_claimed(session, researcher_id)
        corrected = _corrected(session, researcher_id, None)
        return {**DEFAULT_STATE, "verification_level": level, "followers_count": followers, "corrected": corrected}
    profile = profile_of(session, claim.id)
    proven_at = email_proven_at(session, claim.account_id, institution_ids)
    return {
        "verification_level": 3 if proven_at is None else 4,
        "claimed": True,
        "followers_count": followers,
        "open_to_collaborate": profile.open_to_collaborate,
        # Every key each time, because a partial update would keep an earlier value of a missing one.
        "owner": {
            "proof": claim.proof,
            "proven_at": claim.decided_at.isoformat() if claim.decided_at else None,
            "email_proven_at": proven_at.isoformat() if proven_at else None,
            "name": profile.preferred_name,
            "affiliation": profile.affiliation,
            "bio": profile.bio,
            "links": profile.links,
        },
        "corrected": _corrected(session, researcher_id, claim),
    }


def kept_state(session: Session, researcher_id: str, state: ResearcherState) -> PersonState | None:
    """Return the document of the people index, which outlives generations: the state and the owner's statements.

    Returns None for `DEFAULT_STATE`.
    """
    if state == DEFAULT_STATE:
        return None
    claim = owner_of(session, researcher_id)
    statements = statements_of(session, claim.id) if claim else []
    return {
        "researcher_id": researcher_id,
        **state,
        "statements": [
            {"work_id": statement.work_id, "is_mine": statement.is_mine, "at": statement.created_at.isoformat()}
            for statement in statements
        ],
    }


def _corrected(session: Session, researcher_id: str, claim: Claim | None) -> Corrected | None:
    """Return what accepted corrections and the owner's statements change on a profile; None for nothing.

    Of several names or affiliations the last decision holds.
    """
    query = select(Correction).where(Correction.researcher_id == researcher_id, Correction.status == "accepted")
    corrections = session.scalars(query.order_by(Correction.decided_at, Correction.id)).all()
    values = {correction.kind: correction.value for correction in corrections}
    removed = [id_ for each in corrections if each.kind in {"not_this_person", "two_people"} for id_ in each.works]
    statements = statements_of(session, claim.id) if claim else []
    added = {statement.work_id for statement in statements if statement.is_mine}
    removed += [statement.work_id for statement in statements if not statement.is_mine]
    result: Corrected = {
        "name": values.get("name"),
        "affiliation": values.get("affiliation"),
        "works_added": sorted(added - set(removed)),
        "works_removed": sorted(set(removed)),
    }
    return result if any(result.values()) else None


def enqueue_account(session: Session, account_id: str) -> None:
    """Enqueue every researcher whose state depends on an account: those it claims or follows.

    To be called when an account is suspended or restored, gets another ORCID iD, and before it is deleted.
    """
    claimed = select(Claim.researcher_id).where(Claim.account_id == account_id, Claim.status.in_(OPEN))
    followed = select(Follow.target).where(Follow.account_id == account_id, Follow.kind == "researcher")
    for researcher_id in sorted({*session.scalars(claimed), *session.scalars(followed)}):
        enqueue(session, researcher_id)


def _followers(session: Session, researcher_id: str) -> int:
    followers = (
        select(func.count())
        .select_from(Follow)
        .join(Account, Account.id == Follow.account_id)
        .where(Follow.kind == "researcher", Follow.target == researcher_id, Account.suspended_at.is_(None))
    )
    return session.scalar(followers) or 0


def _is_claimed(session: Session, researcher_id: str) -> bool:
    pending = (
        select(Claim.id)
        .join(Claim.account)
        .where(Claim.researcher_id == researcher_id, Claim.status == "pending", Account.suspended_at.is_(None))
    )
    return session.scalars(pending.limit(1)).one_or_none() is not None
