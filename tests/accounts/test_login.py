"""In by e-mail and password: what works, what is refused, and what a stranger cannot learn or do."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from accounts import passwords
from accounts.audit import Audit
from accounts.base import now
from accounts.login.models import Account, ApiToken, EmailToken, Login
from search_api.http import request_log
from tests.people import accounts_of, browser, log_in, program, use_settings

if TYPE_CHECKING:
    from flask import Flask

    from tests.people import Mailbox, Person

PASSWORD = "correct horse battery"


def send(person: Person, path: str, **form: Any) -> Any:
    return person.post(path, data=form)


def me(person: Person) -> dict[str, Any] | None:
    answer = person.get("/api/v1/me")
    found: dict[str, Any] | None = answer.get_json() if answer.status_code == 200 else None
    return found


@pytest.fixture
def ada(app: Flask) -> Person:
    """Ada's account with a password; her browser is logged in."""
    return log_in(app, "Ada", email="ada@example.org", password_hash=passwords.hash_password(PASSWORD))


# Registering


def test_an_account_begins_with_a_proven_address(app: Flask, mailbox: Mailbox) -> None:
    person = browser(app)
    assert "ada@example.org" in send(person, "/register", email=" Ada@Example.org ").text
    link = mailbox.link("ada@example.org")
    assert "Address confirmed: ada@example.org" in person.get(link).text
    answer = send(person, link, name="  Ada   Low ", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/welcome")
    found = me(person)
    assert found is not None
    assert (found["name"], found["email"], found["has_password"]) == ("Ada Low", "ada@example.org", True)
    with accounts_of(app).read() as session:
        stored = session.scalars(select(Account.password_hash)).one()
        assert session.scalars(select(Audit.action).order_by(Audit.id)).all() == ["account.create", "login.begin"]
    assert stored is not None
    assert stored.startswith("$argon2id$")
    again = browser(app)
    assert send(again, "/login", email="ADA@example.org", password=PASSWORD).location == "/"
    assert me(again) == {**found, "created_at": me(again)["created_at"]}


@pytest.mark.databases("sqlite", "postgresql")
def test_nothing_is_made_before_the_link_is_sent_back(app: Flask, mailbox: Mailbox) -> None:
    send(browser(app), "/register", email="ada@example.org")
    link = mailbox.link("ada@example.org")
    for _ in range(2):
        assert browser(app).get(link).status_code == 200
    with accounts_of(app).read() as session:
        assert session.scalars(select(func.count()).select_from(Account)).one() == 0
        assert link.rpartition("/")[2] not in session.scalars(select(EmailToken.digest)).all()


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("A" * 101, PASSWORD), ("A\u202eB", PASSWORD), ("Ada", "short"), ("Ada", "a" * 20)],
)
def test_what_cannot_be_used_is_said_and_the_link_still_works(
    app: Flask, mailbox: Mailbox, name: str, password: str
) -> None:
    person = browser(app)
    send(person, "/register", email="ada@example.org")
    link = mailbox.link("ada@example.org")
    answer = send(person, link, name=name, password=password)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert send(person, link, name="Ada", password=PASSWORD).status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
def test_a_link_works_once_for_an_hour_and_for_its_purpose(app: Flask, mailbox: Mailbox, ada: Person) -> None:
    person = browser(app)
    send(person, "/register", email="bob@example.org")
    link = mailbox.link("bob@example.org")
    assert person.get(link.replace("confirm", "reset")).status_code == 404
    assert send(person, link, name="Bob", password=PASSWORD).status_code == 303
    assert send(person, link, name="Bob", password=PASSWORD).status_code == 404
    send(person, "/reset", email="ada@example.org")
    with accounts_of(app).begin() as session:
        session.execute(update(EmailToken).values(expires_at=now() - timedelta(seconds=1)))
    assert send(person, mailbox.link("ada@example.org"), password=PASSWORD).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_two_who_register_one_address_do_not_both_get_it(app: Flask, mailbox: Mailbox) -> None:
    send(browser(app), "/register", email="ada@example.org")
    link = mailbox.link("ada@example.org")
    with accounts_of(app).begin() as session:
        session.add(Account(name="First", email="ada@example.org"))
    answer = send(browser(app), link, name="Second", password=PASSWORD)
    assert answer.status_code == 409
    assert "already an account for this address" in answer.text


# Logging in


