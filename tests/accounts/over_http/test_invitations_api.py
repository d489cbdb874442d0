"""Invitations over HTTP: from the first to the block, and what is not one's own is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opensearchpy.exceptions import ConnectionError as OpenSearchUnreachable

from accounts.login.models import Account
from search_api.http.services import KEY
from tests.people import Mailbox, Person, accounts_of, log_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

NEW = {"purpose": "review", "works": ["10.5555/1", "arxiv:1", "arxiv:2"], "message": "Shall we?", "key": "k1"}


def invited(sender: Person, to: str = "r-bob", **more: Any) -> dict[str, Any]:
    answer = sender.post(f"/api/v1/researchers/{to}/invitations", json={**NEW, **more})
    assert answer.status_code == 201, answer.get_json(force=True)
    made: dict[str, Any] = answer.get_json()
    return made


def status(person: Person, method: str, path: str, **json: Any) -> int:
    options: dict[str, Any] = {"json": json} if json else {}
    return person.open(path, method=method, **options).status_code


@pytest.mark.databases("sqlite", "postgresql")
def test_from_an_invitation_to_a_conversation(owner: Callable[[str], Person]) -> None:
    ada, bob = owner("ada"), owner("bob")
    made = invited(ada, "old-bob")
    assert [work["title"] for work in made["works"]] == ["On engines", "On engines"]
    assert made["sender"] == {"name": "Ada", "researcher_id": "r-ada", "is_you": True}
    assert made["recipient"] == {"name": "Bob", "researcher_id": "r-bob", "is_you": False}
    assert bob.get("/api/v1/me/unread").get_json() == {"invitations": 1, "messages": 0, "total": 1}
    address = made["links"]["self"]
    assert bob.post(f"{address}/accept").get_json()["status"] == "accepted"
    said = [ada.post(made["links"]["messages"], json={"body": " Good \n", "key": "m"}) for _ in range(2)]
    assert said[0].get_json() == said[1].get_json()
    assert said[0].get_json()["body"] == "Good"
    (heard,) = bob.get(made["links"]["messages"]).get_json()["results"]
    assert (heard["body"], heard["is_yours"]) == ("Good", False)
    assert bob.get(address).get_json()["unread"] == 1
    assert bob.post(f"{address}/read").get_json()["unread"] == 0
    for person, box in ((ada, "sent"), (bob, "received")):
        (one,) = person.get("/api/v1/me/invitations", query_string={"box": box}).get_json()["results"]
        assert one["id"] == made["id"]
        other = "received" if box == "sent" else "sent"
        assert person.get("/api/v1/me/invitations", query_string={"box": other}).get_json()["results"] == []


@pytest.mark.databases("sqlite", "postgresql")
def test_an_invitation_is_mailed_once_and_without_its_message(
    app: Flask, mailbox: Mailbox, owner: Callable[[str], Person]
) -> None:
    ada, bob = owner("ada"), owner("bob")
    with accounts_of(app).begin() as session:
        session.get_one(Account, bob.account_id).email = "bob@example.org"
        session.get_one(Account, ada.account_id).name = "Ada\r\nBcc: all@example.org"
    made = invited(ada)
    assert invited(ada)["id"] == made["id"]
    ((to, subject, text),) = mailbox.sent
    assert (to, subject) == ("bob@example.org", "Ada Bcc: all@example. org has invited you to collaborate")
    assert f"http://localhost/inbox/{made['id']}" in text
    assert made["message"] not in text


def test_conversations_are_read_and_written_while_opensearch_is_away(
    app: Flask, owner: Callable[[str], Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, bob = owner("ada"), owner("bob")
    made = invited(ada)

    def away(*_: Any, **__: Any) -> None:
        raise OpenSearchUnreachable("N/A", "away", None)

    for name in ("get", "mget", "search"):
        monkeypatch.setattr(app.extensions[KEY].client, name, away)
    assert status(bob, "POST", f"{made['links']['self']}/accept") == 200
    assert status(ada, "POST", made["links"]["messages"], body="Good", key="m") == 201
    shown = bob.get(made["links"]["html"])
    assert shown.status_code == 200
    assert "Good" in shown.get_data(as_text=True)
    assert status(ada, "POST", "/api/v1/researchers/r-bob/invitations", **NEW) == 503


def test_no_answer_names_an_account(owner: Callable[[str], Person]) -> None:
    ada, bob = owner("ada"), owner("bob")
    made = invited(ada)
    bob.post(f"{made['links']['self']}/accept")
    ada.post(made["links"]["messages"], json={"body": "Good", "key": "m"})
    for path in (made["links"]["self"], made["links"]["messages"], "/api/v1/me/invitations"):
        text = bob.get(path).get_data(as_text=True)
        assert ada.account_id not in text
        assert bob.account_id not in text


def test_what_is_not_ones_own_is_not_there(app: Flask, owner: Callable[[str], Person]) -> None:
    ada, eve, root = owner("ada"), owner("eve"), log_in(app, "Root", admin=True)
    owner("bob")
    address = invited(ada)["links"]["self"]
    for person in (eve, root):
        for path in (address, address.replace(address[-8:], "00000000"), "/api/v1/me/invitations/%00"):
            assert status(person, "GET", path) == 404
            assert status(person, "GET", f"{path}/messages") == 404
            assert status(person, "POST", f"{path}/messages", body="Hello", key="k") == 404
            for action in ("accept", "decline", "withdraw", "read"):
                assert status(person, "POST", f"{path}/{action}") == 404
        id_ = address.rpartition("/")[2]
        assert status(person, "POST", "/api/v1/me/blocks", invitation=id_) == 404
        assert status(person, "POST", "/api/v1/me/reports", invitation=id_, reason="x") == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"purpose": "spam"}, "purpose"),
        ({"works": ["arxiv:none"]}, "works"),
        ({"works": [f"arxiv:{n}" for n in range(1, 7)]}, "works"),
        ({"message": " \n "}, "message"),
        ({"message": "x" * 2_001}, "message"),
        ({"message": "\0"}, "message"),
        ({"key": ""}, "key"),
        ({"status": "accepted"}, "status"),
        ({"sender_id": "another"}, "sender_id"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_name(
    owner: Callable[[str], Person], change: dict[str, Any], field: str
) -> None:
    ada = owner("ada")
    owner("bob")
    answer = ada.post("/api/v1/researchers/r-bob/invitations", json={**NEW, **change})
    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"].keys() == {field}


def test_who_may_invite_whom(app: Flask, owner: Callable[[str], Person]) -> None:
    ada, nobody = owner("ada"), log_in(app, "Nobody")
    answer = nobody.post("/api/v1/researchers/r-ada/invitations", json=NEW)
    assert (answer.status_code, answer.get_json(force=True)["detail"][:22]) == (409, "Claim your own profile")
    assert status(ada, "POST", "/api/v1/researchers/r-bob/invitations", **NEW) == 409
    assert status(ada, "POST", "/api/v1/researchers/nothing/invitations", **NEW) == 404


def test_a_blocked_account_learns_nothing(owner: Callable[[str], Person]) -> None:
    ada, bob, eve = owner("ada"), owner("bob"), owner("eve")
    to_bob, to_eve = invited(ada), invited(ada, "r-eve", key="k2")
    bob.post(f"{to_bob['links']['self']}/decline")
    blocked = eve.post("/api/v1/me/blocks", json={"invitation": to_eve["id"]})
    assert blocked.status_code == 201
    seen = [ada.get(one["links"]["self"]).get_json()["status"] for one in (to_bob, to_eve)]
    again = [
        ada.post(f"/api/v1/researchers/{to}/invitations", json={**NEW, "key": "k3"}).get_json(force=True)
        for to in ("r-bob", "r-eve")
    ]
    said = [
        ada.post(one["links"]["messages"], json={"body": "Hello", "key": "m"}).get_json(force=True)
        for one in (to_bob, to_eve)
    ]
    for one, other in (seen, again, said):
        for answer in (one, other):
            if isinstance(answer, dict):
                answer.pop("request_id")
        assert one == other
    assert [one["name"] for one in eve.get("/api/v1/me/blocks").get_json()["results"]] == ["Ada"]
    for _ in range(2):
        assert status(eve, "DELETE", f"/api/v1/me/blocks/{blocked.get_json()['id']}") == 204
    assert status(eve, "DELETE", "/api/v1/me/blocks/%00") == 204
    assert eve.get("/api/v1/me/blocks").get_json()["results"] == []


@pytest.mark.databases("sqlite", "postgresql")
def test_an_admin_decides_on_reports_and_nobody_else(app: Flask, owner: Callable[[str], Person]) -> None:
    ada, bob, root = owner("ada"), owner("bob"), log_in(app, "Root", admin=True)
    made = invited(ada)
    report = bob.post("/api/v1/me/reports", json={"invitation": made["id"], "reason": "Spam"}).get_json()
    assert (report["status"], report["invitation"]) == ("open", made["id"])
    assert ada.get("/api/v1/me/reports").get_json()["results"] == []
    decide = f"/api/v1/admin/reports/{report['id']}"
    for person in (ada, bob):
        assert status(person, "GET", "/api/v1/admin/reports") == 403
        assert status(person, "POST", f"{decide}/uphold", reason="x") == 403
    (case,) = root.get("/api/v1/admin/reports", query_string={"status": "open"}).get_json()["results"]
    assert (case["accused"]["name"], case["reporter"]["name"], case["evidence"]) == ("Ada", "Bob", ["Shall we?"])
    assert status(root, "POST", f"{decide}/uphold", reason="") == 422
    assert root.post(f"{decide}/uphold", json={"reason": "Sells"}).get_json()["status"] == "upheld"
    assert status(root, "POST", f"{decide}/dismiss", reason="After all") == 409
    assert status(root, "POST", "/api/v1/admin/reports/%00/dismiss", reason="x") == 404
    assert status(ada, "GET", "/api/v1/me/invitations") == 401
    (mine,) = bob.get("/api/v1/me/reports").get_json()["results"]
    assert mine["status"] == "upheld"
    assert "note" not in mine


def test_the_other_side_of_a_deleted_account_keeps_the_conversation(app: Flask, owner: Callable[[str], Person]) -> None:
    ada, bob = owner("ada"), owner("bob")
    address = invited(ada)["links"]["self"]
    bob.post(f"{address}/accept")
    with accounts_of(app).begin() as session:
        session.delete(session.get_one(Account, ada.account_id))
    assert bob.get(address).get_json()["sender"] == {"name": None, "researcher_id": "r-ada", "is_you": False}
    id_ = address.rpartition("/")[2]
    assert status(bob, "POST", "/api/v1/me/blocks", invitation=id_) == 404
    assert status(bob, "POST", f"{address}/messages", body="Hello?", key="m") == 201
