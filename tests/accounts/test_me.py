"""One's own account: changes, tokens, browsers, export, deletion."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select, update

from accounts import passwords
from accounts.audit import Audit
from accounts.base import now
from accounts.claims.models import Claim
from accounts.follows.models import Follow
from accounts.invitations.models import Block, Invitation, Message
from accounts.login.models import Account, ApiToken, Login
from accounts.me.export import own_rows
from accounts.models import Base
from accounts.outbox import Outbox
from tests.people import accounts_of, browser, log_in, program

if TYPE_CHECKING:
    from flask import Flask

    from tests.people import Mailbox, Person

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(app: Flask) -> Person:
    return log_in(app, "Ada", email="ada@example.org", password_hash=passwords.hash_password(PASSWORD))


def me(client: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/me").get_json(force=True)
    return found


def said(person: Person) -> str:
    """Return what the account's page says of the form before."""
    found = re.findall(r'class="note (?:done|wrong)"[^>]*>([^<]*)<', person.get("/account").text)
    return "".join(found)


# Name and settings


@pytest.mark.databases("sqlite", "postgresql")
def test_a_name_can_be_changed_and_the_log_keeps_that_but_no_name(app: Flask, ada: Person) -> None:
    answer = ada.patch("/api/v1/me", json={"name": "Ada Lovelace", "wants_digest": False})
    assert (answer.get_json()["name"], answer.get_json()["wants_digest"]) == ("Ada Lovelace", False)
    assert ada.patch("/api/v1/me", json={"name": "Ada Lovelace"}).status_code == 200
    with accounts_of(app).read() as session:
        rows = session.scalars(select(Audit)).all()
    assert [(row.action, row.detail) for row in rows] == [("account.change", {"fields": ["name", "wants_digest"]})]


@pytest.mark.parametrize("body", [{"email": "x@example.org"}, {"orcid": "0000-0002-1825-0097"}, {"is_admin": True}])
def test_only_what_is_offered_can_be_set(app: Flask, ada: Person, body: dict[str, Any]) -> None:
    before = me(ada)
    assert ada.patch("/api/v1/me", json=body).status_code == 422
    ada.post("/account", data={"name": "Ada", **body})
    assert me(ada) == before


@pytest.mark.parametrize("name", ["", "   ", "A" * 101, "A\u202eB", "A\0", 7, None])
def test_a_name_is_a_line_that_shows(ada: Person, name: Any) -> None:
    assert ada.patch("/api/v1/me", json={"name": name}).status_code == 422


def test_a_form_changes_the_same(ada: Person) -> None:
    assert ada.post("/account", data={"name": "<b>Ada</b>"}).location == "/account"
    page = ada.get("/account").text
    assert "Saved." in page
    assert "<b>Ada</b>" not in page
    assert (me(ada)["name"], me(ada)["wants_digest"]) == ("<b>Ada</b>", False)


def test_the_header_says_who_is_logged_in(app: Flask, ada: Person) -> None:
    assert 'title="Your account">Ada</a>' in ada.get("/register").text
    assert 'href="/login?next=/register"' in browser(app).get("/register").text


# Password and address