@pytest.mark.databases("sqlite", "postgresql")
def test_a_login_is_new_each_time_and_the_one_before_is_gone(app: Flask, ada: Person) -> None:
    """No session can be planted before the log-in (fixation)."""
    person = browser(app)
    person.set_cookie("peerscope_login", "planted")
    before = person.csrf()
    send(person, "/login", email="ada@example.org", password=PASSWORD)
    first = person.get_cookie("peerscope_login")
    assert first is not None
    assert first.value != "planted"
    assert person.post("/logout", data={"csrf_token": before}, csrf=False).status_code == 400
    second = browser(app)
    second.set_cookie("peerscope_login", first.value)
    send(second, "/login", email="ada@example.org", password=PASSWORD)
    assert me(person) is None
    assert me(second) is not None


def test_the_cookie_is_out_of_reach(app: Flask, ada: Person) -> None:
    form = {"email": "ada@example.org", "password": PASSWORD}
    cookies = browser(app).post("/login", data=form).headers.getlist("Set-Cookie")
    plain = next(cookie for cookie in cookies if cookie.startswith("peerscope_login="))
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    person = browser(app)
    secure: dict[str, Any] = {"base_url": "https://localhost"}
    page = person.get("/login", **secure).text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    cookies = person.post("/login", data={**form, "csrf_token": token}, csrf=False, **secure).headers.getlist(
        "Set-Cookie"
    )
    safe = next(cookie for cookie in cookies if cookie.startswith("__Host-peerscope_login="))
    assert "Secure" in safe
    assert "Path=/" in safe
    assert "Domain" not in safe


def test_logging_out_ends_it_here_and_on_the_server(app: Flask, ada: Person) -> None:
    cookie = ada.get_cookie("peerscope_login")
    assert cookie is not None
    assert ada.post("/logout").status_code == 303
    assert ada.get_cookie("peerscope_login") is None
    thief = browser(app)
    thief.set_cookie("peerscope_login", cookie.value)
    assert me(thief) is None


@pytest.mark.databases("sqlite", "postgresql")
def test_a_suspended_account_does_not_get_in(app: Flask, ada: Person) -> None:
    with accounts_of(app).begin() as session:
        session.execute(update(Account).values(suspended_at=now()))
    answer = send(browser(app), "/login", email="ada@example.org", password=PASSWORD)
    assert (answer.status_code, "suspended" in answer.text) == (403, True)
    assert "suspended" not in send(browser(app), "/login", email="ada@example.org", password="not it at all").text


@pytest.mark.databases("sqlite", "postgresql")
def test_a_password_stored_by_old_settings_is_stored_anew(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "is_dated", lambda _: True)
    with accounts_of(app).read() as session:
        before = session.scalars(select(Account.password_hash)).one()
    send(browser(app), "/login", email="ada@example.org", password=PASSWORD)
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account.password_hash)).one() != before


def test_one_password_typed_in_two_ways_is_one() -> None:
    stored = passwords.hash_password("caf\u00e9 au lait!")
    assert passwords.verify_password(stored, "cafe\u0301 au lait!")
    assert not passwords.verify_password(stored, "cafe au lait!")
    assert not passwords.verify_password(None, "the password of an account that is not there")
    assert not passwords.verify_password("no hash", "x")


# A new password


@pytest.mark.databases("sqlite", "postgresql")
def test_a_reset_puts_everybody_out(app: Flask, mailbox: Mailbox, ada: Person) -> None:
    token = program(app, ada.account_id, "read")
    person = browser(app)
    send(person, "/reset", email="ada@example.org")
    assert send(person, mailbox.link("ada@example.org"), password="an entirely new one").status_code == 303
    assert me(person) is not None
    assert me(ada) is None
    assert token.get("/api/v1/me").status_code == 401
    assert send(browser(app), "/login", email="ada@example.org", password=PASSWORD).status_code == 403
    assert send(browser(app), "/login", email="ada@example.org", password="an entirely new one").status_code == 303


# What a stranger learns


def test_no_answer_tells_whether_an_address_has_an_account(app: Flask, mailbox: Mailbox, ada: Person) -> None:
    def without(page: str, address: str) -> str:
        return re.sub(r'value="[^"]+"', "", page).replace(address, "")

    for path, form in (("/register", {}), ("/reset", {}), ("/login", {"password": "not it at all"})):
        pages = []
        for address in ("ada@example.org", "eve@example.org"):
            answer = send(browser(app), path, email=address, **form)
            pages.append((answer.status_code, without(answer.text, address)))
        assert pages[0] == pages[1], path
    told = {address: text for address, _, text in mailbox.sent}
    assert "already has one" in mailbox.sent[0][2]
    assert "/confirm/" not in mailbox.sent[0][2]
    assert "/confirm/" in told["eve@example.org"]
    assert [address for address, _, text in mailbox.sent if "/reset/" in text] == ["ada@example.org"]


