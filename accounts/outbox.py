"""What the index has to learn of people, noted in the very transaction that changes it: nothing is lost by a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts.models import Claim, Follow, Outbox

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def touch(session: Session, researcher_id: str) -> None:
    """Note that this researcher's state has to be brought to the index, whatever it is by then."""
    session.add(Outbox(researcher_id=researcher_id))


def touch_account(session: Session, account_id: str) -> None:
    """Note every researcher whose state depends on an account: whom it claims, and whom it follows.

    To be called when an account is suspended, restored, gets another ORCID iD, and before it is deleted.
    """
    claimed = select(Claim.researcher_id).where(
        Claim.account_id == account_id, Claim.status.in_(("pending", "verified"))
    )
    followed = select(Follow.target).where(Follow.account_id == account_id, Follow.kind == "researcher")
    for researcher_id in sorted({*session.scalars(claimed), *session.scalars(followed)}):
        touch(session, researcher_id)