def test_a_new_password_needs_the_present_one_and_logs_out_elsewhere(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    elsewhere = browser(app)
    elsewhere.post("/login", data={"email": "ada@example.org", "password": PASSWORD})
    for form, words in (
        ({"current_password": "not it at all", "password": "an entirely new one"}, "not your current password"),
        ({"password": "an entirely new one"}, "not your current password"),
        ({"current_password": PASSWORD, "password": "short"}, "10 to 200"),
    ):
        ada.post("/account/password", data=form)
        assert words in said(ada)
    assert me(elsewhere)["name"] == "Ada"
    ada.post("/account/password", data={"current_password": PASSWORD, "password": "an entirely new one"})
    assert "password has been changed" in said(ada)
    assert me(elsewhere)["status"] == 401
    assert mailbox.sent[-1][:2] == ("ada@example.org", "Your Peerscope password has changed")


def test_a_new_address_is_proven_first_and_the_former_one_told(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    ada.post("/account/address", data={"current_password": PASSWORD, "email": "New@example.org"})
    link = mailbox.link("new@example.org")
    assert me(ada)["email"] == "ada@example.org"
    assert "Use new@example.org?" in ada.get(link).text
    assert browser(app).get(link).location == f"/login?next={'/'}"
    assert log_in(app, "Eve").post(link).status_code == 404
    ada.post(link)
    assert me(ada)["email"] == "new@example.org"
    assert mailbox.sent[-1][:2] == ("ada@example.org", "Your Peerscope e-mail address has changed")
    assert ada.post(link).status_code == 404


def test_an_address_of_another_account_is_not_given_away(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    log_in(app, "Bob", email="bob@example.org")
    for address in ("bob@example.org", "free@example.org"):
        ada.post("/account/address", data={"current_password": PASSWORD, "email": address})
        assert said(ada) == f"Open the link we sent to {address} to confirm the address."
    assert "another account already uses it" in mailbox.sent[0][2]


@pytest.mark.databases("sqlite", "postgresql")
def test_an_account_by_orcid_adds_an_address_and_a_password(app: Flask, mailbox: Mailbox) -> None:
    person = log_in(app, "Laure", orcid="0000-0001-5109-3700")
    person.post("/account/password", data={"password": "a good password"})
    assert "add an e-mail address first" in said(person)
    person.post("/account/address", data={"email": "laure@example.org"})
    person.post(mailbox.link("laure@example.org"))
    person.post("/account/password", data={"password": "a good password"})
    again = browser(app)
    again.post("/login", data={"email": "laure@example.org", "password": "a good password"})
    assert me(again)["id"] == person.account_id


# Tokens


def test_a_token_is_shown_once_and_works_until_it_ends(app: Flask, ada: Person) -> None:
    made = ada.post("/api/v1/me/tokens", json={"name": "notebook", "scopes": ["read", "follow"]})
    assert made.status_code == 201
    token = made.get_json()["token"]
    assert re.fullmatch(r"psk_[\w-]{43}", token)
    listed = ada.get("/api/v1/me/tokens")
    assert token not in listed.text
    (row,) = listed.get_json()["results"]
    assert (row["name"], row["scopes"], row["used_at"]) == ("notebook", ["follow", "read"], None)
    bearer = {"Authorization": f"Bearer {token}"}
    assert browser(app).get("/api/v1/me", headers=bearer).get_json()["scopes"] == ["follow", "read"]
    assert ada.delete(f"/api/v1/me/tokens/{row['id']}").status_code == 204
    assert browser(app).get("/api/v1/me", headers=bearer).status_code == 401
    assert ada.delete(f"/api/v1/me/tokens/{row['id']}").status_code == 404


def test_a_token_gives_no_more_than_its_maker_has(app: Flask, ada: Person) -> None:
    token = program(app, ada.account_id, "account", "read")
    assert token.post("/api/v1/me/tokens", json={"name": "x", "scopes": ["read"]}).status_code == 201
    for scopes in (["claim"], ["read", "collaborate"], ["admin"]):
        assert token.post("/api/v1/me/tokens", json={"name": "x", "scopes": scopes}).status_code == 403
    assert ada.post("/api/v1/me/tokens", json={"name": "x", "scopes": ["admin"]}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": ["everything"]},
        {"name": "", "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "days": 0},
        {"name": "x", "scopes": ["read"], "days": 367},
        {"name": "x", "scopes": "read"},
        {"name": "x"},
    ],
)
def test_a_token_that_cannot_be_is_refused(ada: Person, body: dict[str, Any]) -> None:
    assert ada.post("/api/v1/me/tokens", json=body).status_code == 422


def test_a_form_makes_a_token_and_ends_it(app: Flask, ada: Person) -> None:
    page = ada.post("/account/tokens", data={"name": "script", "scopes": ["read", "follow"], "days": "7"}).text
    (token,) = re.findall(r"<code>(psk_[\w-]{43})</code>", page)
    assert token not in ada.get("/account").text
    with accounts_of(app).read() as session:
        row = session.scalars(select(ApiToken)).one()
    assert row.expires_at is not None
    assert timedelta(days=6) < row.expires_at - now() <= timedelta(days=7)
    ada.post(f"/account/tokens/{row.id}/end")
    assert said(ada) == "The token has been revoked."


def test_tokens_are_not_without_end(app: Flask, ada: Person) -> None:
    for _ in range(50):
        program(app, ada.account_id, "read")
    answer = ada.post("/api/v1/me/tokens", json={"name": "x", "scopes": ["read"]})
    assert answer.status_code == 409


# Browsers


def test_browsers_are_listed_and_logged_out(app: Flask, ada: Person) -> None:
    phone = browser(app)
    form = {"email": "ada@example.org", "password": PASSWORD}
    phone.post("/login", data=form, headers={"User-Agent": "Phone <b>"})
    rows = {row["browser"]: row for row in ada.get("/api/v1/me/logins").get_json()["results"]}
    assert (rows["test"]["is_this"], rows["Phone <b>"]["is_this"]) == (True, False)
    assert "Phone <b>" not in ada.get("/account").text
    assert ada.delete(f"/api/v1/me/logins/{rows['Phone <b>']['id']}").status_code == 204
    assert me(phone)["status"] == 401
    phone.post("/login", data=form)
    assert ada.delete("/api/v1/me/logins").status_code == 204
    assert (me(ada)["status"], me(phone)["status"]) == (401, 401)


@pytest.mark.databases("sqlite", "postgresql")
def test_things_of_others_are_not_there(app: Flask, ada: Person) -> None:
    eve = log_in(app, "Eve")
    program(app, ada.account_id, "read")
    with accounts_of(app).read() as session:
        token = session.scalars(select(ApiToken.id)).one()
        login = session.scalars(select(Login.id).where(Login.account_id == ada.account_id)).one()
    for kind, id_ in (("tokens", token), ("logins", login)):
        theirs, nobodys = (eve.delete(f"/api/v1/me/{kind}/{one}") for one in (id_, "0" * 32))
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
        same = theirs.get_json(force=True)["detail"].replace(id_, "") == nobodys.get_json(force=True)["detail"].replace(
            "0" * 32, ""
        )
        assert same
    assert me(ada)["name"] == "Ada"


# Export and deletion


def everything(app: Flask, ada: Person, bob: Person) -> None:
    with accounts_of(app).begin() as session:
        session.add(Follow(account_id=ada.account_id, kind="researcher", target="r2", label="Bob"))
        session.add(Claim(account_id=ada.account_id, researcher_id="r1", status="verified", proof="admin"))
        session.add(Block(account_id=bob.account_id, blocked_id=ada.account_id))
        sides = {"sender_researcher_id": "r1", "recipient_researcher_id": "r2", "purpose": "talk", "message": "Hello"}
        invitation = Invitation(sender_id=ada.account_id, recipient_id=bob.account_id, status="accepted", **sides)
        session.add(invitation)
        session.flush()
        session.add(Message(invitation_id=invitation.id, sender_id=ada.account_id, key="1", body="From Ada"))


@pytest.mark.databases("sqlite", "postgresql")
def test_an_export_has_all_of_the_account_and_nothing_that_lets_in(app: Flask, ada: Person) -> None:
    everything(app, ada, log_in(app, "Bob"))
    program(app, ada.account_id, "read")
    answer = ada.get("/api/v1/me/export")
    found = answer.get_json()
    assert found["account"]["email"] == "ada@example.org"
    assert {name: len(rows) for name, rows in found["tables"].items() if rows} == {
        "login": 1,
        "api_token": 1,
        "claim": 1,
        "follow": 1,
        "invitation": 1,
        "message": 1,
        "audit": 1,
    }
    assert found["tables"]["audit"][0]["action"] == "account.export"
    assert 'digest"' not in answer.text.replace('wants_digest"', "")
    assert "$argon2" not in answer.text


@pytest.mark.databases("sqlite", "postgresql")
def test_every_table_that_knows_an_account_is_exported(app: Flask) -> None:
    knows = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in {"account", "claim", "invitation"}
    }
    assert {table.__tablename__ for table in own_rows("x")} == knows | {"audit"}


@pytest.mark.databases("sqlite", "postgresql")
def test_a_deleted_account_is_gone_and_what_others_need_stays(app: Flask, ada: Person) -> None:
    bob = log_in(app, "Bob")
    everything(app, ada, bob)
    token = program(app, ada.account_id, "read", "account")
    assert token.delete("/api/v1/me?confirm=yes").status_code == 400
    assert token.delete(f"/api/v1/me?confirm={ada.account_id}").status_code == 204
    assert (me(ada)["status"], me(token)["status"]) == (401, 401)
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account.name)).all() == ["Bob"]
        assert session.scalars(select(Block.blocked_id)).all() == [None]
        for table in (Follow, Claim, ApiToken):
            assert session.scalars(select(func.count()).select_from(table)).one() == 0
        assert session.scalars(select(Message.body)).all() == ["From Ada"]
        assert session.scalars(select(Invitation.sender_id)).all() == [None]
        assert session.scalars(select(Outbox.researcher_id).order_by(Outbox.id)).all() == ["r1", "r2"]
        assert session.scalars(select(Audit.actor_id).where(Audit.action == "account.delete")).one() == ada.account_id