def test_a_password_is_compared_with_something_in_any_case(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []
    real = passwords.verify_password

    def fits(stored: str | None, password: str) -> bool:
        compared.append(stored)
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify_password", fits)
    for address in ("ada@example.org", "nobody@example.org"):
        send(browser(app), "/login", email=address, password="not it at all")
    assert [stored is None for stored in compared] == [False, True]


def test_nobody_is_flooded_with_mail(app: Flask, mailbox: Mailbox) -> None:
    answers = {send(browser(app), "/register", email="ada@example.org").status_code for _ in range(6)}
    assert (answers, len(mailbox.sent)) == ({200}, 3)
    for number in range(14):
        send(browser(app), "/reset", email=f"x{number}@example.org")
    assert send(browser(app), "/reset", email="y@example.org").status_code == 429


# Where a form leads


@pytest.mark.parametrize("elsewhere", ["https://x.example/", "//x.example", "/\\x.example", "x", "/\t/x.example", ""])
def test_logging_in_leads_to_no_other_site(app: Flask, ada: Person, elsewhere: str) -> None:
    answer = send(browser(app), "/login", email="ada@example.org", password=PASSWORD, next=elsewhere)
    assert answer.location == "/"
    assert ada.get("/login", query_string={"next": elsewhere}).location == "/"


def test_logging_in_leads_back(app: Flask, ada: Person) -> None:
    form = {"email": "ada@example.org", "password": PASSWORD, "next": "/search?q=a+b&page=2"}
    assert send(browser(app), "/login", **form).location == form["next"]
    answer = browser(app).get("/account")
    assert (answer.status_code, answer.location) == (303, "/login?next=/account")


def test_a_link_is_never_mailed_with_a_host_that_a_request_made_up(app: Flask, mailbox: Mailbox, ada: Person) -> None:
    person = browser(app)
    forged: dict[str, Any] = {"base_url": "http://evil.example", "headers": {"X-CSRF-Token": person.csrf()}}
    cookie = person.get_cookie("peerscope_forms")
    assert cookie is not None
    person.set_cookie("peerscope_forms", cookie.value, domain="evil.example")
    answer = person.post("/reset", data={"email": "ada@example.org"}, csrf=False, **forged)
    assert (answer.status_code, mailbox.sent) == (503, [])
    use_settings(app, public_url="https://peerscope.example/")
    person.post("/reset", data={"email": "ada@example.org"}, csrf=False, **forged)
    assert "https://peerscope.example/reset/" in mailbox.sent[0][2]


@pytest.mark.parametrize("path", ["/login", "/register", "/reset", "/logout", "/login/orcid", "/confirm/x", "/reset/x"])
def test_no_form_of_another_site_is_taken(app: Flask, path: str) -> None:
    assert browser(app).post(path, data={"email": "a@example.org"}, csrf=False).status_code == 400


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("path", ["/login", "/register", "/reset"])
@pytest.mark.parametrize("form", [{"email": "x" * 9_999}, {"email": "a\0b@example.org"}, {"is_admin": "1"}, {}])
def test_whatever_is_sent_is_answered(app: Flask, path: str, form: dict[str, str]) -> None:
    answer = send(browser(app), path, **form)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


# Where tokens could leak


def test_a_secret_link_goes_to_no_log_and_no_other_page(
    app: Flask, mailbox: Mailbox, ada: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, request_log.log.name)
    person = browser(app)
    send(person, "/reset", email="ada@example.org")
    link = mailbox.link("ada@example.org")
    page = person.get(link)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    token = link.rpartition("/")[2]
    assert token not in page.text
    assert token not in caplog.text
    assert "'/reset/...'" in caplog.text
    assert all(token not in str(vars(record).get("told")) for record in caplog.records)


@pytest.mark.databases("sqlite", "postgresql")
def test_an_expired_login_is_swept_away(app: Flask, ada: Person) -> None:
    with accounts_of(app).begin() as session:
        session.execute(update(Login).values(expires_at=now() - timedelta(days=1)))
    send(browser(app), "/login", email="ada@example.org", password=PASSWORD)
    with accounts_of(app).read() as session:
        assert len(session.scalars(select(Login)).all()) == 1
        assert session.scalars(select(ApiToken)).all() == []
