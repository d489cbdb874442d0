"""A researcher's state: claim, followers and the owner's profile, always computed completely from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from accounts.claims.institution_emails import is_proven
from accounts.claims.lifecycle import OPEN, owner_of
from accounts.claims.models import Claim
from accounts.claims.profile import profile_of, statements_of
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.outbox import enqueue
from mappings import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from mappings.documents import PersonState, ResearcherState


def state_of(session: Session, researcher_id: str, institution_ids: Iterable[str]) -> ResearcherState:
    """Return a researcher's state; suspended accounts do not count. `institution_ids` are those of the record.

    The verification level is 2 with a pending claim, 3 with a verified one, and 4 with a verified one and a proven
    e-mail address at one of the institutions.
    """
    followers = _followers(session, researcher_id)
    claim = owner_of(session, researcher_id)
    if claim is None:
        level = 1 + _is_claimed(session, researcher_id)
        return {**DEFAULT_STATE, "verification_level": level, "followers_count": followers}
    profile = profile_of(session, claim.id)
    return {
        "verification_level": 3 + is_proven(session, claim.account_id, institution_ids),
        "claimed": True,
        "followers_count": followers,
        "open_to_collaborate": profile.open_to_collaborate,
        # Every key each time, because a partial update would keep an earlier value of a missing one.
        "owner": {
            "proof": claim.proof,
            "name": profile.preferred_name,
            "affiliation": profile.affiliation,
            "bio": profile.bio,
            "links": profile.links,
        },
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
