"""Tables of invitations, their messages, and blocks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.base import Base, new_id, now, owner_column
from accounts.login.models import Account

#: Values of `purpose`, with their labels.
PURPOSES = {
    "joint work": "Joint work",
    "review": "Review or comments",
    "dataset": "Data or code",
    "talk": "Talk",
    "student": "Student or visit",
    "other": "Something else",
}


class Invitation(Base):
    """An invitation to collaborate from the owner of one profile to the owner of another; accepted, a conversation.

    `sender_read_at` and `recipient_read_at` are the times up to which each side has read. When an account is deleted,
    its side becomes null and the other side keeps the conversation.
    """

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    sender_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    recipient_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    sender_researcher_id: Mapped[str]
    recipient_researcher_id: Mapped[str]
    purpose: Mapped[str]
    works: Mapped[list[str]] = mapped_column(default=list)
    """Ids of related works."""
    message: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    created_at: Mapped[datetime] = mapped_column(default=now)
    answered_at: Mapped[datetime | None]
    sender_read_at: Mapped[datetime | None]
    recipient_read_at: Mapped[datetime | None]

    sender: Mapped[Account | None] = relationship(foreign_keys=[sender_id])
    recipient: Mapped[Account | None] = relationship(foreign_keys=[recipient_id])

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'accepted', 'declined', 'withdrawn')", "status"),
        Index(
            "uq_invitation_pending",
            "sender_id",
            "recipient_id",
            unique=True,
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )


class Message(Base):
    """A message of a conversation. `key` is the sender's idempotency key: a message sent twice is stored once."""

    __tablename__ = "message"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    sender_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    key: Mapped[str]
    body: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "invitation_id", "key", unique=True),)


class Block(Base):
    """An account blocks another, and any later account that owns the same profile.

    When the blocked account is deleted, `blocked_id` becomes null and `blocked_researcher_id` stays.
    """

    __tablename__ = "block"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = owner_column(index=False)
    blocked_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    blocked_researcher_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    blocked: Mapped[Account | None] = relationship(foreign_keys=[blocked_id])

    __table_args__ = (Index(None, "account_id", "blocked_id", unique=True),)
