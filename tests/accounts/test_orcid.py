"""In by ORCID, against a provider that speaks the real protocol over HTTP: see `tests/orcid.py`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey
from sqlalchemy import select

from accounts import passwords
from accounts.claims.models import Claim
from accounts.login import orcid
from accounts.login.models import Account
from accounts.login.orcid import is_orcid
from tests.orcid import CLIENT, PEOPLE
from tests.people import accounts_of, browser, log_in, use_settings

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

    from tests.orcid import Provider
    from tests.people import Mailbox, Person

JOSIAH, LAURE, ADA = PEOPLE


def at_orcid(address: str, pick: str) -> str:
    """Follow the browser to ORCID, pick an iD there, and give the path that it is sent back to."""
    page = requests.get(address, timeout=5)
    page.raise_for_status()
    assert JOSIAH in page.text
    answer = requests.get(f"{address}&{urlencode({'pick': pick})}", timeout=5, allow_redirects=False)
    return answer.headers["Location"].removeprefix("http://localhost")


def through(person: Person, pick: str = JOSIAH, start: str = "/login/orcid", **form: str) -> Any:
    departed = person.post(start, data=form)
    assert departed.status_code == 302, departed.text
    return person.get(at_orcid(departed.location, pick))


def me(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = person.get("/api/v1/me").get_json(force=True)
    return found


def test_the_first_log_in_makes_the_account_and_the_next_finds_it(app: Flask, orcid_provider: Provider) -> None:
    first, second = browser(app), browser(app)
    answer = through(first, next="/researchers/x?page=2")
    assert (answer.status_code, answer.location) == (303, "/researchers/x?page=2")
    assert (me(first)["name"], me(first)["orcid"], me(first)["email"]) == ("Josiah Carberry", JOSIAH, None)
    through(second)
    assert me(second)["id"] == me(first)["id"]


def test_what_goes_to_orcid_is_bound_to_this_browser(app: Flask, orcid_provider: Provider) -> None:
    person, victim = browser(app), browser(app)
    departed = person.post("/login/orcid")
    asked = parse_qs(urlsplit(departed.location).query)
    assert {"state", "nonce", "code_challenge"} <= asked.keys()
    assert asked["scope"] == ["openid"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost/login/orcid/callback"]
    back = at_orcid(departed.location, JOSIAH)
    assert victim.get(back).status_code == 400
    assert me(victim)["status"] == 401
    assert person.get(back).status_code == 303
    assert person.get(back).status_code == 400, "an answer works once"


def test_where_to_go_back_to_is_always_here(app: Flask, orcid_provider: Provider) -> None:
    assert through(browser(app), next="//x.example/").location == "/"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": "another", "azp": CLIENT["client_id"]},
        {"aud": ["another"], "azp": CLIENT["client_id"]},
        {"aud": [CLIENT["client_id"], "another"], "azp": CLIENT["client_id"]},
        {"aud": CLIENT["client_id"], "azp": "another"},
        {"aud": []},
        {"aud": None},
        {"iss": None},
        {"nonce": None},
        {"exp": None},
        {"nonce": "another"},
        {"exp": 1},
        {"sub": "not-an-orcid"},
        {"sub": "0000-0002-1825-0098"},
        {"sub": None},
    ],
)
def test_an_id_token_that_is_not_right_lets_nobody_in(
    app: Flask, orcid_provider: Provider, claims: dict[str, Any]
) -> None:
    orcid_provider.claims = claims
    person = browser(app)
    assert through(person).status_code == 400
    assert me(person)["status"] == 401
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account)).all() == []


def test_an_id_token_of_another_signer_lets_nobody_in(app: Flask, orcid_provider: Provider) -> None:
    orcid_provider.signer = RSAKey.generate_key(2048, {"kid": "one"})
    assert through(browser(app)).status_code == 400


def test_who_is_denied_is_told(app: Flask, orcid_provider: Provider) -> None:
    answer = through(browser(app), pick="no")
    assert answer.status_code == 403
    assert "You declined the request at ORCID" in answer.text


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=y", "?error=server_error", "?error=%3Cscript%3E"])
def test_a_callback_that_nobody_asked_for_is_refused(app: Flask, orcid_provider: Provider, query: str) -> None:
    answer = browser(app).get(f"/login/orcid/callback{query}")
    assert answer.status_code == 400
    assert "<script>" not in answer.text.replace('<script type="module"', "")


def test_with_orcid_away_the_page_says_so(app: Flask, orcid_provider: Provider) -> None:
    orcid_provider.issuer = "https://evil.example"
    assert browser(app).post("/login/orcid").status_code == 503
    use_settings(app, orcid_issuer="http://127.0.0.1:9")
    answer = browser(app).post("/login/orcid")
    assert answer.status_code == 503
    assert "ORCID is not responding" in answer.text


def test_without_settings_no_page_offers_orcid(app: Flask) -> None:
    person = log_in(app, "Bob", email="bob@example.org")
    for reader, path in ((browser(app), "/login"), (browser(app), "/register"), (person, "/account")):
        assert "ORCID" not in reader.get(path).text
    answer = browser(app).post("/login/orcid")
    assert answer.status_code == 503
    assert "ORCID sign-in is not available here" in answer.text


def test_the_form_may_lead_to_orcid_and_nowhere_else(app: Flask, orcid_provider: Provider) -> None:
    for person, path in ((browser(app), "/login"), (log_in(app, "Bob"), "/account")):
        policy = person.get(path).headers["Content-Security-Policy"]
        assert re.findall(r"form-action ([^;]+)", policy) == [f"'self' {orcid_provider.url}"]


# Linking to an account that is there


def test_an_account_links_its_orcid_id_and_then_logs_in_with_it(app: Flask, orcid_provider: Provider) -> None:
    bob = log_in(app, "Bob", email="bob@example.org")
    assert through(bob, start="/account/orcid").location == "/account"
    assert (me(bob)["orcid"], me(bob)["name"]) == (JOSIAH, "Bob")
    other = browser(app)
    through(other)
    assert me(other)["id"] == bob.account_id


def test_linking_asks_for_the_password_and_is_told_by_mail(
    app: Flask, orcid_provider: Provider, mailbox: Mailbox
) -> None:
    """A minute at a browser that was left open makes no other way in."""
    hashed = passwords.hash_password("a good password")
    ada = log_in(app, "Ada", email="ada@example.org", password_hash=hashed)
    for form in ({}, {"current_password": "not it at all"}):
        assert ada.post("/account/orcid", data=form).location == "/account"
    assert "not your current password" in ada.get("/account").text
    assert through(ada, start="/account/orcid", current_password="a good password").location == "/account"
    assert me(ada)["orcid"] == JOSIAH
    ((address, subject, text),) = mailbox.sent
    assert (address, subject) == ("ada@example.org", "An ORCID iD was linked to your Peerscope account")
    assert JOSIAH in text
    through(ada, start="/account/orcid", current_password="a good password")
    assert len(mailbox.sent) == 1


def test_a_reset_names_the_orcid_id_that_still_lets_in(app: Flask, mailbox: Mailbox) -> None:
    log_in(app, "Ada", email="ada@example.org", orcid=JOSIAH)
    person = browser(app)
    person.post("/reset", data={"email": "ada@example.org"})
    link = mailbox.link("ada@example.org")
    assert f"{JOSIAH} can also log in to this account" in mailbox.sent[0][2]
    assert JOSIAH in person.get(link).text
    assert JOSIAH in person.post(link, data={"password": "short"}).text


@pytest.mark.databases("sqlite", "postgresql")
def test_two_first_log_ins_at_once_make_one_account(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = orcid.by_orcid, []

    def blind_once(session: Session, given: str) -> Account | None:
        seen.append(given)
        return None if len(seen) == 1 else real(session, given)

    log_in(app, "Josiah", orcid=JOSIAH)
    monkeypatch.setattr(orcid, "by_orcid", blind_once)
    with app.test_request_context("/"):
        assert orcid.log_in(JOSIAH, "Josiah")
    with accounts_of(app).read() as session:
        assert len(session.scalars(select(Account)).all()) == 1


@pytest.mark.parametrize("name", ["A\u202eB", "A\0B", " \n "])
def test_a_name_that_does_not_show_is_not_taken_from_orcid(app: Flask, orcid_provider: Provider, name: str) -> None:
    orcid_provider.claims = {"given_name": name, "family_name": None}
    person = browser(app)
    through(person)
    assert me(person)["name"] == JOSIAH


def test_an_orcid_id_belongs_to_one_account_and_an_account_has_one(app: Flask, orcid_provider: Provider) -> None:
    log_in(app, "Josiah", orcid=JOSIAH)
    bob, laure = log_in(app, "Bob"), log_in(app, "Laure", orcid=LAURE)
    assert through(bob, start="/account/orcid").status_code == 409
    assert me(bob)["orcid"] is None
    assert through(laure, pick=ADA, start="/account/orcid").status_code == 409
    assert through(laure, pick=LAURE, start="/account/orcid").status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
def test_linking_holds_only_for_who_began_it(app: Flask, orcid_provider: Provider) -> None:
    bob = log_in(app, "Bob")
    departed = bob.post("/account/orcid")
    eve = log_in(app, "Eve").get_cookie("peerscope_login")
    assert eve is not None
    bob.set_cookie("peerscope_login", eve.value)
    assert bob.get(at_orcid(departed.location, JOSIAH)).status_code == 400
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account.orcid)).all() == [None, None]


@pytest.mark.databases("sqlite", "postgresql")
def test_an_orcid_id_is_taken_off_only_when_nothing_rests_on_it(app: Flask) -> None:
    only, both, owner = (
        log_in(app, "A", orcid=JOSIAH),
        log_in(app, "B", orcid=LAURE, email="b@example.org", password_hash=None),
        log_in(app, "C", orcid=ADA, email="c@example.org"),
    )
    with accounts_of(app).begin() as session:
        for person in (both, owner):
            session.get_one(Account, person.account_id).password_hash = passwords.hash_password("a good password")
        session.add(Claim(account_id=owner.account_id, researcher_id="r", status="verified", proof="orcid"))
    for person, left in ((only, JOSIAH), (owner, ADA), (both, None)):
        person.post("/account/orcid/unlink", data={"current_password": "a good password"})
        assert me(person)["orcid"] == left


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *((one, True) for one in PEOPLE),
        ("0000-0002-1825-0098", False),
        ("0000-0002-1694-2330", False),
        ("https://orcid.org/0000-0002-1825-0097", False),
        ("0000-0002-1825-009\u0667", False),
        ("", False),
    ],
)
def test_an_orcid_id_has_a_check_digit(text: str, is_one: bool) -> None:
    assert is_orcid(text) is is_one
