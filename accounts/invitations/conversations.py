"""The inbox and the conversations of an account: lists of invitations, messages, and what is unread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, or_, select

from accounts.audit import note
from accounts.base import now
from accounts.invitations.contacts import find_own, key_id, key_was_used, other_side
from accounts.invitations.models import Invitation, Message
from accounts.login.models import Account
from accounts.notifications import mark_read as mark_notification_read
from accounts.notifications import notify
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

BOXES = ("received", "sent")
#: Messages that an account may send within a minute, in all its conversations.
MESSAGES_PER_MINUTE = 10
MINUTE = timedelta(minutes=1)

NOT_OPEN = "You can only send messages while the invitation is accepted; this one is {status}."


@dataclass(frozen=True)
class Unread:
    """The numbers of unread invitations (received ones, and acceptances of sent ones) and messages of an account."""

    invitations: int
    messages: int

    @property
    def total(self) -> int:
        """The number in the header of the pages."""
        return self.invitations + self.messages


def list_invitations(
    session: Session, account_id: str, box: str | None, offset: int, limit: int
) -> tuple[int, Sequence[Invitation]]:
    """Return the number of invitations in a box (None: both), and a page of them, newest first."""
    is_inside = _is_in_box(account_id, box)
    count = session.scalars(select(func.count()).select_from(Invitation).where(is_inside)).one()
    order = (Invitation.created_at.desc(), Invitation.id)
    page = select(Invitation).where(is_inside).order_by(*order).offset(offset).limit(limit)
    return count, session.scalars(page).all()


def count_unread(session: Session, account_id: str) -> Unread:
    """Return what an account has not read."""
    invitations = select(func.count()).select_from(Invitation).where(_is_unread_invitation(account_id))
    messages = select(func.count()).select_from(Message).join(Invitation, Invitation.id == Message.invitation_id)
    return Unread(
        session.scalars(invitations).one(),
        session.scalars(messages.where(_is_in_box(account_id, None), _is_unread_message(account_id))).one(),
    )


def unread_by_invitation(session: Session, account_id: str, ids: Sequence[str]) -> dict[str, int]:
    """Return the number of unread items of each of these invitations; those without are missing."""
    new = select(Invitation.id).where(Invitation.id.in_(ids), _is_unread_invitation(account_id))
    messages = select(Message.invitation_id, func.count()).join(Invitation, Invitation.id == Message.invitation_id)
    messages = messages.where(Invitation.id.in_(ids), _is_in_box(account_id, None), _is_unread_message(account_id))
    counts = dict.fromkeys(session.scalars(new), 1)
    for id_, count in session.execute(messages.group_by(Message.invitation_id)):
        counts[id_] = counts.get(id_, 0) + count
    return counts


def write(session: Session, account_id: str, invitation_id: str, body: str, key: str) -> Message:
    """Store a message, or return the one with this key. Raises Problem: 404, 409 if not accepted, 429 at the limit."""
    invitation = find_own(session, account_id, invitation_id, lock=True)
    message_key = key_id(account_id, key)
    query = select(Message).where(Message.invitation_id == invitation_id, Message.key == message_key)
    if existing := session.scalars(query).one_or_none():
        if existing.body != body:
            raise key_was_used("message")
        return existing
    if invitation.status != "accepted":
        raise Problem(HTTPStatus.CONFLICT, NOT_OPEN.format(status=invitation.status))
    _check_limit(session, account_id)
    message = Message(invitation_id=invitation_id, sender_id=account_id, key=message_key, body=body)
    session.add(message)
    session.flush()
    note(session, account_id, "message.send", invitation_id)
    notify(session, other_side(invitation, account_id), "message", invitation_id)
    _set_read_until(invitation, account_id, message.sent_at)
    return message


def messages_of(session: Session, account_id: str, invitation_id: str) -> Sequence[Message]:
    """Return the messages of a conversation, oldest first. Raises Problem (404) if it is not the account's."""
    find_own(session, account_id, invitation_id)
    messages = select(Message).where(Message.invitation_id == invitation_id)
    return session.scalars(messages.order_by(Message.sent_at, Message.id)).all()


def mark_read(session: Session, account_id: str, invitation_id: str, until: datetime | None = None) -> Invitation:
    """Mark a conversation as read up to a time, by default now. The time never moves back."""
    invitation = find_own(session, account_id, invitation_id, lock=True)
    mark_notification_read(session, account_id, invitation_id)
    _set_read_until(invitation, account_id, until or now())
    return invitation


def mark_displayed(session: Session, account_id: str, invitation_id: str, messages: Sequence[Message]) -> None:
    """Mark an invitation as read up to the last of the messages that are displayed with it."""
    invitation = find_own(session, account_id, invitation_id, lock=True)
    mark_notification_read(session, account_id, invitation_id)
    times = [invitation.created_at, invitation.answered_at, *(message.sent_at for message in messages)]
    _set_read_until(invitation, account_id, max(time for time in times if time))


def _set_read_until(invitation: Invitation, account_id: str, until: datetime) -> None:
    column = "sender_read_at" if invitation.sender_id == account_id else "recipient_read_at"
    before = getattr(invitation, column)
    setattr(invitation, column, max(before, until) if before else until)


def _check_limit(session: Session, account_id: str) -> None:
    session.get_one(Account, account_id, with_for_update=True)
    messages = select(func.count(), func.min(Message.sent_at)).where(Message.sender_id == account_id)
    count, first = session.execute(messages.where(Message.sent_at > now() - MINUTE)).one()
    if count >= MESSAGES_PER_MINUTE:
        wait = max(1, round((first + MINUTE - now()).total_seconds()))
        detail = f"You've reached the limit of {MESSAGES_PER_MINUTE} messages a minute. Try again shortly."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait)})


def _is_in_box(account_id: str, box: str | None) -> ColumnElement[bool]:
    sides = {"received": Invitation.recipient_id == account_id, "sent": Invitation.sender_id == account_id}
    return sides[box] if box else or_(*sides.values())


def _is_unread_invitation(account_id: str) -> ColumnElement[bool]:
    """Match received invitations that were not opened, and sent ones that were accepted since they were last read."""
    unopened = and_(Invitation.status == "pending", Invitation.recipient_read_at.is_(None))
    accepted = and_(Invitation.status == "accepted", Invitation.answered_at > Invitation.sender_read_at)
    received, sent = Invitation.recipient_id == account_id, Invitation.sender_id == account_id
    return or_(and_(received, unopened), and_(sent, accepted))


def _is_unread_message(account_id: str) -> ColumnElement[bool]:
    """Match messages of the other side that were sent later than this side has read."""
    read_at = case((Invitation.sender_id == account_id, Invitation.sender_read_at), else_=Invitation.recipient_read_at)
    by_other = or_(Message.sender_id.is_(None), Message.sender_id != account_id)
    return and_(by_other, or_(read_at.is_(None), Message.sent_at > read_at))
