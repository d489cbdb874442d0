"""Transactional outbox: the researchers whose state in the index is out of date.

A row is written in the transaction that changes the state, so no crash can lose it; `accounts.delivery` reads the rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Outbox(Base):
    """A researcher whose state must be written to the index."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    researcher_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


def enqueue(session: Session, researcher_id: str) -> None:
    """Enqueue a researcher; the state is computed at delivery, so the row does not carry it."""
    session.add(Outbox(researcher_id=researcher_id))
