"""Table of the indices that are up to date."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, now


class Synced(Base):
    """The researcher index that agrees with this database; when the alias moves, all states are written again."""

    __tablename__ = "synced"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    index: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)
