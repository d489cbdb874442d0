"""Table of follows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from accounts.base import Base, new_id, now, owner_column
from accounts.secrets import digest


class Follow(Base):
    """An account follows something with an id (`target`), or a search (`target` is its query string).

    Indices use `target_digest`, because PostgreSQL's hold at most 2,704 bytes and a search may be longer.
    """

    __tablename__ = "follow"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = owner_column(index=False)
    kind: Mapped[str]
    target: Mapped[str]
    target_digest: Mapped[str]
    label: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)

    __table_args__ = (
        CheckConstraint("kind IN ('researcher', 'topic', 'institution', 'search')", "kind"),
        Index(None, "account_id", "kind", "target_digest", unique=True),
        Index(
            "ix_follow_researcher",
            "target",
            sqlite_where=text("kind = 'researcher'"),
            postgresql_where=text("kind = 'researcher'"),
        ),
    )

    @validates("target")
    def _digest_too(self, _: str, target: str) -> str:
        self.target_digest = digest(target)
        return target
