"""What an account has been sent and has sent, and how much of it is new to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, or_, select

from accounts.invitations.models import Invitation, Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

BOXES = ("received", "sent")


@dataclass(frozen=True)
class Unread:
    """What an account has not seen: invitations to it, acceptances of its own, and messages."""

    invitations: int
    messages: int

    @property
    def total(self) -> int:
        """All of it, as the header shows."""
        return self.invitations + self.messages


def box(
    session: Session, account_id: str, name: str | None, offset: int, limit: int
) -> tuple[int, Sequence[Invitation]]:
    """Return how many invitations there are in a box (None: both), and some of them, the latest first."""
    inside = _inside(account_id, name)
    count = session.scalars(select(func.count()).select_from(Invitation).where(inside)).one()
    order = (Invitation.created_at.desc(), Invitation.id)
    return count, session.scalars(select(Invitation).where(inside).order_by(*order).offset(offset).limit(limit)).all()


def unread(session: Session, account_id: str) -> Unread:
    """Count what is new to an account."""
    invitations = select(func.count()).select_from(Invitation).where(_is_new(account_id))
    messages = select(func.count()).select_from(Message).join(Invitation, Invitation.id == Message.invitation_id)
    return Unread(
        session.scalars(invitations).one(),
        session.scalars(messages.where(_inside(account_id, None), _is_unread(account_id))).one(),
    )


def unread_each(session: Session, account_id: str, ids: Sequence[str]) -> dict[str, int]:
    """Return for each of these invitations how much in it is new to the account; those with nothing are left out."""
    fresh = select(Invitation.id).where(Invitation.id.in_(ids), _is_new(account_id))
    said = select(Message.invitation_id, func.count()).join(Invitation, Invitation.id == Message.invitation_id)
    said = said.where(Invitation.id.in_(ids), _inside(account_id, None), _is_unread(account_id))
    counts = dict.fromkeys(session.scalars(fresh), 1)
    for id_, count in session.execute(said.group_by(Message.invitation_id)):
        counts[id_] = counts.get(id_, 0) + count
    return counts


def _inside(account_id: str, name: str | None) -> ColumnElement[bool]:
    sides = {"received": Invitation.recipient_id == account_id, "sent": Invitation.sender_id == account_id}
    return sides[name] if name else or_(*sides.values())


def _is_new(account_id: str) -> ColumnElement[bool]:
    """Hold for invitations that were not opened, and for own ones that were accepted since they were looked at."""
    unopened = and_(Invitation.status == "pending", Invitation.recipient_read_at.is_(None))
    agreed = and_(Invitation.status == "accepted", Invitation.answered_at > Invitation.sender_read_at)
    return or_(and_(Invitation.recipient_id == account_id, unopened), and_(Invitation.sender_id == account_id, agreed))


def _is_unread(account_id: str) -> ColumnElement[bool]:
    """Hold for messages of the other side beyond what this side has read."""
    mark = case((Invitation.sender_id == account_id, Invitation.sender_read_at), else_=Invitation.recipient_read_at)
    from_other = or_(Message.sender_id.is_(None), Message.sender_id != account_id)
    return and_(from_other, or_(mark.is_(None), Message.sent_at > mark))
