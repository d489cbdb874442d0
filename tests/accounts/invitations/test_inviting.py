"""Who may invite whom, how often, and that a repeat is no second invitation."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from accounts.audit import Audit
from accounts.base import now
from accounts.claims.models import Claim
from accounts.delivery.merging import move
from accounts.invitations import service
from accounts.invitations.contacts import block, blocks_of, serialize_block, unblock
from accounts.invitations.conversations import write
from accounts.invitations.models import Invitation, Message
from accounts.invitations.service import CLAIM_FIRST, NOT_CLAIMED, OPEN, OWN, THEIRS, accept, decline, invite, withdraw
from accounts.login.models import Account
from accounts.me.service import delete_account
from accounts.moderation.service import report
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def given(key: str = "k1", message: str = "Shall we?") -> dict[str, Any]:
    return {"purpose": "review", "works": ["arxiv:1"], "message": message, "key": key}


def send(database: Database, account_id: str, researcher_id: str, key: str = "k1", **more: str) -> str:
    with database.begin() as session:
        return invite(session, account_id, researcher_id, given(key, **more)).id


def refused(database: Database, account_id: str, researcher_id: str, key: str = "again") -> Problem:
    with pytest.raises(Problem) as caught:
        send(database, account_id, researcher_id, key)
    return caught.value


def test_an_owner_invites_another_and_both_profiles_are_named(database: Database, owner: Callable[[str], str]) -> None:
    ada, bob = owner("ada"), owner("bob")
    id_ = send(database, ada, "r-bob")
    with database.begin() as session:
        made = session.get_one(Invitation, id_)
        assert (made.sender_id, made.recipient_id, made.status) == (ada, bob, "pending")
        assert (made.sender_researcher_id, made.recipient_researcher_id) == ("r-ada", "r-bob")
        assert session.scalars(select(Audit.action)).all() == ["invitation.send"]


def come_back(app: Flask, database: Database, name: str, account_id: str) -> str:
    """Delete an account, and make another one that owns the same profile; gives its id."""
    with app.test_request_context("/"), database.begin() as session:
        delete_account(session, account_id, by=account_id)
    with database.begin() as session:
        session.add(again := Account(name=name))
        session.flush()
        session.add(Claim(account_id=again.id, researcher_id=f"r-{name}", status="verified", proof="orcid"))
    return again.id


@pytest.mark.parametrize("refuse", ["block", "decline", "leave"])
def test_deleting_the_account_takes_no_refusal_back(
    app: Flask, database: Database, owner: Callable[[str], str], refuse: str
) -> None:
    ada, bob = owner("ada"), owner("bob")
    id_ = send(database, ada, "r-bob")
    with database.begin() as session:
        if refuse == "leave":
            accept(session, bob, id_)
        if refuse == "block":
            block(session, bob, id_)
        else:
            decline(session, bob, id_)
    again = come_back(app, database, "ada", ada)
    assert refused(database, again, "r-bob").detail == THEIRS
    with database.begin() as session:
        if refuse == "block":
            (one,) = blocks_of(session, bob)
            assert serialize_block(one)["name"] is None
            move(session, "r-ada", "r-ada-2")
            assert unblock(session, bob, one.id)
    assert send(database, bob, "r-ada-2" if refuse == "block" else "r-ada", key="theirs")


def test_deleting_the_account_ends_what_is_open_and_no_limit(
    app: Flask, database: Database, owner: Callable[[str], str]
) -> None:
    ada = owner("ada")
    for number in range(service.SENT_PER_DAY):
        owner(f"bob{number}")
        send(database, ada, f"r-bob{number}", key=f"{number}")
    again = come_back(app, database, "ada", ada)
    with database.begin() as session:
        assert set(session.scalars(select(Invitation.status))) == {"withdrawn"}
    assert refused(database, again, "r-bob0").status == 429


def test_what_both_sides_have_left_by_deleting_their_accounts_is_gone(
    app: Flask, database: Database, owner: Callable[[str], str]
) -> None:
    ada, bob = owner("ada"), owner("bob")
    id_ = send(database, ada, "r-bob")
    with database.begin() as session:
        accept(session, bob, id_)
        write(session, ada, id_, "Hello", "m")
        report(session, bob, id_, "Spam")
    come_back(app, database, "ada", ada)
    with database.begin() as session:
        assert session.scalars(select(Message.body)).all() == ["Hello"]
    come_back(app, database, "bob", bob)
    with database.begin() as session:
        assert session.scalars(select(Invitation.id)).all() == []
        assert session.scalars(select(Message.body)).all() == []


@pytest.mark.databases("postgresql")
def test_a_block_and_an_invitation_in_the_same_moment_wait_for_each_other(
    database: Database, owner: Callable[[str], str]
) -> None:
    ada, bob = owner("ada"), owner("bob")
    with database.begin() as session:
        withdraw(session, ada, invite(session, ada, "r-bob", given()).id)
        (id_,) = session.scalars(select(Invitation.id)).all()
    answers: list[Any] = []

    def again() -> None:
        try:
            answers.append(send(database, ada, "r-bob", "k2"))
        except Problem as problem:
            answers.append(problem.detail)

    thread = threading.Thread(target=again)
    with database.begin() as session:
        block(session, bob, id_)
        thread.start()
        thread.join(0.5)
        assert answers == []
    thread.join(10)
    assert answers == [THEIRS]


def test_both_sides_need_an_owner_and_nobody_invites_themselves(
    database: Database, owner: Callable[[str], str]
) -> None:
    ada = owner("ada")
    with database.begin() as session:
        session.add(nobody := Account(name="Nobody"))
    assert (refused(database, nobody.id, "r-ada").status, refused(database, nobody.id, "r-ada").detail) == (
        409,
        CLAIM_FIRST,
    )
    assert refused(database, ada, "r-nobody").detail == NOT_CLAIMED
    assert refused(database, ada, "r-ada").detail == OWN


def test_an_owner_who_is_suspended_cannot_be_invited(database: Database, owner: Callable[[str], str]) -> None:
    ada, bob = owner("ada"), owner("bob")
    with database.begin() as session:
        session.get_one(Account, bob).suspended_at = now()
    assert refused(database, ada, "r-bob").detail == NOT_CLAIMED


def test_the_same_key_gives_the_same_invitation_and_is_for_no_other(
    database: Database, owner: Callable[[str], str]
) -> None:
    ada, bob, eve = owner("ada"), owner("bob"), owner("eve")
    id_ = send(database, ada, "r-bob")
    assert send(database, ada, "r-bob") == id_
    with database.begin() as session:
        accept(session, bob, id_)
    # A retry that comes late, too.
    assert send(database, ada, "r-bob") == id_
    assert "another invitation" in refused(database, ada, "r-eve", "k1").detail
    with pytest.raises(Problem):
        send(database, ada, "r-bob", message="Something else")
    # Keys are the sender's own.
    assert send(database, eve, "r-bob") != id_
    with database.begin() as session:
        assert session.scalar(select(func.count()).select_from(Invitation)) == 2


def test_one_thing_at_a_time_between_two_people(database: Database, owner: Callable[[str], str]) -> None:
    ada, bob = owner("ada"), owner("bob")
    id_ = send(database, ada, "r-bob")
    assert refused(database, ada, "r-bob").detail == OPEN
    assert refused(database, bob, "r-ada").detail == OPEN
    with database.begin() as session:
        accept(session, bob, id_)
    assert refused(database, bob, "r-ada").detail == OPEN


def test_after_a_refusal_the_next_step_is_theirs(database: Database, owner: Callable[[str], str]) -> None:
    ada, bob = owner("ada"), owner("bob")
    id_ = send(database, ada, "r-bob")
    with database.begin() as session:
        decline(session, bob, id_)
    assert refused(database, ada, "r-bob").detail == THEIRS
    second = send(database, bob, "r-ada")
    with database.begin() as session:
        accept(session, ada, second)
    with database.begin() as session:
        # Bob leaves what he began himself.
        withdraw(session, bob, second)
    assert refused(database, ada, "r-bob", "k3").detail == THEIRS


def test_who_withdrew_may_invite_again(database: Database, owner: Callable[[str], str]) -> None:
    ada, bob = owner("ada"), owner("bob")
    id_ = send(database, ada, "r-bob")
    with database.begin() as session:
        withdraw(session, ada, id_)
    assert send(database, bob, "r-ada") != send(database, owner("eve"), "r-ada")


def test_to_be_blocked_answers_as_to_be_declined(database: Database, owner: Callable[[str], str]) -> None:
    ada, bob, eve = owner("ada"), owner("bob"), owner("eve")
    declined, blocked = send(database, ada, "r-bob"), send(database, ada, "r-eve", "k2")
    with database.begin() as session:
        decline(session, bob, declined)
        block(session, eve, blocked)
    with database.begin() as session:
        one, other = session.get_one(Invitation, declined), session.get_one(Invitation, blocked)
        assert one.status == other.status == "declined"
        assert one.answered_at
        assert other.answered_at
    assert refused(database, ada, "r-bob").to_dict() == refused(database, ada, "r-eve").to_dict()
    assert "Unblock" in refused(database, eve, "r-ada").detail
    with database.begin() as session:
        (blocking,) = blocks_of(session, eve)
        unblock(session, eve, blocking.id)
    # What the block ended stays ended, and the next step is still Eve's.
    assert refused(database, ada, "r-eve").detail == THEIRS
    assert send(database, eve, "r-ada")


def test_ten_invitations_a_day(database: Database, owner: Callable[[str], str]) -> None:
    ada = owner("ada")
    for number in range(service.SENT_PER_DAY):
        name = f"p{number}"
        owner(name)
        id_ = send(database, ada, f"r-{name}", name)
        with database.begin() as session:
            withdraw(session, ada, id_)
    owner("last")
    problem = refused(database, ada, "r-last")
    assert problem.status == 429
    assert 86_000 < int(problem.headers["Retry-After"]) <= 86_400
    with database.begin() as session:
        for made in session.scalars(select(Invitation)):
            made.created_at -= timedelta(days=1)
    assert send(database, ada, "r-last", "later")


def test_twenty_invitations_may_wait(
    database: Database, owner: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_PENDING", 2)
    ada, bob = owner("ada"), owner("bob")
    owner("eve")
    owner("dan")
    first = send(database, ada, "r-bob")
    send(database, ada, "r-eve", "k2")
    assert refused(database, ada, "r-dan").status == 409
    with database.begin() as session:
        decline(session, bob, first)
    assert send(database, ada, "r-dan", "k3")
