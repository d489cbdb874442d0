"""Sending one mail over SMTP; without a configured server, mail is printed."""

from __future__ import annotations

import smtplib
import ssl
import threading
from email.message import EmailMessage
from email.utils import formatdate
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from peerscope.terminal import echo

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from accounts.database import Database
    from peerscope.settings import Settings

#: Hosts on this machine: mail goes to them without TLS, and links may lead to them.
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
#: Timeout of the server in seconds.
TIMEOUT = 20
#: Reply codes from here on are permanent failures.
FINAL = 500


class Mailer:
    """Sends mail to the server of the settings. `pending` is set when the outbox has new mail."""

    def __init__(self, settings: Settings) -> None:
        """Use the mail server and the sender of the settings; no connection is opened yet."""
        self._server = urlsplit(settings.smtp_url.get_secret_value()) if settings.smtp_url else None
        self._from = settings.mail_from
        self.pending = threading.Event()

    def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        """Send one mail, or print it where there is no server. Raises OSError, SMTPException or ValueError.

        `message_id` is the same for each attempt, so that mailboxes recognize a mail that is sent twice.
        """
        message = EmailMessage()
        message["From"] = self._from
        message["To"], message["Subject"] = to, subject
        message["Date"], message["Message-ID"] = formatdate(), message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        if self._server:
            _over_smtp(self._server, message)
        else:
            echo(f"--- mail to {to}: {subject}\n{text}\n---", err=True)

    def wake(self, database: Database) -> None:  # noqa: ARG002 (tests deliver at once, from this database)
        """Announce that a transaction with new mail has been committed: the sender's thread need not wait."""
        self.pending.set()


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def is_final(error: Exception) -> bool:
    """Return whether a mail can never be sent: the server refused it for good (RFC 5321: 5yz), or it is invalid."""
    codes = _codes(error)
    return isinstance(error, ValueError) or (bool(codes) and min(codes) >= FINAL)


def describe_error(error: Exception) -> str:
    """Return the name of an error without the reply of the server, which repeats addresses."""
    return " ".join([type(error).__name__, *map(str, _codes(error))])


def _over_smtp(parts: SplitResult, message: EmailMessage) -> None:
    host = parts.hostname or ""
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if parts.scheme == "smtps":
        smtp = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT, context=context)
    else:
        smtp = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT)
    with smtp:
        is_safe = parts.scheme == "smtps" or host in LOOPBACK
        if parts.scheme == "smtp":
            smtp.ehlo()
            if smtp.has_extn("starttls"):
                smtp.starttls(context=context)
                is_safe = True
        if parts.username:
            if not is_safe:
                # An attacker in between may have removed the offer, to read the password and every link.
                raise smtplib.SMTPNotSupportedError("no STARTTLS offered; the password is not sent unencrypted")
            smtp.login(unquote(parts.username), unquote(parts.password or ""))
        smtp.send_message(message)
