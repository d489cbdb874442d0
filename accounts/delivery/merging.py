"""Moves claims, follows, invitations and blocks from a merged researcher id to the canonical one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from accounts.audit import note
from accounts.claims.lifecycle import OPEN, make_pending, verified_claim
from accounts.claims.models import Claim
from accounts.corrections.models import Correction
from accounts.follows.models import Follow
from accounts.invitations.models import Block, Invitation
from accounts.outbox import enqueue

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: Reason shown with a claim that becomes pending because of a merge.
MERGED = "Two claimed records were merged, so an administrator will decide between the claims."
#: Reason shown with the claim of an owner whose record was merged into another one by an unknown program.
UNSIGNED = "The claimed record was merged with another one, so an administrator will review the claim."


def move(session: Session, old: str, new: str, orcid: str | None = None, *, is_signed: bool = True) -> None:
    """Move everything that refers to researcher `old` to `new`, whose record has the ORCID iD `orcid`.

    If both have an owner, one stays the owner (see `_precedence`) and the other claim becomes pending. If the redirect
    is not signed, a moved owner becomes pending too, since the redirect may be forged to take over the other record.
    """
    claims = session.scalars(select(Claim).where(Claim.researcher_id == old).with_for_update()).all()
    for claim in claims:
        if not is_signed and claim.status == "verified":
            make_pending(session, claim, UNSIGNED)
            note(session, None, "claim.doubt", new, claim=claim.id)
        _resolve_ownership(session, claim, new, orcid)
        claim.researcher_id = new
        session.flush()
        if claim.status in OPEN:
            note(session, None, "claim.move", new, claim=claim.id, before=old, status=claim.status)
    has_follows = _move_follows(session, old, new)
    for table, column in (
        (Invitation, Invitation.sender_researcher_id),
        (Invitation, Invitation.recipient_researcher_id),
        (Block, Block.blocked_researcher_id),
        (Correction, Correction.researcher_id),
        (Correction, Correction.other),
    ):
        session.execute(update(table).where(column == old).values({column: new}))
    if claims or has_follows:
        enqueue(session, new)


def _move_follows(session: Session, old: str, new: str) -> bool:
    """Move follows, and delete those of accounts that follow both; returns whether there were any."""
    follows = session.scalars(select(Follow).where(Follow.kind == "researcher", Follow.target == old)).all()
    follow_new = select(Follow.account_id).where(Follow.kind == "researcher", Follow.target == new)
    followers_of_new = set(session.scalars(follow_new))
    for follow in follows:
        if follow.account_id in followers_of_new:
            session.delete(follow)
        else:
            follow.target = new
    return bool(follows)


def _resolve_ownership(session: Session, claim: Claim, new: str, orcid: str | None) -> None:
    """Make one of two verified claims pending, since a record has one owner."""
    if claim.status != "verified":
        return
    other = verified_claim(session, new)
    if other is None:
        return
    winner, loser = sorted((claim, other), key=lambda each: _precedence(each, orcid))
    make_pending(session, loser, MERGED)
    note(session, None, "claim.dispute", new, claim=loser.id, winner=winner.id)


def _precedence(claim: Claim, orcid: str | None) -> tuple[bool, str, str]:
    """Return the sort key of a claim: proven by the ORCID iD of the record first, then verified earliest."""
    is_proven = claim.proof == "orcid" and orcid in {None, claim.account.orcid}
    return not is_proven, claim.decided_at.isoformat() if claim.decided_at else "", claim.id
