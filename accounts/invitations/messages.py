"""The conversation that an accepted invitation is: messages, and up to where each side has read."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from accounts.audit import note
from accounts.base import now
from accounts.invitations.between import key_id, own
from accounts.invitations.models import Message
from accounts.login.models import Account
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from accounts.invitations.models import Invitation

#: Messages of one account within a minute, in all its conversations.
A_MINUTE = 10
MINUTE = timedelta(minutes=1)

NOT_OPEN = "You can only send messages while the invitation is accepted; this one is {status}."


def write(session: Session, account_id: str, invitation_id: str, body: str, key: str) -> Message:
    """Add a message, or give the one with this key. Raises Problem: 404, 409 when it has ended, 429 at a limit."""
    invitation = own(session, account_id, invitation_id, lock=True)
    own_key = key_id(account_id, key)
    said = select(Message).where(Message.invitation_id == invitation_id, Message.key == own_key)
    if found := session.scalars(said).one_or_none():
        if found.body != body:
            raise Problem(
                HTTPStatus.CONFLICT, "This key was already used for another message.", {"key": ["Already used."]}
            )
        return found
    if invitation.status != "accepted":
        raise Problem(HTTPStatus.CONFLICT, NOT_OPEN.format(status=invitation.status))
    _check_pace(session, account_id)
    made = Message(invitation_id=invitation_id, sender_id=account_id, key=own_key, body=body)
    session.add(made)
    session.flush()
    note(session, account_id, "message.send", invitation_id)
    _read(invitation, account_id, made.sent_at)
    return made


def messages_of(session: Session, account_id: str, invitation_id: str) -> Sequence[Message]:
    """Return a conversation from its beginning. Raises Problem (404) for one that is not the account's."""
    own(session, account_id, invitation_id)
    said = select(Message).where(Message.invitation_id == invitation_id)
    return session.scalars(said.order_by(Message.sent_at, Message.id)).all()


def read(session: Session, account_id: str, invitation_id: str, until: datetime | None = None) -> Invitation:
    """Note that the account has read up to a moment, by default all that is there. Never moves back."""
    invitation = own(session, account_id, invitation_id, lock=True)
    _read(invitation, account_id, until or now())
    return invitation


def read_shown(session: Session, account_id: str, invitation_id: str, said: Sequence[Message]) -> None:
    """Note that the account has seen the invitation with these messages."""
    invitation = own(session, account_id, invitation_id, lock=True)
    moments = [invitation.created_at, invitation.answered_at, *(one.sent_at for one in said)]
    _read(invitation, account_id, max(moment for moment in moments if moment))


def _read(invitation: Invitation, account_id: str, until: datetime) -> None:
    side = "sender_read_at" if invitation.sender_id == account_id else "recipient_read_at"
    before = getattr(invitation, side)
    setattr(invitation, side, max(before, until) if before else until)


def _check_pace(session: Session, account_id: str) -> None:
    session.get_one(Account, account_id, with_for_update=True)
    recent = select(func.count(), func.min(Message.sent_at)).where(Message.sender_id == account_id)
    said, first = session.execute(recent.where(Message.sent_at > now() - MINUTE)).one()
    if said >= A_MINUTE:
        wait = max(1, round((first + MINUTE - now()).total_seconds()))
        detail = f"You've reached the limit of {A_MINUTE} messages a minute. Try again shortly."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})
