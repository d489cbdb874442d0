"""Blocks and reports: only of whom one has heard, once, and with what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from accounts.audit import Audit
from accounts.claims.lifecycle import owner_of
from accounts.invitations.contacts import block, blocks_of, unblock
from accounts.invitations.conversations import write
from accounts.invitations.service import accept, invite
from accounts.login.models import Account
from accounts.moderation import service
from accounts.moderation.models import Report
from accounts.moderation.service import accused_of, decide, evidence_of, report
from accounts.outbox import Outbox
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def talk(database: Database, owner: Callable[[str], str]) -> tuple[str, str, str]:
    """Return Ada, Bob, and the conversation that she began."""
    ada, bob = owner("ada"), owner("bob")
    with database.begin() as session:
        given = {"purpose": "review", "works": [], "message": "Shall we?", "key": "k1"}
        id_ = invite(session, ada, "r-bob", given).id
        accept(session, bob, id_)
        write(session, ada, id_, "Buy my thing", "m1")
        write(session, bob, id_, "No", "m1")
    return ada, bob, id_


def test_a_block_names_nobody_twice_and_can_be_taken_back(database: Database, talk: tuple[str, str, str]) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        block(session, bob, id_)
        block(session, bob, id_)
        assert [one.blocked_id for one in blocks_of(session, bob)] == [ada]
        assert blocks_of(session, ada) == []
    with database.begin() as session:
        (one,) = blocks_of(session, bob)
        assert not unblock(session, ada, one.id)
        assert unblock(session, bob, one.id)
        assert not unblock(session, bob, one.id)
        actions = session.scalars(select(Audit.action)).all()
    assert (actions.count("block.add"), actions.count("block.remove")) == (1, 1)


def test_a_report_outlives_who_made_it(database: Database, talk: tuple[str, str, str]) -> None:
    """The accused is who is left, and the evidence not what the reporter wrote."""
    ada, bob, id_ = talk
    with database.begin() as session:
        made = report(session, bob, id_, "Spam").id
    with database.begin() as session:
        session.delete(session.get_one(Account, bob))
    with database.begin() as session:
        found = session.get_one(Report, made)
        assert (found.reporter_id, accused_of(session, found)) == (None, ada)
        assert evidence_of(session, found) == ["Shall we?", "Buy my thing"]
        decided = decide(session, made, None, uphold=True, reason="So it is.")
        assert session.get_one(Account, ada).suspended_at is not None
        assert service.describe_decision(session, decided) == "Upheld. The account has been suspended."


def test_administrators_do_not_decide_on_reports_that_involve_them(
    database: Database, talk: tuple[str, str, str]
) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        made = report(session, bob, id_, "Spam").id
    for admin in (ada, bob):
        for uphold in (True, False):
            with pytest.raises(Problem, match="another administrator") as caught, database.begin() as session:
                decide(session, made, admin, uphold=uphold, reason="So it is.")
            assert caught.value.status == 403
    with database.begin() as session:
        assert decide(session, made, None, uphold=False, reason="So it is.").status == "dismissed"


def test_a_report_of_an_account_that_is_gone_says_so(database: Database, talk: tuple[str, str, str]) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        made = report(session, bob, id_, "Spam").id
        session.delete(session.get_one(Account, ada))
    with database.begin() as session:
        found = session.get_one(Report, made)
        assert (accused_of(session, found), evidence_of(session, found)) == (None, [])
        decided = decide(session, made, None, uphold=True, reason="So it is.")
        assert service.describe_decision(session, decided) == "Upheld. The account had already been deleted."


def test_only_participants_block_and_report(
    database: Database, talk: tuple[str, str, str], owner: Callable[[str], str]
) -> None:
    eve = owner("eve")
    for act in (lambda session: block(session, eve, talk[2]), lambda session: report(session, eve, talk[2], "Spam")):
        with pytest.raises(Problem) as caught, database.begin() as session:
            act(session)
        assert caught.value.status == 404


def test_an_account_that_is_gone_cannot_be_blocked(database: Database, talk: tuple[str, str, str]) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        session.delete(session.get_one(Account, ada))
    with pytest.raises(Problem) as caught, database.begin() as session:
        block(session, bob, id_)
    assert caught.value.status == 404


def test_a_report_shows_what_the_other_side_wrote_until_then(database: Database, talk: tuple[str, str, str]) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        made = report(session, bob, id_, "Spam")
        assert report(session, bob, id_, "Spam, I said") is made
        write(session, ada, id_, "Written afterwards", "m2")
    with database.begin() as session:
        assert accused_of(session, made) == ada
        assert evidence_of(session, made) == ["Shall we?", "Buy my thing"]
        assert evidence_of(session, report(session, ada, id_, "Rude")) == ["No"]


def test_upholding_suspends_and_the_index_is_told(database: Database, talk: tuple[str, str, str]) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        made = report(session, bob, id_, "Spam").id
    for _ in range(2):
        with database.begin() as session:
            assert decide(session, made, None, uphold=True, reason="Sells things").status == "upheld"
    with database.begin() as session:
        assert session.get_one(Account, ada).suspended_at is not None
        assert session.get_one(Account, bob).suspended_at is None
        assert owner_of(session, "r-ada") is None
        assert session.scalars(select(Outbox.researcher_id)).all() == ["r-ada"]
        actions = session.scalars(select(Audit.action)).all()
    assert (actions.count("report.uphold"), actions.count("account.suspend")) == (1, 1)
    with pytest.raises(Problem) as caught, database.begin() as session:
        decide(session, made, None, uphold=False, reason="After all")
    assert caught.value.status == 409


def test_a_dismissed_report_changes_nobody_and_another_can_be_made(
    database: Database, talk: tuple[str, str, str]
) -> None:
    ada, bob, id_ = talk
    with database.begin() as session:
        made = report(session, bob, id_, "Spam").id
        decide(session, made, None, uphold=False, reason="An honest question")
    with database.begin() as session:
        assert session.get_one(Account, ada).suspended_at is None
        assert report(session, bob, id_, "Spam").id != made
        assert [one.status for one in service.list_reports(session)] == ["dismissed", "open"]
        assert [one.status for one in service.list_reports(session, "open")] == ["open"]


def test_reports_that_wait_are_limited(
    database: Database, talk: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_OPEN", 0)
    with pytest.raises(Problem) as caught, database.begin() as session:
        report(session, talk[1], talk[2], "Spam")
    assert caught.value.status == 429
    with pytest.raises(Problem) as caught, database.begin() as session:
        decide(session, "nothing", None, uphold=True, reason="")
    assert caught.value.status == 404
