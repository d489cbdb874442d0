"""What people come for is completed after the log-in, and what they wait for reaches their inbox and mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from sqlalchemy import select

from accounts import passwords
from accounts.claims import lifecycle
from accounts.claims.models import Claim
from accounts.follows.models import Follow
from accounts.follows.welcome import target_at
from accounts.invitations import conversations
from accounts.invitations import service as invitations
from accounts.invitations.models import Invitation
from accounts.login.models import Account
from accounts.moderation import service as moderation
from accounts.notifications import Notification, count_unread
from tests.accounts.conftest import NoOpenSearch
from tests.people import accounts_of, browser, log_in

if TYPE_CHECKING:
    from flask import Flask

    from tests.orcid import Provider
    from tests.people import Mailbox, Person

PASSWORD = "correct horse battery"
BARE = {"works_count": 2, "affiliations": [{"name": "Uni"}], "institutions": [], "orcid": None, "claimed": False}
ADA = {**BARE, "id": "ada-1", "name": "Ada Lovelace", "name_variants": ["A. Lovelace"]}
WORKS = {
    "arxiv:1": {"id": "arxiv:1", "researchers": [{"id": "x", "name": "Lovelace, A.", "name_variants": []}]},
    "arxiv:2": {"id": "arxiv:2", "researchers": [{"id": "y", "name": "Yoshua Bengio", "name_variants": None}]},
}


class Few(NoOpenSearch):
    """Holds one researcher and two works."""

    def get(self, index: str, id: str, *_: Any, **__: Any) -> dict[str, Any]:  # noqa: A002
        found = {"t-researchers": {"ada-1": ADA}, "t-works": WORKS}.get(index, {}).get(id)
        return {"found": found is not None, "_source": found}

    def mget(self, body: dict[str, Any], index: str = "", params: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"docs": [{"_id": id_, **self.get(index, id_)} for id_ in body["ids"]]}


@pytest.fixture
def opensearch() -> Few:
    return Few()


@pytest.fixture
def ada(app: Flask) -> Person:
    return log_in(app, "Ada", email="ada@example.org", password_hash=passwords.hash_password(PASSWORD))


def follows(app: Flask) -> list[tuple[str, str]]:
    with accounts_of(app).read() as session:
        return [(row.kind, row.target) for row in session.scalars(select(Follow))]


FOLLOW = {"next": "/researchers/ada-1", "for": "follow"}


def test_registering_completes_the_follow_that_led_to_it(app: Flask, mailbox: Mailbox) -> None:
    person = browser(app)
    login = person.get("/login", query_string=FOLLOW).text
    assert 'name="for" value="follow"' in login
    assert "/register?next=/researchers/ada-1&amp;for=follow" in login
    assert 'name="next" value="/researchers/ada-1"' in person.get("/register", query_string=FOLLOW).text
    person.post("/register", data={"email": "new@example.org", **FOLLOW})
    link = mailbox.link("new@example.org")
    answer = person.post(link, data={"name": "New", "password": PASSWORD})
    assert answer.location == "/welcome/continue"
    assert person.get(answer.location).location == "/researchers/ada-1"
    assert follows(app) == [("researcher", "ada-1")]
    # Once: the page follows nothing again.
    assert person.get("/welcome/continue").location == "/"


def test_logging_in_does_so_too(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    person = browser(app)
    form = {"email": "ada@example.org", "password": PASSWORD, **FOLLOW}
    assert person.post("/login", data=form).location == "/welcome/continue"
    person.get("/welcome/continue")
    assert follows(app) == [("researcher", "ada-1")]
    ada.delete("/api/v1/me/follows/researcher/ada-1")
    other = browser(app)
    other.post("/login/link", data={"email": "ada@example.org", **FOLLOW})
    assert other.post(mailbox.link("ada@example.org")).location == "/welcome/continue"
    other.get("/welcome/continue")
    assert follows(app) == [("researcher", "ada-1")]


def test_so_does_orcid(app: Flask, orcid_provider: Provider) -> None:
    person = browser(app)
    away = person.post("/login/orcid", data=FOLLOW)
    page = _fetch(f"{away.location}&pick=0000-0002-1825-0097")
    answer = person.get(page.removeprefix("http://localhost"))
    assert answer.location == "/welcome/continue"
    person.get(answer.location)
    assert follows(app) == [("researcher", "ada-1")]


def _fetch(address: str) -> str:
    return str(requests.get(address, allow_redirects=False, timeout=10).headers["Location"])


def test_a_link_of_another_site_follows_nothing(app: Flask, ada: Person) -> None:
    assert ada.get("/welcome/continue", query_string=FOLLOW).location == "/"
    assert follows(app) == []


def test_what_cannot_be_followed_is_said_and_nobody_is_stuck(app: Flask, ada: Person) -> None:
    person = browser(app)
    form = {"email": "ada@example.org", "password": PASSWORD, "next": "/researchers/nobody", "for": "follow"}
    person.post("/login", data=form)
    assert person.get("/welcome/continue").location == "/researchers/nobody"
    assert follows(app) == []


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/researchers/a%20b", ("researcher", "a b")),
        ("/topics/cs.LG", ("topic", "cs.LG")),
        ("/institutions/ror:046rm7j60", ("institution", "ror:046rm7j60")),
        ("/search?q=x", ("search", "q=x")),
        ("/search", None),
        ("/works/arxiv:1", None),
        ("/researchers/", None),
        ("/", None),
    ],
)
def test_a_page_names_what_is_followed(path: str, target: tuple[str, str] | None) -> None:
    assert target_at(path) == target


def test_a_new_account_without_an_aim_is_welcomed(app: Flask, mailbox: Mailbox) -> None:
    person = browser(app)
    person.post("/register", data={"email": "new@example.org"})
    answer = person.post(mailbox.link("new@example.org"), data={"name": "Ada Low", "password": PASSWORD})
    assert answer.location == "/welcome"
    page = person.get("/welcome").text
    assert "/researchers?q=Ada+Low" in page
    assert "Follow three topics" in page


def test_a_claim_that_led_to_registering_is_next(app: Flask, mailbox: Mailbox) -> None:
    person = browser(app)
    there = {"next": "/researchers/ada-1/claim", "for": "claim"}
    person.post("/register", data={"email": "new@example.org", **there})
    answer = person.post(mailbox.link("new@example.org"), data={"name": "Ada", "password": PASSWORD})
    assert answer.location == "/researchers/ada-1/claim"
    assert "Submit claim" in person.get(answer.location).text


# Notifications


def told(app: Flask, account_id: str) -> list[tuple[str, str]]:
    with accounts_of(app).read() as session:
        query = select(Notification).where(Notification.account_id == account_id).order_by(Notification.created_at)
        return [(row.kind, row.about) for row in session.scalars(query)]


@pytest.mark.databases("sqlite", "postgresql")
def test_decisions_on_a_claim_are_told_and_waiting_ones_to_administrators(
    app: Flask, ada: Person, mailbox: Mailbox
) -> None:
    root = log_in(app, "Root", admin=True, email="root@example.org")
    made = ada.post("/api/v1/researchers/ada-1/claim", json={"statement": "Me."}).get_json()
    assert told(app, root.account_id) == [("waiting", "claim")]
    assert "A claim waits for a decision." in mailbox.sent[-1][2]
    root.post(f"/api/v1/admin/claims/{made['id']}/approve", json={"reason": "Known to us."})
    to, _, text = mailbox.sent[-1]
    assert (to, "the profile is yours. Reason: Known to us." in text) == ("ada@example.org", True)
    (found,) = ada.get("/api/v1/me/notifications").get_json()["results"]
    assert (found["kind"], found["path"], found["read_at"]) == ("claim", "/researchers/ada-1", None)
    page = ada.get("/inbox").text
    assert "Your claim was verified: the profile is yours. Reason: Known to us." in page
    assert ada.post("/api/v1/me/notifications/read").get_json() == {"unread": 0}
    # One's own decision is no news.
    count = len(mailbox.sent)
    ada.delete("/api/v1/researchers/ada-1/claim")
    assert len(mailbox.sent) == count


def test_mail_of_a_kind_can_be_turned_off_and_the_inbox_still_has_it(app: Flask, ada: Person, mailbox: Mailbox) -> None:
    form = {"name": "Ada", "mailed": ["", "message"]}
    assert ada.post("/account", data=form).status_code == 303
    muted = ada.get("/api/v1/me").get_json()["muted"]
    assert "claim" in muted
    assert "message" not in muted
    assert ada.post("/account", data={"name": "Ada"}).status_code == 303  # a form without the boxes changes none
    assert ada.get("/api/v1/me").get_json()["muted"] == muted
    made = ada.post("/api/v1/researchers/ada-1/claim", json={}).get_json()
    with accounts_of(app).begin() as session:
        lifecycle.reject(session, None, made["id"], "No.")
    assert mailbox.sent == []
    assert told(app, ada.account_id) == [("claim", made["id"])]
    assert ada.patch("/api/v1/me", json={"muted": ["else"]}).status_code == 422
    assert ada.patch("/api/v1/me", json={"muted": []}).get_json()["muted"] == []


@pytest.mark.databases("sqlite", "postgresql")
def test_answers_messages_and_reports_are_told_once_until_they_are_read(
    app: Flask, ada: Person, mailbox: Mailbox
) -> None:
    bob = log_in(app, "Bob", email="bob@example.org")
    with accounts_of(app).begin() as session:
        for person, profile in ((ada, "ada-1"), (bob, "bob-1")):
            session.add(Claim(account_id=person.account_id, researcher_id=profile, status="verified", proof="admin"))
        sides = {"sender_id": ada.account_id, "recipient_id": bob.account_id}
        profiles = {"sender_researcher_id": "ada-1", "recipient_researcher_id": "bob-1"}
        session.add(Invitation(id="0" * 32, **sides, **profiles, purpose="talk", message="Hello"))
    with app.test_request_context(), accounts_of(app).begin() as session:
        invitations.accept(session, bob.account_id, "0" * 32)
        for number in range(3):
            conversations.write(session, ada.account_id, "0" * 32, f"Text {number}", str(number))
        report = moderation.report(session, bob.account_id, "0" * 32, "Rude.")
        moderation.decide(session, report.id, None, uphold=False, reason="Not rude.")
    assert told(app, ada.account_id) == [("invitation", "0" * 32)]
    assert told(app, bob.account_id) == [("message", "0" * 32), ("report", "0" * 32)]
    texts = [(to, text.partition("\n")[0]) for to, _, text in mailbox.sent]
    assert texts == [
        ("ada@example.org", "Your invitation was accepted. You can now write to each other."),
        ("bob@example.org", "You have a new message."),
        ("bob@example.org", "Your report was dismissed."),
    ]
    assert "Text 0" not in str(mailbox.sent)
    with accounts_of(app).begin() as session:
        conversations.mark_read(session, bob.account_id, "0" * 32)
        assert count_unread(session, bob.account_id) == 0


def test_a_deleted_account_leaves_no_notification(app: Flask, ada: Person) -> None:
    ada.post("/api/v1/researchers/ada-1/claim", json={})
    with accounts_of(app).begin() as session:
        lifecycle.reject(session, None, session.scalars(select(Claim.id)).one(), "No.")
        session.delete(session.get_one(Account, ada.account_id))
    assert told(app, ada.account_id) == []


# Works, and what administrators see


@pytest.fixture
def owner(app: Flask, ada: Person) -> Person:
    with accounts_of(app).begin() as session:
        session.add(Claim(account_id=ada.account_id, researcher_id="ada-1", status="verified", proof="admin"))
    return ada


def test_a_work_without_a_name_like_the_owners_is_refused_at_once(owner: Person) -> None:
    assert owner.put("/api/v1/me/works/arxiv:1", json={"is_mine": True}).status_code == 200
    answer = owner.put("/api/v1/me/works/arxiv:2", json={"is_mine": True})
    assert (answer.status_code, "None of the authors" in answer.get_json()["detail"]) == (409, True)
    assert owner.put("/api/v1/me/works/arxiv:2", json={"is_mine": False}).status_code == 200


def test_a_mistyped_work_keeps_the_form(owner: Person) -> None:
    answer = owner.post("/account/profile/works", data={"work": "arxiv:nope", "saying": "mine"})
    assert answer.status_code == 422
    assert 'value="arxiv:nope"' in answer.text


def test_an_administrator_sees_what_speaks_for_a_claim(app: Flask, ada: Person) -> None:
    root = log_in(app, "Root", admin=True)
    ada.post("/api/v1/researchers/ada-1/claim", json={"statement": "Me."})
    (claim,) = root.get("/api/v1/admin/claims").get_json()["results"]
    assert (claim["account_email_domain"], claim["record_affiliations"]) == ("example.org", ["Uni"])
    assert "ada@" not in str(claim)
    page = root.get("/admin").text
    assert "E-mail domain: example.org" in page
    assert "Record: Uni" in page
    log = root.get("/admin/audit").text
    assert f'title="{ada.account_id}">Ada</a>' in log
    assert "Ada Lovelace" in log
