"""Answers, messages, and what is unread; who is no participant finds nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from accounts.audit import Audit
from accounts.invitations.contacts import block
from accounts.invitations.conversations import (
    MESSAGES_PER_MINUTE,
    count_unread,
    list_invitations,
    mark_read,
    messages_of,
    unread_by_invitation,
    write,
)
from accounts.invitations.models import Invitation, Message
from accounts.invitations.service import accept, decline, invite, withdraw
from accounts.login.models import Account
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def pair(database: Database, owner: Callable[[str], str]) -> tuple[str, str, str]:
    """Return Ada, Bob, and the invitation from her to him."""
    ada, bob = owner("ada"), owner("bob")
    with database.begin() as session:
        given = {"purpose": "review", "works": [], "message": "Shall we?", "key": "k1"}
        return ada, bob, invite(session, ada, "r-bob", given).id


@pytest.mark.parametrize("action", [accept, decline, withdraw, messages_of, mark_read])
def test_a_third_person_finds_no_invitation(
    database: Database, pair: tuple[str, str, str], owner: Callable[[str], str], action: Callable[..., object]
) -> None:
    eve = owner("eve")
    with pytest.raises(Problem) as stranger, database.begin() as session:
        action(session, eve, pair[2])
    with pytest.raises(Problem) as nothing, database.begin() as session:
        action(session, eve, "0" * 32)
    assert stranger.value.status == nothing.value.status == 404


def test_each_side_has_its_own_answer(database: Database, pair: tuple[str, str, str]) -> None:
    ada, bob, id_ = pair
    for action, account in ((accept, ada), (decline, ada), (withdraw, bob)):
        with pytest.raises(Problem) as caught, database.begin() as session:
            action(session, account, id_)
        assert caught.value.status == 409
    with database.begin() as session:
        assert session.get_one(Invitation, id_).status == "pending"


def test_an_answer_twice_is_one_answer(database: Database, pair: tuple[str, str, str]) -> None:
    _, bob, id_ = pair
    with database.begin() as session:
        first = accept(session, bob, id_).answered_at
    with database.begin() as session:
        assert accept(session, bob, id_).answered_at == first
        assert session.scalars(select(Audit.action)).all().count("invitation.accept") == 1
    for _ in range(2):
        with database.begin() as session:
            assert decline(session, bob, id_).status == "declined"
    with database.begin() as session:
        assert session.scalars(select(Audit.action)).all().count("invitation.decline") == 1


@pytest.mark.parametrize("end", [decline, withdraw])
def test_what_has_ended_is_not_accepted_and_takes_no_message(
    database: Database, pair: tuple[str, str, str], end: Callable[..., Invitation]
) -> None:
    ada, bob, id_ = pair
    with database.begin() as session:
        status = end(session, bob if end is decline else ada, id_).status
    with pytest.raises(Problem) as caught, database.begin() as session:
        accept(session, bob, id_)
    assert status in caught.value.detail
    for account in (ada, bob):
        with pytest.raises(Problem) as caught, database.begin() as session:
            write(session, account, id_, "Hello", "m1")
        assert caught.value.status == 409


def test_a_message_sent_again_is_kept_once_and_keys_are_the_senders_own(
    database: Database, pair: tuple[str, str, str]
) -> None:
    ada, bob, id_ = pair
    with database.begin() as session:
        accept(session, bob, id_)
    with database.begin() as session:
        first = write(session, ada, id_, "Hello", "m1").id
        assert write(session, ada, id_, "Hello", "m1").id == first
        assert write(session, bob, id_, "Hello yourself", "m1").id != first
    with pytest.raises(Problem) as caught, database.begin() as session:
        write(session, ada, id_, "Another text", "m1")
    assert caught.value.errors == {"key": ["Already used."]}
    with database.begin() as session:
        assert [one.body for one in messages_of(session, bob, id_)] == ["Hello", "Hello yourself"]


def test_a_repeat_after_the_end_still_finds_its_message(database: Database, pair: tuple[str, str, str]) -> None:
    ada, bob, id_ = pair
    with database.begin() as session:
        accept(session, bob, id_)
        first = write(session, ada, id_, "Hello", "m1").id
        decline(session, bob, id_)
    with database.begin() as session:
        assert write(session, ada, id_, "Hello", "m1").id == first


def test_who_is_blocked_is_told_what_a_declined_one_is_told(database: Database, pair: tuple[str, str, str]) -> None:
    ada, bob, id_ = pair
    with database.begin() as session:
        accept(session, bob, id_)
        block(session, bob, id_)
    with pytest.raises(Problem) as caught, database.begin() as session:
        write(session, ada, id_, "Hello?", "m2")
    assert "this one is declined" in caught.value.detail


def test_ten_messages_a_minute(database: Database, pair: tuple[str, str, str]) -> None:
    ada, bob, id_ = pair
    with database.begin() as session:
        accept(session, bob, id_)
        for number in range(MESSAGES_PER_MINUTE):
            write(session, ada, id_, "Hello", f"m{number}")
    with pytest.raises(Problem) as caught, database.begin() as session:
        write(session, ada, id_, "Hello", "one more")
    assert caught.value.status == 429
    assert 0 < int(caught.value.headers["Retry-After"]) <= 60
    with database.begin() as session:
        assert write(session, bob, id_, "Slowly", "m1")
        for said in session.scalars(select(Message)):
            said.sent_at -= timedelta(minutes=1)
        assert write(session, ada, id_, "Hello", "later")


def test_what_is_new_counts_until_it_is_read(database: Database, pair: tuple[str, str, str]) -> None:
    ada, bob, id_ = pair

    def new(account: str) -> tuple[int, int]:
        with database.begin() as session:
            found = count_unread(session, account)
            assert unread_by_invitation(session, account, [id_]).get(id_, 0) == found.total
            return found.invitations, found.messages

    assert (new(ada), new(bob)) == ((0, 0), (1, 0))
    with database.begin() as session:
        accept(session, bob, id_)
    assert (new(ada), new(bob)) == ((1, 0), (0, 0))
    with database.begin() as session:
        write(session, bob, id_, "One", "m1")
        middle = write(session, bob, id_, "Two", "m2").sent_at
        write(session, bob, id_, "Three", "m3")
    assert (new(ada), new(bob)) == ((1, 3), (0, 0))
    with database.begin() as session:
        mark_read(session, ada, id_, middle)
    assert new(ada) == (0, 1)
    with database.begin() as session:
        mark_read(session, ada, id_)
        mark_read(session, ada, id_, middle)
    assert new(ada) == (0, 0)


def test_boxes_hold_what_is_ones_own(
    database: Database, pair: tuple[str, str, str], owner: Callable[[str], str]
) -> None:
    ada, bob, id_ = pair
    eve = owner("eve")
    with database.begin() as session:
        found = {
            (account, name): [one.id for one in list_invitations(session, account, name, 0, 10)[1]]
            for account in (ada, bob, eve)
            for name in ("received", "sent", None)
        }
        assert list_invitations(session, ada, "sent", 1, 10) == (1, [])
    mine = {(ada, "sent"), (ada, None), (bob, "received"), (bob, None)}
    assert found == {key: [id_] if key in mine else [] for key in found}


def test_a_conversation_outlives_the_account_of_one_side(database: Database, pair: tuple[str, str, str]) -> None:
    ada, bob, id_ = pair
    with database.begin() as session:
        accept(session, bob, id_)
        write(session, ada, id_, "Hello", "m1")
    with database.begin() as session:
        session.delete(session.get_one(Account, ada))
    with database.begin() as session:
        assert [(one.sender_id, one.body) for one in messages_of(session, bob, id_)] == [(None, "Hello")]
        assert count_unread(session, bob).messages == 1
        assert session.scalar(select(func.count()).select_from(Invitation)) == 1
