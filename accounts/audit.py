"""Audit log: who did what when, written in the transaction of the change."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import g, has_app_context
from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Audit(Base):
    """One action. Rows never change; of a deleted account the id stays in the log, the name does not."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    actor_id: Mapped[str | None] = mapped_column(index=True)
    """Null: the system, or an administrator at the command line."""
    action: Mapped[str]
    """For example `claim.approve`."""
    target: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str | None]

    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 (SQLAlchemy's own attribute)


def note(session: Session, actor_id: str | None, action: str, target: str, **detail: Any) -> None:
    """Add a row: `actor_id` (None: the system, or an administrator at the command line) did `action` to `target`.

    `detail` must not hold secrets, messages, names or addresses: the log outlives the account.
    """
    request_id = g.get("request_id") if has_app_context() else None
    session.add(Audit(actor_id=actor_id, action=action, target=target, detail=detail, request_id=request_id))