@pytest.mark.parametrize("body", [None, {}, {"current_password": "not it at all"}])
def test_a_browser_that_was_left_open_deletes_nothing(ada: Person, body: dict[str, str] | None) -> None:
    sent = {} if body is None else {"json": body}
    assert ada.delete(f"/api/v1/me?confirm={ada.account_id}", **sent).status_code == 403
    assert me(ada)["name"] == "Ada"
    assert ada.delete(f"/api/v1/me?confirm={ada.account_id}", json={"current_password": PASSWORD}).status_code == 204
    assert me(ada)["status"] == 401


@pytest.mark.parametrize("scope", ["account", "admin"])
def test_a_browser_that_was_left_open_makes_no_key_to_everything(app: Flask, scope: str) -> None:
    hashed = passwords.hash_password(PASSWORD)
    root = log_in(app, "Root", email="root@example.org", password_hash=hashed, admin=True)
    body: dict[str, Any] = {"name": "x", "scopes": ["read", scope], "days": None}
    assert root.post("/api/v1/me/tokens", json=body).status_code == 403
    assert root.post("/api/v1/me/tokens", json={**body, "current_password": PASSWORD}).status_code == 201
    page = root.post("/account/tokens", data={"name": "for <b>backups", "scopes": ["read", scope], "days": "7"})
    assert page.status_code == 403
    assert "not your current password" in page.text
    for kept in ('value="for &lt;b&gt;backups"', f'value="{scope}" checked', 'value="7"', "<details open>"):
        assert kept in page.text
    assert 'value="follow" checked' not in page.text


