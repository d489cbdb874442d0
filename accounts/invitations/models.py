"""Tables of invitations, their messages, and blocks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from accounts.base import Base, new_id, now, owner_column
from accounts.login.models import Account


class Invitation(Base):
    """One account with a claimed profile invites another to work together; accepted, it is a conversation.

    `sender_read_at` and `recipient_read_at` say up to when each side has read. A side that deletes its account becomes
    null; the other keeps the conversation.
    """

    __tablename__ = "invitation"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    sender_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    recipient_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    sender_researcher_id: Mapped[str]
    recipient_researcher_id: Mapped[str]
    purpose: Mapped[str]
    works: Mapped[list[str]] = mapped_column(default=list)
    """Ids of the works that prompted it."""
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
    """One message of a conversation. `key` is the sender's own name for it: sent again, it is not kept twice."""

    __tablename__ = "message"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    sender_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    key: Mapped[str]
    body: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (Index(None, "invitation_id", "key", unique=True),)


class Block(Base):
    """An account does not want to hear of another, nor of a later account that owns the same profile.

    A blocked side that deletes its account becomes null, and `blocked_researcher_id` stays.
    """

    __tablename__ = "block"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = owner_column(index=False)
    blocked_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    blocked_researcher_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)

    blocked: Mapped[Account | None] = relationship(foreign_keys=[blocked_id])

    __table_args__ = (Index(None, "account_id", "blocked_id", unique=True),)
