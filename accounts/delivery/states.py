"""A researcher's state as people make it: computed from the database, whole, whenever it is brought to the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from accounts.claims.domains import is_proven
from accounts.claims.models import Claim
from accounts.claims.own import profile_of, statements
from accounts.claims.ownership import owner_of
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.outbox import enqueue
from mappings import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from mappings.documents import PersonState, ResearcherState


def state_of(session: Session, researcher_id: str, institution_ids: Iterable[str]) -> ResearcherState:
    """Return a researcher's state; `institution_ids` are the record's. Of suspended accounts nothing counts.

    The level: 2 with a claim pending, 3 with a verified one, 4 with an institution's e-mail proven besides.
    """
    followers = _followers(session, researcher_id)
    claim = owner_of(session, researcher_id)
    if claim is None:
        return {
            **DEFAULT_STATE,
            "verification_level": 1 + _is_claimed(session, researcher_id),
            "followers_count": followers,
        }
    said = profile_of(session, claim.id)
    return {
        "verification_level": 3 + is_proven(session, claim.account_id, institution_ids),
        "claimed": True,
        "followers_count": followers,
        "open_to_collaborate": said.open_to_collaborate,
        # Every part every time: a partial update leaves out nothing that the index had before.
        "owner": {
            "proof": claim.proof,
            "name": said.preferred_name,
            "affiliation": said.affiliation,
            "bio": said.bio,
            "links": said.links,
        },
    }


def kept_state(session: Session, researcher_id: str, state: ResearcherState) -> PersonState | None:
    """Return the whole document that outlives generations: the state, and what the owner said of works.

    None where there is nothing to keep.
    """
    if state == DEFAULT_STATE:
        return None
    claim = owner_of(session, researcher_id)
    said = statements(session, claim.id) if claim else []
    return {
        "researcher_id": researcher_id,
        **state,
        "statements": [
            {"work_id": one.work_id, "is_mine": one.is_mine, "at": one.created_at.isoformat()} for one in said
        ],
    }


def enqueue_account(session: Session, account_id: str) -> None:
    """Enqueue every researcher whose state depends on an account: those it claims or follows.

    To be called when an account is suspended or restored, gets another ORCID iD, and before it is deleted.
    """
    claimed = select(Claim.researcher_id).where(
        Claim.account_id == account_id, Claim.status.in_(("pending", "verified"))
    )
    followed = select(Follow.target).where(Follow.account_id == account_id, Follow.kind == "researcher")
    for researcher_id in sorted({*session.scalars(claimed), *session.scalars(followed)}):
        enqueue(session, researcher_id)


def _followers(session: Session, researcher_id: str) -> int:
    following = (
        select(func.count())
        .select_from(Follow)
        .join(Account, Account.id == Follow.account_id)
        .where(Follow.kind == "researcher", Follow.target == researcher_id, Account.suspended_at.is_(None))
    )
    return session.scalar(following) or 0


def _is_claimed(session: Session, researcher_id: str) -> bool:
    pending = (
        select(Claim.id)
        .join(Claim.account)
        .where(Claim.researcher_id == researcher_id, Claim.status == "pending", Account.suspended_at.is_(None))
    )
    return session.scalars(pending.limit(1)).one_or_none() is not None