@pytest.mark.parametrize("way", ["page", "api", "password"])
@pytest.mark.parametrize("tokens", [False, True])
def test_logging_out_everywhere_ends_tokens_where_asked(app: Flask, ada: Person, way: str, tokens: bool) -> None:
    token = program(app, ada.account_id, "read")
    form = {"tokens": "true"} if tokens else {}
    if way == "page":
        answer = ada.post("/account/logins/end", data=form)
    elif way == "api":
        answer = ada.delete("/api/v1/me/logins", query_string=form)
    else:
        answer = ada.post(
            "/account/password", data={**form, "current_password": PASSWORD, "password": "an entirely new one"}
        )
    assert answer.status_code in {204, 303}
    assert token.get("/api/v1/me").status_code == (401 if tokens else 200)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_cookie_that_was_just_renewed_is_dropped_all_the_same(app: Flask, ada: Person) -> None:
    with accounts_of(app).begin() as session:
        session.execute(update(Login).values(seen_at=now() - timedelta(hours=2)))
    ada.post("/account/logins/end", data={})
    assert ada.get_cookie("peerscope_login") is None


def test_an_address_that_is_refused_stays_in_its_field(ada: Person) -> None:
    page = ada.post("/account/address", data={"current_password": "not it", "email": "new@example.org"})
    assert page.status_code == 403
    assert 'value="new@example.org"' in page.text


def test_an_export_names_no_other_account(app: Flask, ada: Person) -> None:
    bob = log_in(app, "Bob")
    everything(app, ada, bob)
    with accounts_of(app).read() as session:
        id_ = session.scalars(select(Invitation.id)).one()
    bob.post("/api/v1/me/blocks", json={"invitation": id_})
    ada.post("/api/v1/me/blocks", json={"invitation": id_})
    for mine, other in ((ada, bob), (bob, ada)):
        exported = mine.get("/api/v1/me/export").text
        assert mine.account_id in exported
        assert other.account_id not in exported


def test_deleting_by_form_asks_for_name_and_password(app: Flask, ada: Person) -> None:
    for form in (
        {"name": "Ada"},
        {"name": "Bob", "current_password": PASSWORD},
        {"name": "Ada", "current_password": "not it"},
    ):
        ada.post("/account/delete", data=form)
        assert said(ada)
    assert ada.post("/account/delete", data={"name": "Ada", "current_password": PASSWORD}).location == "/"
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account)).all() == []
    assert "Your account has been deleted." in ada.get("/register").text


def test_a_suspended_account_sees_no_page_of_its_own(app: Flask, ada: Person) -> None:
    with accounts_of(app).begin() as session:
        session.execute(update(Account).values(suspended_at=now()))
    answer = ada.get("/account")
    assert (answer.status_code, "suspended" in answer.text) == (403, True)
