"""Mail: over a small SMTP server of our own or onto the console, and its outbox."""

from __future__ import annotations

import os
import random
import re
import smtplib
import socketserver
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from accounts.base import now
from accounts.login import links
from accounts.login.models import Account, EmailToken
from accounts.mail.sender import PAUSES, MailSender, deliver_due
from accounts.outbox import LIFE, Mail, enqueue_mail
from accounts.secrets import digest
from accounts.smtp import Mailer
from peerscope.errors import SettingsError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from accounts.database import Database


class Handler(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a client that sends a mail needs."""

    def handle(self) -> None:
        server: Any = self.server
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            verb = line.partition(" ")[0].upper()
            server.heard.append(line)
            if verb == "EHLO":
                self.say("250-here")
                self.say("250 AUTH PLAIN")
            elif verb == "AUTH":
                self.say("235 known")
            elif verb == "DATA":
                self.say("354 go on")
                server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                self.say("250 taken")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say(server.refuses if server.refuses and verb == "RCPT" else "250 yes")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def smtp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Serve SMTP; what it heard and the mails it took can be looked at."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        told: Any = server
        told.heard, told.mails, told.refuses = [], [], None
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv(
            "PEERSCOPE_SMTP_URL", f"smtp://peer%40scope:pass%2Fword@127.0.0.1:{server.server_address[1]}"
        )
        monkeypatch.setenv("PEERSCOPE_MAIL_FROM", "Peerscope <people@peerscope.example>")
        yield server
        server.shutdown()
        thread.join()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def send(to: str, subject: str, text: str) -> None:
    Mailer(Settings.load()).send(to, subject, text, "<1@peerscope>")


def test_a_mail_goes_over_smtp_whole(smtp: Any) -> None:
    send("zoë@example.org".replace("ë", "e"), "Your account: ünïcode", "A line\nhttp://localhost/confirm/x\n")
    message = message_from_bytes(smtp.mails[0], policy=policy.default)
    assert (message["To"], message["Subject"]) == ("zoe@example.org", "Your account: ünïcode")
    assert message["From"] == "Peerscope <people@peerscope.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == "<1@peerscope>"
    assert "http://localhost/confirm/x" in message.get_content()
    assert any(line.startswith("AUTH PLAIN") for line in smtp.heard)


def test_no_password_goes_to_another_machine_in_clear(smtp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sits between may have taken the offer of STARTTLS out of the server's answer."""
    monkeypatch.setattr("accounts.smtp.LOOPBACK", set())
    with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS"):
        send("a@example.org", "A subject", "a secret link")
    assert not any(line.startswith("AUTH") for line in smtp.heard)
    assert smtp.mails == []


def test_a_line_end_in_an_address_or_subject_adds_no_header(smtp: Any) -> None:
    for to, subject in (("a@example.org\nBcc: b@example.org", "x"), ("a@example.org", "x\r\nBcc: b@example.org")):
        with pytest.raises(ValueError, match=r"linefeed|newline|header"):
            send(to, subject, "text")
    assert smtp.mails == []


# The outbox


@pytest.fixture
def ada(database: Database) -> str:
    """Return the id of an account with an address."""
    with database.begin() as session:
        session.add(account := Account(name="Ada", email="ada@example.org"))
    return account.id


def rows(database: Database) -> list[Mail]:
    with database.read() as session:
        return list(session.scalars(select(Mail)))


def make_due(database: Database) -> None:
    with database.begin() as session:
        session.execute(update(Mail).values(due_at=now() - timedelta(seconds=1)))


def bodies(smtp: Any) -> list[Any]:
    return [message_from_bytes(mail, policy=policy.default) for mail in smtp.mails]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_mail_is_sent_once_its_transaction_is_committed_and_not_before(
    database: Database, ada: str, smtp: Any
) -> None:
    mailer = Mailer(Settings.load())

    def fail() -> None:
        with database.begin() as session:
            enqueue_mail(session, "password_changed", account_id=ada)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert deliver_due(database, mailer).sent == 0
    with database.begin() as session:
        enqueue_mail(session, "password_changed", account_id=ada)
    assert deliver_due(database, mailer).sent == 1
    assert deliver_due(database, mailer).sent == 0
    assert [message["To"] for message in bodies(smtp)] == ["ada@example.org"]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.usefixtures("smtp")
def test_an_event_with_a_key_is_mailed_once(database: Database, ada: str) -> None:
    for _ in range(2):
        with database.begin() as session:
            enqueue_mail(session, "password_changed", account_id=ada, key="once")
    assert deliver_due(database, Mailer(Settings.load())).sent == 1


@pytest.mark.usefixtures("ada")
def test_no_link_lies_in_the_database(database: Database, smtp: Any) -> None:
    with database.begin() as session:
        enqueue_mail(session, "reset", address="ada@example.org")
    with database.read() as session:
        assert session.scalars(select(EmailToken)).all() == []
    deliver_due(database, Mailer(Settings.load()), "https://peerscope.example")
    (token,) = re.findall(r"https://peerscope.example/reset/(\S+)", bodies(smtp)[0].get_content())
    with database.read() as session:
        assert session.scalars(select(EmailToken.digest)).all() == [digest(token)]
    files = Path(database.url.database or "").parent.glob("accounts*")
    assert all(token.encode() not in file.read_bytes() for file in files)


@pytest.mark.usefixtures("ada")
def test_a_mail_that_is_refused_for_now_is_tried_again(
    database: Database, smtp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with database.begin() as session:
        enqueue_mail(session, "reset", address="ada@example.org")
    mailer = Mailer(Settings.load())
    smtp.refuses = "451 later, a@example.org"
    for number, pause in enumerate((*PAUSES, PAUSES[-1]), 1):
        assert deliver_due(database, mailer).failed == 1
        (row,) = rows(database)
        assert row.attempts == number
        assert row.due_at - now() <= pause
        make_due(database)
    assert deliver_due(database, mailer).failed == 1
    assert deliver_due(database, mailer).failed == 0  # not before it is due
    make_due(database)
    smtp.refuses = None
    assert deliver_due(database, mailer).sent == 1
    assert rows(database) == []
    assert "451" in caplog.text
    assert "/reset/" not in caplog.text
    assert "@example.org" not in caplog.text


def test_a_mail_that_is_refused_for_good_is_given_up(
    database: Database, ada: str, smtp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with database.begin() as session:
        enqueue_mail(session, "password_changed", account_id=ada)
    smtp.refuses = "550 no such person"
    assert deliver_due(database, Mailer(Settings.load())).failed == 1
    assert rows(database) == []
    assert "550" in caplog.text
    assert "given up" in caplog.text


def test_a_mail_that_fails_does_not_hold_up_the_next(database: Database, ada: str, smtp: Any) -> None:
    with database.begin() as session:
        enqueue_mail(session, "address_changed", address="a@example.org\nBcc: b@example.org")
        enqueue_mail(session, "password_changed", account_id=ada)
    outcome = deliver_due(database, Mailer(Settings.load()))
    assert (outcome.sent, outcome.failed, rows(database)) == (1, 1, [])
    assert [message["To"] for message in bodies(smtp)] == ["ada@example.org"]


def test_a_mail_is_not_tried_for_ever(database: Database, ada: str, smtp: Any) -> None:
    with database.begin() as session:
        enqueue_mail(session, "password_changed", account_id=ada)
    with database.begin() as session:
        session.execute(update(Mail).values(created_at=now() - LIFE))
    assert deliver_due(database, Mailer(Settings.load())).sent == 0
    assert rows(database) == []
    assert smtp.mails == []


@pytest.mark.usefixtures("smtp")
def test_a_deleted_account_gets_no_mail(database: Database, ada: str) -> None:
    with database.begin() as session:
        enqueue_mail(session, "password_changed", account_id=ada)
        enqueue_mail(session, "reset", address="ada@example.org")
    with database.begin() as session:
        session.delete(session.get_one(Account, ada))
    assert deliver_due(database, Mailer(Settings.load())).sent == 0
    assert rows(database) == []


@pytest.mark.databases("sqlite", "postgresql")
def test_senders_share_the_outbox(database: Database, ada: str, smtp: Any) -> None:
    with database.begin() as session:
        for number in range(20):
            enqueue_mail(session, "password_changed", account_id=ada, key=str(number))
    mailer = Mailer(Settings.load())
    with ThreadPoolExecutor(3) as pool:
        sent = [each.result().sent for each in [pool.submit(deliver_due, database, mailer) for _ in range(3)]]
    assert sum(sent) == 20
    assert len({message["Message-ID"] for message in bodies(smtp)}) == 20


def test_the_thread_of_a_server_sends_what_another_process_enqueued(database: Database, ada: str, smtp: Any) -> None:
    sender = MailSender(database, Mailer(Settings.load()), None)
    sender.start()
    with database.begin() as session:
        enqueue_mail(session, "password_changed", account_id=ada)
    until(lambda: len(smtp.mails) == 1)
    until(lambda: rows(database) == [])
    sender.stop()


#: Enqueues a mail and delivers it; is killed at a point: before a statement, a commit, or the sending, or after it.
CHILD = """
import os, signal, sys
from sqlalchemy import event
import accounts.models
from accounts.database import Database
from accounts.outbox import enqueue_mail
from accounts.mail.sender import deliver_due
from accounts.smtp import Mailer
from peerscope.settings import Settings

database, point, count = Database(sys.argv[1]), int(sys.argv[2]), 0

def step(*_):
    global count
    count += 1
    if count == point:
        os.kill(os.getpid(), signal.SIGKILL)

class Watched(Mailer):
    def send(self, *mail):
        step()
        super().send(*mail)
        step()

event.listen(database.engine, "before_cursor_execute", step)
event.listen(database.engine, "commit", step)
with database.begin() as session:
    enqueue_mail(session, "reset", address="ada@example.org", key="one")
print("committed", flush=True)
deliver_due(database, Watched(Settings.load()))
print("points", count, flush=True)
"""


@pytest.mark.kill
def test_a_mail_survives_a_kill_at_any_point(database: Database, database_url: str, ada: str, smtp: Any) -> None:
    """At least once: what was committed arrives, under one Message-ID, and its last link works."""

    def run(point: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", CHILD, database_url, str(point)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    last = int(run(0).stdout.split("points ")[1])
    assert len(smtp.mails) == 1
    for point in random.Random(0).sample(range(1, last + 1), min(last, 2 * int(os.environ.get("KILLS", "3")))):
        smtp.mails.clear()
        child = run(point)
        assert child.returncode == -9
        make_due(database)
        deliver_due(database, Mailer(Settings.load()))
        assert rows(database) == []
        received = bodies(smtp)
        assert received or "committed" not in child.stdout, point
        assert len({message["Message-ID"] for message in received}) <= 1
        if received:
            (token,) = re.findall(r"/reset/(\S+)", received[-1].get_content())
            with database.read() as session:
                assert links.peek_token(session, "reset", token).account_id == ada


def test_without_a_server_mail_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERSCOPE_SMTP_URL", raising=False)
    send("a@example.org", "A subject", "http://localhost/reset/x")
    assert "http://localhost/reset/x" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["localhost:25", "http://localhost", "smtp://"])
def test_a_wrong_setting_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_SMTP_URL", url)
    with pytest.raises(SettingsError, match="PEERSCOPE_SMTP_URL"):
        Settings.load()
