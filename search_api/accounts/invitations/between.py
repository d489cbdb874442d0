"""What is between two accounts: whose an invitation is, who is the other side, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from search_api.accounts.models import Invitation, now
from search_api.accounts.texts import is_id
from search_api.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def own(session: Session, account_id: str, invitation_id: str, *, lock: bool = False) -> Invitation:
    """Give an invitation to or from this account. Raises Problem (404), for those of others too.

    With `lock` no other request changes it until the transaction ends: of an acceptance and a withdrawal at the same
    moment, the second finds what the first did.
    """
    found = session.get(Invitation, invitation_id, with_for_update=lock or None) if is_id(invitation_id) else None
    if found is None or account_id not in (found.sender_id, found.recipient_id):
        raise not_found("invitation of yours", invitation_id)
    return found


def other_side(invitation: Invitation, account_id: str) -> str | None:
    """Give the other account; None where it is gone."""
    return invitation.recipient_id if invitation.sender_id == account_id else invitation.sender_id


def all_between(session: Session, one: str, other: str) -> Sequence[Invitation]:
    """Give every invitation between two accounts, the latest first."""
    there = and_(Invitation.sender_id == one, Invitation.recipient_id == other)
    back = and_(Invitation.sender_id == other, Invitation.recipient_id == one)
    found = select(Invitation).where(or_(there, back)).order_by(Invitation.created_at.desc(), Invitation.id)
    return session.scalars(found).all()


def close(invitation: Invitation, by: str) -> bool:
    """End what is pending or accepted: the sender withdraws, the recipient declines. Tells whether it was open."""
    if invitation.status not in {"pending", "accepted"}:
        return False
    # Only a withdrawal that came before any answer leaves this empty.
    if invitation.recipient_id == by:
        invitation.answered_at = now()
    invitation.status = "declined" if invitation.recipient_id == by else "withdrawn"
    return True


def ended_by(invitation: Invitation) -> str | None:
    """Give the account that refused or left; None while it is open, and for what was withdrawn without an answer."""
    if invitation.status == "declined":
        return invitation.recipient_id
    return invitation.sender_id if invitation.status == "withdrawn" and invitation.answered_at else None
