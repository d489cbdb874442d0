"""What is between two accounts: whose an invitation is, who is the other side, and how it ends."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from accounts.base import now
from accounts.invitations.models import Invitation
from accounts.login.models import Account
from accounts.texts import is_id
from search_api.http.errors import not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session


def key_id(account_id: str, key: str) -> str:
    """Return the id of what an account names by a key: nobody else can tell it, or take it up."""
    return hashlib.sha256(f"{account_id}:{key}".encode()).hexdigest()[:32]


def own(session: Session, account_id: str, invitation_id: str, *, lock: bool = False) -> Invitation:
    """Return an invitation to or from this account. Raises Problem (404), for those of others too.

    With `lock` no other request changes it until the transaction ends: of an acceptance and a withdrawal at the same
    moment, the second finds what the first did.
    """
    found = session.get(Invitation, invitation_id, with_for_update=lock or None) if is_id(invitation_id) else None
    if found is None or account_id not in (found.sender_id, found.recipient_id):
        raise not_found("invitation of yours", invitation_id)
    return found


def other_side(invitation: Invitation, account_id: str) -> str | None:
    """Return the other account; None where it is gone."""
    return invitation.recipient_id if invitation.sender_id == account_id else invitation.sender_id


def other_profile(invitation: Invitation, account_id: str) -> str:
    """Return the profile that the other side owned when the invitation was sent."""
    is_sender = invitation.sender_id == account_id
    return invitation.recipient_researcher_id if is_sender else invitation.sender_researcher_id


def lock(session: Session, *account_ids: str) -> None:
    """Have whoever does something between these accounts wait until the transaction ends. Always in the same order."""
    wanted = select(Account.id).where(Account.id.in_(account_ids)).order_by(Account.id)
    session.execute(wanted.with_for_update())


def all_between(session: Session, one: str, other: str, profile: str | None = None) -> Sequence[Invitation]:
    """Return every invitation between two accounts, the latest first.

    With `profile`, also those of a deleted account that owned it: who comes back is whom the other has refused.
    """
    sent, received = Invitation.sender_id == one, Invitation.recipient_id == one
    if profile:
        sent = or_(sent, and_(Invitation.sender_id.is_(None), Invitation.sender_researcher_id == profile))
        gone = and_(Invitation.recipient_id.is_(None), Invitation.recipient_researcher_id == profile)
        received = or_(received, gone)
    there, back = and_(sent, Invitation.recipient_id == other), and_(Invitation.sender_id == other, received)
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
    """Return the account that refused or left; None while it is open, and for what was withdrawn without an answer."""
    if invitation.status == "declined":
        return invitation.recipient_id
    return invitation.sender_id if invitation.status == "withdrawn" and invitation.answered_at else None
