"""What becomes of an invitation: accepted, declined or withdrawn. Done twice, it is done once."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from accounts.audit import note
from accounts.base import now
from accounts.invitations.between import close, own
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.invitations.models import Invitation


def accept(session: Session, account_id: str, invitation_id: str) -> Invitation:
    """Accept an invitation to oneself: it is a conversation now. Raises Problem: 404, or 409 when it has ended."""
    found = _as_recipient(session, account_id, invitation_id)
    if found.status == "accepted":
        return found
    if found.status != "pending":
        raise Problem(HTTPStatus.CONFLICT, f"This invitation is {found.status}.")
    found.status, found.answered_at = "accepted", now()
    found.recipient_read_at = found.answered_at
    note(session, account_id, "invitation.accept", found.id)
    return found


def decline(session: Session, account_id: str, invitation_id: str) -> Invitation:
    """Decline an invitation to oneself, or leave the conversation. Raises Problem (404)."""
    return _end(session, _as_recipient(session, account_id, invitation_id), account_id, "invitation.decline")


def withdraw(session: Session, account_id: str, invitation_id: str) -> Invitation:
    """Withdraw an invitation of one's own, or leave the conversation. Raises Problem (404)."""
    found = own(session, account_id, invitation_id, lock=True)
    if found.sender_id != account_id:
        raise Problem(HTTPStatus.CONFLICT, "This invitation was sent to you. Decline it instead of withdrawing it.")
    return _end(session, found, account_id, "invitation.withdraw")


def _as_recipient(session: Session, account_id: str, invitation_id: str) -> Invitation:
    found = own(session, account_id, invitation_id, lock=True)
    if found.recipient_id != account_id:
        raise Problem(
            HTTPStatus.CONFLICT, "You sent this invitation, so only the recipient can answer it. You can withdraw it."
        )
    return found


def _end(session: Session, found: Invitation, account_id: str, action: str) -> Invitation:
    if close(found, account_id):
        note(session, account_id, action, found.id)
    return found
