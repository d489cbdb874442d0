"""When two records turn out to be one person's: claims and follows of the id that is gone go to the one that holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from accounts.audit import note
from accounts.claims.claiming import make_pending
from accounts.claims.models import Claim
from accounts.follows.models import Follow
from accounts.invitations.models import Block, Invitation
from accounts.outbox import enqueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: What a claim is told that lost its place to another one.
JOINED = "Two claimed records were merged, so an administrator will decide between the claims."


def move(session: Session, old: str, new: str, orcid: str | None = None) -> None:
    """Move all that hangs on a merged researcher to the one that holds, whose record bears `orcid`.

    Of two owners one stays: see `_precedence`; the other is pending.
    """
    claims = session.scalars(select(Claim).where(Claim.researcher_id == old).with_for_update()).all()
    for claim in claims:
        _give_way(session, claim, new, orcid)
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
    for table, column in (
        (Invitation, Invitation.sender_researcher_id),
        (Invitation, Invitation.recipient_researcher_id),
        (Block, Block.blocked_researcher_id),
    ):
        session.execute(update(table).where(column == old).values({column: new}))
    if claims or follows:
        enqueue(session, new)


def _give_way(session: Session, claim: Claim, new: str, orcid: str | None) -> None:
    """Make one of two verified claims pending: a record has one owner."""
    if claim.status != "verified":
        return
    verified = select(Claim).where(Claim.researcher_id == new, Claim.status == "verified")
    other = session.scalars(verified.with_for_update()).one_or_none()
    if other is None:
        return
    winner, loser = sorted((claim, other), key=lambda one: _precedence(one, orcid))
    make_pending(session, loser, JOINED)
    note(session, None, "claim.dispute", new, claim=loser.id, winner=winner.id)


def _precedence(claim: Claim, orcid: str | None) -> tuple[bool, str, str]:
    """Order claims: one proven by the ORCID iD that the record bears first, then the one that was verified first."""
    is_proven = claim.proof == "orcid" and orcid in {None, claim.account.orcid}
    return not is_proven, claim.decided_at.isoformat() if claim.decided_at else "", claim.id
