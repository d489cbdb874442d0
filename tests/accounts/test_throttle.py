"""Limits on attempts and mails: whom they stop, whom they do not, and that all workers share them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from accounts import passwords, throttle
from accounts.audit import Audit
from accounts.base import now
from accounts.erasure import forget_expired
from accounts.extension import AccountsExtension
from accounts.login.links import address_of
from accounts.throttle import Limit, Rule, Throttle, begin_attempt
from mappings import IndexNames
from search_api.app import create_app
from search_api.http.errors import Problem
from search_api.http.services import Services
from tests.people import accounts_of, browser, log_in

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

    from accounts.database import Database
    from tests.people import Mailbox, Person

ADA = address_of("ada@example.org")
PASSWORD = "correct horse battery"
OWNER, STRANGER = "10.1.1.1", "10.6.6.6"


@pytest.fixture
def ada(app: Flask) -> Person:
    return log_in(app, "Ada", email=ADA, password_hash=passwords.hash_password(PASSWORD))


def attempt(app: Flask, password: str, client: str, address: str = ADA, person: Person | None = None) -> Any:
    form = {"email": address, "password": password}
    return (person or browser(app)).post("/login", data=form, environ_overrides={"REMOTE_ADDR": client})


class Clock:
    """The time of the counts, which a test can move forward."""

    def __init__(self) -> None:
        self.moment = now()

    def __call__(self) -> datetime:
        return self.moment

    def wait(self, **period: float) -> None:
        self.moment += timedelta(**period)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(throttle, "now", clock)
    return clock


@pytest.mark.usefixtures("ada")
def test_a_stranger_who_guesses_waits_and_the_owner_does_not(app: Flask) -> None:
    statuses = [attempt(app, f"wrong {number}", STRANGER).status_code for number in range(40)]
    assert statuses[:5] == [403] * 5
    # Attempts within a delay are refused unseen, even the right one.
    assert statuses[-1] == attempt(app, PASSWORD, STRANGER).status_code == 429
    assert attempt(app, PASSWORD, OWNER).status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.usefixtures("ada")
def test_each_failure_makes_the_next_attempt_wait_longer(app: Flask, clock: Clock) -> None:
    assert [attempt(app, "wrong", STRANGER).status_code for _ in range(5)] == [403] * 5
    waits = []
    for _ in range(13):
        waits.append(int(attempt(app, PASSWORD, STRANGER).headers["Retry-After"]))
        clock.wait(seconds=waits[-1])
        assert attempt(app, "wrong", STRANGER).status_code == 403
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    clock.wait(minutes=15)
    assert attempt(app, PASSWORD, STRANGER).status_code == 303
    assert attempt(app, "wrong", STRANGER).status_code == 403  # begins anew


@pytest.mark.usefixtures("ada")
def test_guesses_from_many_addresses_are_delayed_but_not_in_a_browser_that_is_known(app: Flask) -> None:
    known = browser(app)
    assert attempt(app, PASSWORD, OWNER, person=known).status_code == 303
    known.post("/logout")
    statuses = [attempt(app, "wrong", f"10.6.0.{number}").status_code for number in range(25)]
    assert (statuses[:20], statuses[-1]) == ([403] * 20, 429)
    assert attempt(app, PASSWORD, "10.2.2.2").status_code == 429
    assert attempt(app, PASSWORD, OWNER, person=known).status_code == 303
    # The cookie of one account, or one that was made up, is worth nothing for another.
    other = log_in(app, "Eve", email="eve@example.org", password_hash=passwords.hash_password(PASSWORD))
    for number in range(25):
        attempt(app, "wrong", f"10.6.1.{number}", "eve@example.org")
    assert attempt(app, PASSWORD, OWNER, "eve@example.org", person=known).status_code == 429
    other.set_cookie("peerscope_device", "made.up.here")
    assert attempt(app, PASSWORD, OWNER, "eve@example.org", person=other).status_code == 429


def test_a_known_browser_cannot_guess_without_end_either(app: Flask, ada: Person) -> None:
    known = browser(app)
    attempt(app, PASSWORD, OWNER, person=known)
    statuses = [attempt(app, "wrong", f"10.6.0.{number}", person=known).status_code for number in range(10)]
    assert (statuses[:5], statuses[-1]) == ([403] * 5, 429)


@pytest.mark.usefixtures("ada")
def test_one_client_cannot_try_a_password_for_many_accounts(app: Flask, clock: Clock) -> None:
    statuses = [attempt(app, "wrong", STRANGER, f"x{number}@example.org").status_code for number in range(31)]
    assert statuses == [403] * 30 + [429]
    # Nor does its own account reset that.
    clock.wait(minutes=15)
    assert attempt(app, PASSWORD, STRANGER).status_code == 303
    assert attempt(app, "wrong", STRANGER, "y@example.org").status_code == 403
    assert attempt(app, "wrong", STRANGER, "z@example.org").status_code == 429


def test_a_network_of_ipv6_is_one_client(app: Flask) -> None:
    statuses = [attempt(app, "wrong", f"2001:db8:1:2::{number:x}").status_code for number in range(10)]
    assert statuses[-1] == 429
    assert attempt(app, "wrong", "2001:db8:1:3::1").status_code == 403


def test_responses_are_the_same_for_an_account_and_for_none(app: Flask, ada: Person) -> None:
    def statuses(address: str, client: str) -> list[tuple[int, str | None]]:
        answers = [attempt(app, "wrong", client, address) for _ in range(8)]
        return [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers]

    assert statuses(ADA, "10.3.0.1") == statuses("nobody@example.org", "10.3.0.2")


def test_a_mailed_link_lets_in_however_long_the_delay_is(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    for number in range(30):
        attempt(app, "wrong", f"10.6.0.{number}")
    owner = browser(app)
    assert "E-mail me a log-in link" in owner.get("/login?next=/feed").text
    page = owner.post("/login/link", data={"email": "Ada@Example.org", "next": "/feed"})
    assert "ada@example.org" in page.text
    link = mailbox.link(ADA)
    assert owner.get(link).status_code == owner.get(link).status_code == 200
    answer = owner.post(link)
    assert (answer.status_code, answer.location) == (303, "/feed")
    assert owner.get("/api/v1/me").get_json()["name"] == "Ada"
    assert browser(app).post(link).status_code == 404
    # And the password works again: whoever reads the mail is the owner.
    assert attempt(app, PASSWORD, OWNER).status_code == 303


def test_no_link_for_an_unknown_or_suspended_account_and_no_word_about_it(app: Flask, mailbox: Mailbox) -> None:
    log_in(app, "Eve", email="eve@example.org", suspended_at=now())
    pages = []
    for address in ("eve@example.org", "nobody@example.org"):
        answer = browser(app).post("/login/link", data={"email": address})
        pages.append((answer.status_code, answer.text.replace(address, "")))
    assert pages[0] == pages[1]
    assert mailbox.sent == []


def test_a_login_link_ends_with_a_new_password(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    browser(app).post("/login/link", data={"email": ADA})
    link = mailbox.link(ADA)
    ada.post("/account/password", data={"current_password": PASSWORD, "password": "an entirely new one"})
    assert browser(app).post(link).status_code == 404


def test_guesses_do_not_fill_the_audit_log(app: Flask, ada: Person, clock: Clock) -> None:
    for number in range(40):
        attempt(app, "wrong", f"10.6.0.{number}")
        clock.wait(minutes=5)
        attempt(app, "wrong", f"10.7.0.{number}", f"x{number}@example.org")
    with accounts_of(app).read() as session:
        failures = session.scalars(select(Audit).where(Audit.action == "login.fail").order_by(Audit.id)).all()
        assert [row.detail["failures"] for row in failures] == [1, 2, 4, 8, 16, 32]
        assert {row.target for row in failures} == {ada.account_id}


@pytest.mark.databases("sqlite", "postgresql")
def test_workers_and_machines_share_the_counts(app: Flask, database: Database, opensearch: Any) -> None:
    config = {"SECRET_KEY": "a key for tests", "RATE_LIMIT": "off"}
    services = Services(opensearch, IndexNames("t-"))
    other = create_app(config, services, extensions=[AccountsExtension(database)])
    statuses = [attempt((app, other)[number % 2], "wrong", STRANGER).status_code for number in range(6)]
    assert statuses == [403] * 5 + [429]


@pytest.mark.databases("sqlite", "postgresql")
def test_concurrent_attempts_are_all_counted(app: Flask) -> None:
    def one(_: int) -> bool:
        with app.test_request_context():
            try:
                begin_attempt([(throttle.BY_BOTH, "k")])
            except Problem:
                return False
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(12))) <= 5
        with accounts_of(app).read() as session:
            assert session.get_one(Throttle, "k").count == 5


@pytest.mark.databases("sqlite", "postgresql")
def test_a_count_ends_with_its_period(app: Flask, clock: Clock) -> None:
    limit = Limit(2, timedelta(hours=1))
    with app.test_request_context():
        assert [throttle.allowed(limit, "x", "y") for _ in range(3)] == [True, True, False]
        with pytest.raises(Problem) as refused:
            throttle.count(limit, "x", "y")
        assert refused.value.headers["Retry-After"] == "3600"
        clock.wait(hours=1)
        assert throttle.allowed(limit, "x", "y")
        with accounts_of(app).begin() as session:
            assert [row.count for row in session.scalars(select(Throttle))] == [1]
            session.execute(update(Throttle).values(expires_at=now() - timedelta(seconds=1)))
        forget_expired(accounts_of(app))
        with accounts_of(app).begin() as session:
            assert session.scalars(select(Throttle)).all() == []


def test_a_rule_has_a_longest_delay() -> None:
    rule = Rule(3, timedelta(minutes=15), timedelta(days=1))
    assert [rule.delay(count).total_seconds() for count in (2, 3, 4, 12, 13, 10**9)] == [0, 1, 2, 512, 900, 900]


def ask(app: Flask, path: str, client: str) -> None:
    answer = browser(app).post(path, data={"email": ADA}, environ_overrides={"REMOTE_ADDR": client})
    assert answer.status_code == 200


@pytest.mark.usefixtures("ada")
def test_a_stranger_does_not_use_up_the_mails_of_an_owner(app: Flask, mailbox: Mailbox) -> None:
    for path in ("/register", "/reset", "/login/link"):
        for _ in range(5):
            ask(app, path, STRANGER)
    assert len(mailbox.sent) == 9
    ask(app, "/reset", OWNER)
    link = mailbox.link(ADA)
    assert len(mailbox.sent) == 10
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
