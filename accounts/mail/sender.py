"""Delivers the outbox of mail, each mail at least once, even if processes are killed.

A row is claimed for `LEASE`, so that processes do not send the same mail at once, and deleted when the mail server has
accepted the mail. A process that is killed in between leaves the row, and the mail is sent again after the lease, with
the same Message-ID. A link in it is then a new one; both work until one is used or an hour is over.
"""

from __future__ import annotations

import logging
import smtplib
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from accounts.base import now
from accounts.mail.letters import LOCAL_URL, compose
from accounts.outbox import LIFE, Mail
from accounts.smtp import describe_error, is_final

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.database import Database
    from accounts.smtp import Mailer

#: Longer than an attempt can take: connecting, TLS and sending have 20 s each.
LEASE = timedelta(minutes=2)
#: Pauses after a temporary failure; the last one repeats.
PAUSES = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
#: Seconds between two reads of the outbox by a server.
EVERY = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What a delivery did: mails sent, and mails that the server refused or that will be tried again."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True)
class _Attempt:
    id: str
    kind: str
    number: int
    to: str
    subject: str
    text: str


def deliver_due(database: Database, mailer: Mailer, base: str | None = None) -> Outcome:
    """Send every mail that is due, the oldest first. `base` is the address of the site for mails without one.

    Raises SQLAlchemyError.
    """
    sent = failed = 0
    for id_ in _due(database):
        with database.begin() as session:
            attempt = _claim(session, id_, base or LOCAL_URL)
        if attempt is None:
            continue
        try:
            mailer.send(attempt.to, attempt.subject, attempt.text, f"<{attempt.id}@peerscope>")
        except (OSError, smtplib.SMTPException, ValueError) as error:
            _put_back(database, attempt, error)
            failed += 1
        else:
            with database.begin() as session:
                session.execute(delete(Mail).where(Mail.id == attempt.id))
            sent += 1
    return Outcome(sent, failed)


def _due(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Mail.id).where(Mail.due_at <= now()).order_by(Mail.due_at, Mail.id)))


def _claim(session: Session, id_: str, base: str) -> _Attempt | None:
    """Claim a mail for one attempt and compose it; None if another process has, or if there is nothing to send."""
    moment = now()
    claim = update(Mail).where(Mail.id == id_, Mail.due_at <= moment)
    claimed = session.execute(
        claim.values(due_at=moment + LEASE, attempts=Mail.attempts + 1).returning(Mail.id)
    ).one_or_none()
    if claimed is None:
        return None
    mail = session.get_one(Mail, id_)
    composed = compose(session, mail, base) if moment - mail.created_at < LIFE else None
    if composed is None:
        session.delete(mail)
        return None
    return _Attempt(id_, mail.kind, mail.attempts, *composed)


def _put_back(database: Database, attempt: _Attempt, error: Exception) -> None:
    """Schedule the next attempt, or delete a mail that the server refused permanently."""
    final = is_final(error)
    # Without recipient and subject, which may contain names.
    result = "given up" if final else "will retry"
    log.error("a mail (%s) could not be sent: %s; %s", attempt.kind, describe_error(error), result)
    with database.begin() as session:
        if final:
            session.execute(delete(Mail).where(Mail.id == attempt.id))
        else:
            pause = PAUSES[min(attempt.number, len(PAUSES)) - 1]
            session.execute(update(Mail).where(Mail.id == attempt.id).values(due_at=now() + pause))


class MailSender(threading.Thread):
    """Delivers the outbox while a server runs: at once after a commit in this process, within a second after others."""

    def __init__(self, database: Database, mailer: Mailer, base: str | None) -> None:
        """Prepare the thread."""
        super().__init__(name="mail", daemon=True)
        self._database, self._mailer, self._base = database, mailer, base
        self._stopped = False

    def stop(self) -> None:
        """Stop the thread and wait for its end."""
        self._stopped = True
        self._mailer.pending.set()
        self.join()

    def run(self) -> None:
        """Deliver until stopped."""
        works = True
        while not self._stopped:
            self._mailer.pending.wait(EVERY)
            self._mailer.pending.clear()
            try:
                deliver_due(self._database, self._mailer, self._base)
                works = True
            except SQLAlchemyError as error:
                if works:
                    log.warning("mail is not delivered yet: %s", error)
                works = False
            except Exception:
                log.exception("mail is not delivered yet")
                works = False
            if not works:
                self._mailer.pending.wait(5 * EVERY)
