"""Transactional outboxes: work outside of the database is a row of the transaction that causes it, so it is not lost.

Researchers whose state in the index is out of date: the state is computed at delivery (`accounts.delivery`).

Mail: a row names the kind of the mail and what it is about; the text is written at delivery (`accounts.mail`). So no
secret link lies in the database in clear text, and a mail to an account that has been deleted meanwhile is not sent.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import has_app_context, has_request_context
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, new_id, now
from accounts.database import on_commit
from accounts.resources import database, mailer, public_url
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

#: How long delivery is tried. The hour of a link begins when its mail is sent.
LIFE = timedelta(days=2)
#: Set once this process has committed mail outside of an app: a command then sends it before it ends.
committed_by_command = threading.Event()


class Outbox(Base):
    """A researcher whose state must be written to the index."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    researcher_id: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


def enqueue(session: Session, researcher_id: str) -> None:
    """Enqueue a researcher; the state is computed at delivery, so the row does not carry it."""
    session.add(Outbox(researcher_id=researcher_id))


class Mail(Base):
    """A mail to be sent, to `address`, or to the address that the account has at delivery."""

    __tablename__ = "mail"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    """Part of the Message-ID, which is the same for each attempt."""
    key: Mapped[str | None] = mapped_column(unique=True)
    """Identifies the event, so that it is mailed once."""
    kind: Mapped[str]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    address: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(default=now, index=True)
    """When the next attempt is due; while one is made, when another process may take over."""
    created_at: Mapped[datetime] = mapped_column(default=now)


def enqueue_mail(
    session: Session,
    kind: str,
    *,
    address: str | None = None,
    account_id: str | None = None,
    key: str | None = None,
    **data: Any,
) -> bool:
    """Enqueue a mail of a kind of `letters.LETTERS`, about `data`; returns False if one with this key is waiting.

    Links start with the public address of the site. Where a request cannot determine it, delivery uses that of the
    settings.
    """
    if key is not None and session.scalars(select(Mail.id).where(Mail.key == key)).one_or_none():
        return False
    if has_request_context():
        try:
            data["base"] = public_url()
        except Problem:
            data.pop("base", None)
    session.add(Mail(kind=kind, address=address, account_id=account_id, key=key, data=data))
    if has_app_context():
        accounts, sender = database(), mailer()
        on_commit(session, lambda: sender.wake(accounts))
    else:
        on_commit(session, committed_by_command.set)
    return True
