"""Mail, over a small SMTP server of our own or onto the console."""

from __future__ import annotations

import smtplib
import socketserver
import threading
import time
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest

from accounts import mail
from accounts.mail import Mailer
from peerscope.errors import SettingsError
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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


def test_a_mail_goes_over_smtp_whole(smtp: Any) -> None:
    Mailer(Settings.load()).send(
        "zoë@example.org".replace("ë", "e"), "Your account: ünïcode", "A line\nhttp://localhost/confirm/x\n"
    )
    message = message_from_bytes(smtp.mails[0], policy=policy.default)
    assert (message["To"], message["Subject"]) == ("zoe@example.org", "Your account: ünïcode")
    assert message["From"] == "Peerscope <people@peerscope.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "http://localhost/confirm/x" in message.get_content()
    assert any(line.startswith("AUTH PLAIN") for line in smtp.heard)


def test_no_password_goes_to_another_machine_in_clear(smtp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sits between may have taken the offer of STARTTLS out of the server's answer."""
    monkeypatch.setattr(mail, "LOOPBACK", set())
    with pytest.raises(smtplib.SMTPNotSupportedError, match="STARTTLS"):
        Mailer(Settings.load()).send("a@example.org", "A subject", "a secret link")
    assert not any(line.startswith("AUTH") for line in smtp.heard)
    assert smtp.mails == []


def test_a_line_end_in_an_address_or_subject_adds_no_header(smtp: Any) -> None:
    for to, subject in (("a@example.org\nBcc: b@example.org", "x"), ("a@example.org", "x\r\nBcc: b@example.org")):
        with pytest.raises(ValueError, match=r"linefeed|newline|header"):
            Mailer(Settings.load()).send(to, subject, "text")
    assert smtp.mails == []


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_mail_that_is_refused_for_now_is_tried_again(smtp: Any, caplog: pytest.LogCaptureFixture) -> None:
    smtp.refuses = "451 later, a@example.org"
    Mailer(Settings.load()).post("a@example.org", "A subject", "a secret link", pauses=(0.01,) * 1_000)
    until(lambda: "A subject" in caplog.text)
    smtp.refuses = None
    until(lambda: len(smtp.mails) == 1)
    assert "451" in caplog.text
    assert "a secret link" not in caplog.text
    assert "a@example.org" not in caplog.text


def test_a_mail_that_is_refused_for_good_is_given_up_and_others_do_not_wait(
    smtp: Any, caplog: pytest.LogCaptureFixture
) -> None:
    smtp.refuses = "550 no such person"
    mailer = Mailer(Settings.load())
    mailer.post("a@example.org", "A subject", "text", pauses=(0.01,))
    until(lambda: "550" in caplog.text)
    smtp.refuses = None
    mailer.post("b@example.org", "Another", "text")
    until(lambda: len(smtp.mails) == 1)
    assert b"To: b@example.org" in smtp.mails[0]
    assert "will retry" not in caplog.text


def test_a_task_that_fails_does_not_stop_the_next(caplog: pytest.LogCaptureFixture) -> None:
    mailer, done = Mailer(Settings.load()), threading.Event()
    mailer.later(lambda: 1 / 0)  # type: ignore[arg-type]
    mailer.later(done.set)
    assert done.wait(20)
    assert "ZeroDivisionError" in caplog.text


def test_without_a_server_mail_is_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEERSCOPE_SMTP_URL", raising=False)
    Mailer(Settings.load()).send("a@example.org", "A subject", "http://localhost/reset/x")
    assert "http://localhost/reset/x" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["localhost:25", "http://localhost", "smtp://"])
def test_a_wrong_setting_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_SMTP_URL", url)
    with pytest.raises(SettingsError, match="PEERSCOPE_SMTP_URL"):
        Settings.load()
