"""Table of reports."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, new_id, now


class Report(Base):
    """A report about what the other side of an invitation wrote, for an administrator to decide on."""

    __tablename__ = "report"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    reporter_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(default="open")
    note: Mapped[str | None]
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("status IN ('open', 'upheld', 'dismissed')", "status"),)
