"""When two records turn out to be one person's: claims and follows of the id that is gone go to the one that holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from search_api.accounts.audit import note
from search_api.accounts.models import Claim, Follow
from search_api.accounts.outbox import touch

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: What a claim is told that lost its place to another one.
JOINED = "Two claimed records turned out to be one person's; an admin has to decide between the claims."


def move(session: Session, old: str, new: str) -> None:
    """Move all that hangs on a merged researcher. Of two owners one stays: see `_precedence`; the other is pending."""
    claims = list(session.scalars(select(Claim).where(Claim.researcher_id == old)))
    for claim in claims:
        _give_way(session, claim, new)
        claim.researcher_id = new
        session.flush()
        if claim.status in {"pending", "verified"}:
            note(session, None, "claim.move", new, claim=claim.id, before=old, status=claim.status)
    follows = list(session.scalars(select(Follow).where(Follow.kind == "researcher", Follow.target == old)))
    both = set(
        session.scalars(select(Follow.account_id).where(Follow.kind == "researcher", Follow.target == new)).all()
    )
    for follow in follows:
        if follow.account_id in both:
            session.delete(follow)
        else:
            follow.target = new
    if claims or follows:
        touch(session, new)


def _give_way(session: Session, claim: Claim, new: str) -> None:
    """Make one of two verified claims pending: a record has one owner."""
    if claim.status != "verified":
        return
    verified = select(Claim).where(Claim.researcher_id == new, Claim.status == "verified")
    other = session.scalars(verified).one_or_none()
    if other is None:
        return
    loser = max(claim, other, key=_precedence)
    loser.status, loser.proof, loser.reason = "pending", None, JOINED
    session.flush()
    note(session, None, "claim.dispute", new, claim=loser.id, winner=min(claim, other, key=_precedence).id)


def _precedence(claim: Claim) -> tuple[bool, str, str]:
    """Order claims: one proven by ORCID iD first, then the one that was verified first."""
    return claim.proof != "orcid", claim.decided_at.isoformat() if claim.decided_at else "", claim.id
