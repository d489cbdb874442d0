"""Mail over SMTP, or onto the console where no server is set, so that a trial needs none."""

from __future__ import annotations

import logging
import os
import smtplib
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import click

from accounts.links import LOOPBACK
from peerscope.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from urllib.parse import SplitResult

DEFAULT_FROM = "Peerscope <peerscope@localhost>"
#: Seconds that a server may take, and the pauses after which a mail is tried again.
TIMEOUT = 20
PAUSES = (5.0, 60.0, 300.0)
#: Answers of a server from here on are its last word.
FINAL = 500

log = logging.getLogger(__name__)


class Mailer:
    """Sends mail, at once or behind the back of a request, so that no answer tells by its time whether one was sent."""

    def __init__(self) -> None:
        """Start no thread yet."""
        self._pool = ThreadPoolExecutor(1, "mail")

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand one mail to the server of `PEERSCOPE_SMTP_URL`.

        Raises OSError or SMTPException when that fails,
        and SettingsError.
        """
        message = EmailMessage()
        message["From"] = os.environ.get("PEERSCOPE_MAIL_FROM") or DEFAULT_FROM
        message["To"], message["Subject"] = to, subject
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="peerscope")
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        if there := server():
            _over_smtp(there, message)
        else:
            click.echo(f"--- mail to {to}: {subject}\n{text}\n---", err=True)

    def post(self, to: str, subject: str, text: str, pauses: Sequence[float] = PAUSES) -> None:
        """Send one mail as soon as possible; where that fails for now, again after each of `pauses` (seconds)."""

        def attempt() -> None:
            try:
                self.send(to, subject, text)
            except (OSError, smtplib.SMTPException) as error:
                # The subject only: whom it is for, and the link in it, are not for the log.
                again = bool(pauses) and not _is_final(error)
                log.error("a mail (%s) could not be sent: %s%s", subject, _why(error), "; once more" if again else "")
                if again:
                    # Not in the one thread: others must not wait for it.
                    timer = threading.Timer(pauses[0], self.post, (to, subject, text, pauses[1:]))
                    timer.daemon = True
                    timer.start()

        self.later(attempt)

    def later(self, task: Callable[[], None]) -> None:
        """Do something after this request, in the order of asking."""

        def run() -> None:
            try:
                task()
            except Exception:
                log.exception("what was to be done after a request failed")

        self._pool.submit(run)


def _codes(error: Exception) -> list[int]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return [code for code, _ in error.recipients.values()]
    return [error.smtp_code] if isinstance(error, smtplib.SMTPResponseException) else []


def _is_final(error: Exception) -> bool:
    """Return whether a server said that it will never take this mail (RFC 5321: 5yz)."""
    codes = _codes(error)
    return bool(codes) and min(codes) >= FINAL


def _why(error: Exception) -> str:
    """Name an error without what the server says, which repeats addresses."""
    return " ".join([type(error).__name__, *map(str, _codes(error))])


def server() -> SplitResult | None:
    """Return the server of `PEERSCOPE_SMTP_URL`; None where none is set. Raises SettingsError for what is none."""
    url = os.environ.get("PEERSCOPE_SMTP_URL")
    if not url:
        return None
    parts = urlsplit(url)
    try:
        is_one = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise SettingsError("PEERSCOPE_SMTP_URL takes the form smtp://user:password@host:port, or smtps://")
    return parts


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
                # Somebody between may have taken the offer away, to read the password and every link.
                raise smtplib.SMTPNotSupportedError("the server offers no STARTTLS; a password is not sent in clear")
            smtp.login(unquote(parts.username), unquote(parts.password or ""))
        smtp.send_message(message)
