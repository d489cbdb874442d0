"""Table of corrections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, new_id, now

#: Kinds of problems, with their labels.
KINDS = {
    "not_this_person": "These works are by someone else",
    "two_people": "This is two people",
    "duplicate_of": "This is the same person as another record",
    "name": "The name is wrong",
    "affiliation": "The affiliation is wrong",
}
STATUSES = ("pending", "accepted", "rejected")


class Correction(Base):
    """A problem with the record of a researcher, reported by an account, for an administrator to decide on.

    An accepted one is a decision about identity, or about what the profile shows. A decision can be reversed.
    """

    __tablename__ = "correction"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    reporter_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"), index=True)
    researcher_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    works: Mapped[list[str]] = mapped_column(default=list)
    mentions: Mapped[list[str]] = mapped_column(default=list)
    """The authorships of the researcher in these works, as `WORK_ID#POSITION`."""
    other: Mapped[str | None]
    """The other record, of a duplicate."""
    value: Mapped[str | None]
    """The right name or affiliation."""
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    note: Mapped[str | None]
    """Reason of the decision."""
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("status IN ('pending', 'accepted', 'rejected')", "status"),
        CheckConstraint("kind IN ('not_this_person', 'two_people', 'duplicate_of', 'name', 'affiliation')", "kind"),
        Index(None, "status", "created_at"),
    )
