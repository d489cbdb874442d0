"""An address at an institution: asked for, mailed, confirmed by whom it was mailed for, and what follows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from accounts.audit import Audit
from accounts.claims import institution_emails, lifecycle
from accounts.delivery import states
from accounts.outbox import Outbox
from accounts.texts import name_for_mail
from tests.people import Person, accounts_of, browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from tests.people import Mailbox

EMAIL = "/api/v1/me/institution-email"


@pytest.fixture
def mails(bob: Person, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return address and text of the mails that are sent from now on."""
    assert bob
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(mailbox, "send", lambda to, _subject, text, _id: sent.append((to, text)))
    return sent


@pytest.fixture
def bob(app: Flask, logged_in: Callable[..., Person]) -> Person:
    """Owns `bob-1`, whose institution is `uni`."""
    bob = logged_in("Bob")
    made = bob.post("/api/v1/researchers/bob-1/claim", json={}).get_json()["id"]
    with accounts_of(app).begin() as session:
        lifecycle.approve(session, None, made, "Known to us.")
        institution_emails.add_domain(session, "uni.example", "uni")
    return bob


def link_in(mails: list[tuple[str, str]]) -> str:
    (found,) = re.findall(r"http://localhost(/account/profile/email/\S+)", mails[-1][1])
    return str(found)


def level(app: Flask) -> Any:
    with accounts_of(app).read() as session:
        return states.state_of(session, "bob-1", ["uni"])["verification_level"]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_proven_address_lifts_the_owner(app: Flask, bob: Person, mails: list[tuple[str, str]]) -> None:
    assert bob.post(EMAIL, json={"email": "Bob@CS.Uni.Example"}).status_code == 202
    assert mails[0][0] == "bob@cs.uni.example"
    link = link_in(mails)
    assert level(app) == 3
    for _ in range(2):
        page = bob.get(link)
        assert "Confirm bob@cs.uni.example" in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
    assert level(app) == 3
    assert bob.post(link).location == "/account/profile"
    assert level(app) == 4
    assert bob.get(EMAIL).get_json()["results"] == ["bob@cs.uni.example"]
    assert bob.get(link).status_code == bob.post(link).status_code == 404
    with accounts_of(app).read() as session:
        assert "bob@" not in str([row.detail for row in session.scalars(select(Audit))])
        assert session.scalars(select(Outbox.researcher_id)).all().count("bob-1") >= 3
    bob.post("/account/profile/email/forget", data={"email": "bob@cs.uni.example"})
    assert level(app) == 3


def test_a_link_is_of_use_to_nobody_else(
    app: Flask, bob: Person, logged_in: Callable[..., Person], mails: list[tuple[str, str]]
) -> None:
    bob.post("/account/profile/email", data={"email": "bob@uni.example"})
    link, eve = link_in(mails), logged_in("Eve")
    assert eve.get(link).status_code == eve.post(link).status_code == 404
    assert browser(app).post(link).location.startswith("/login?")
    assert bob.post(link, csrf=False).status_code == 400
    assert level(app) == 3
    assert eve.get(EMAIL).get_json()["results"] == []


@pytest.mark.parametrize(
    ("email", "status"),
    [
        ("bob@evil-uni.example", 409),
        ("bob@example.org", 409),
        ("no address", 422),
        ("bob@uni.example\nBcc: x@y.z", 422),
    ],
)
def test_other_addresses_get_no_mail(bob: Person, mails: list[tuple[str, str]], email: str, status: int) -> None:
    answer = bob.post(EMAIL, json={"email": email})
    assert answer.status_code == status
    assert list(answer.get_json(force=True)["errors"]) == ["email"]
    assert mails == []


def test_one_address_is_not_flooded(bob: Person, mails: list[tuple[str, str]]) -> None:
    answers = [bob.post(EMAIL, json={"email": "bob@uni.example"}).status_code for _ in range(5)]
    assert answers == [202, 202, 202, 429, 429]
    assert len(mails) == 3


def test_the_mail_says_who_asks(bob: Person, mails: list[tuple[str, str]]) -> None:
    bob.post(EMAIL, json={"email": "bob@uni.example"})
    assert mails[0][1].startswith("Bob, who owns the profile bob-1")


@pytest.mark.parametrize(
    ("name", "in_mail"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("J.R.R. Tolkien", "J.R.R. Tolkien"),
        ("Win at https://evil.example/x?y now", "Win at now"),
        ("See WWW.evil.example", "See"),
        ("evil.example/login", "evil. example/login"),
        ("a\r\nb", "a b"),
        ("https://evil.example", "A Peerscope user"),
    ],
)
def test_names_in_mails_have_no_links(name: str, in_mail: str) -> None:
    assert name_for_mail(name) == in_mail
