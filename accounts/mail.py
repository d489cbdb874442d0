"""Mail over SMTP; without a configured server, mail is printed."""

from __future__ import annotations

import logging
import smtplib
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from urllib.parse import SplitResult

    from peerscope.settings import Settings

#: Hosts on this machine: mail goes to them without TLS, and links may lead to them.
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
#: Timeout of the server in seconds, and the pauses after which sending is retried.
TIMEOUT = 20
PAUSES = (5.0, 60.0, 300.0)
#: Reply codes from here on are permanent failures.
FINAL = 500

log = logging.getLogger(__name__)


class Mailer:
    """Sends mail, usually after the response: its time must not reveal whether a mail was sent."""

    def __init__(self, settings: Settings) -> None:
        """Use the mail server and the sender of the settings; no thread is started yet."""
        self._server = urlsplit(settings.smtp_url.get_secret_value()) if settings.smtp_url else None
        self._from = settings.mail_from
        self._pool = ThreadPoolExecutor(1, "mail")

    def send(self, to: str, subject: str, text: str) -> None:
        """Send one mail, or print it where there is no server. Raises OSError or SMTPException."""
        message = EmailMessage()
        message["From"] = self._from
        message["To"], message["Subject"] = to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="peerscope")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        if self._server:
            _over_smtp(self._server, message)
        else:
            click.echo(f"--- mail to {to}: {subject}\n{text}\n---", err=True)

    def post(self, to: str, subject: str, text: str, pauses: Sequence[float] = PAUSES) -> None:
        """Send one mail in the background; on a temporary failure, retry after each of `pauses` (seconds)."""

        def attempt() -> None:
            try:
                self.send(to, subject, text)
            except (OSError, smtplib.SMTPException) as error:
                # The subject only: the recipient and the link in the mail must not reach the log.
                again = bool(pauses) and not _is_final(error)
                log.error("a mail (%s) could not be sent: %s%s", subject, _why(error), "; will retry" if again else "")
                if again:
                    # Not in the one thread of the pool: other mail must not wait for it.
                    timer = threading.Timer(pauses[0], self.post, (to, subject, text, pauses[1:]))
                    timer.daemon = True
                    timer.start()

        self.later(attempt)

    def later(self, task: Callable[[], None]) -> None:
        """Run a task in the background, in the order of the calls."""

        def run() -> None:
            try:
                task()
            except Exception:
                log.exception("a background task failed")

        self._pool.submit(run)


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def _is_final(error: Exception) -> bool:
    """Return whether the server refused this mail for good (RFC 5321: a 5yz reply)."""
    codes = _codes(error)
    return bool(codes) and min(codes) >= FINAL


def _why(error: Exception) -> str:
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
