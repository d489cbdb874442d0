"""The counters of tries and mails: who uses up whose, and what happens without their store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limits.errors import StorageError

from accounts import passwords, throttle
from accounts.login.links import address_of
from tests.people import browser, log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.people import Mailbox

ADA = address_of("ada@example.org")
PASSWORD = "correct horse battery"


class Away:
    """A store of counters that does not answer."""

    def __init__(self, *answers: str) -> None:
        self.answers = answers

    def hit(self, *_: Any) -> bool:
        if "hit" in self.answers:
            return False
        raise StorageError(OSError("away"))

    def clear(self, *_: Any) -> None:
        raise StorageError(OSError("away"))

    def get_window_stats(self, *_: Any) -> Any:
        raise StorageError(OSError("away"))


def test_without_the_store_of_counters_a_password_still_lets_in(app: Flask) -> None:
    log_in(app, "Ada", email=ADA, password_hash=passwords.hash_password(PASSWORD))
    app.extensions[throttle.KEY] = Away()
    for password, status in (("not it at all", 403), (PASSWORD, 303)):
        assert browser(app).post("/login", data={"email": ADA, "password": password}).status_code == status


def test_a_store_that_goes_away_between_counting_and_asking_refuses_in_words(app: Flask) -> None:
    app.extensions[throttle.KEY] = Away("hit")
    answer = browser(app).post("/login", data={"email": ADA, "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "600")


def ask(app: Flask, path: str, client: str) -> None:
    answer = browser(app).post(path, data={"email": ADA}, environ_overrides={"REMOTE_ADDR": client})
    assert answer.status_code == 200


def test_a_stranger_does_not_use_up_the_mails_of_an_owner(app: Flask, mailbox: Mailbox) -> None:
    log_in(app, "Ada", email=ADA, password_hash=passwords.hash_password(PASSWORD))
    for path in ("/register", "/reset"):
        for _ in range(5):
            ask(app, path, "10.6.6.6")
    assert len(mailbox.sent) == 6
    ask(app, "/reset", "10.1.1.1")
    link = mailbox.link(ADA)
    assert len(mailbox.sent) == 7
    # And asking again, by whomever, does not end the link that is on its way.
    ask(app, "/reset", "10.6.6.7")
    other = mailbox.link(ADA)
    assert browser(app).get(link).status_code == 200
    assert browser(app).post(link, data={"password": "an entirely new one"}).status_code == 303
    assert browser(app).get(other).status_code == 404


def test_an_address_gets_ten_mails_of_a_kind_in_an_hour_from_whomever(app: Flask, mailbox: Mailbox) -> None:
    for number in range(12):
        ask(app, "/register", f"10.0.0.{number}")
    assert len(mailbox.sent) == 10
