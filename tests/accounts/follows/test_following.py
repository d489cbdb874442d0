"""Follows in the database: once each, noted for the index, and not without end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from accounts.audit import Audit
from accounts.follows import service
from accounts.follows.service import Target, follow, followed, follows_of, unfollow
from accounts.login.models import Account
from accounts.outbox import Outbox
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")

ADA = Target("researcher", "ada-1", "Ada Lovelace")
TOPIC = Target("topic", "cs.LG", "Machine Learning")
SEARCH = Target("search", "q=syntax&topic=cs.CL", "Works on “syntax”")


@pytest.fixture
def database(database: Database) -> Database:
    with database.begin() as session:
        session.add_all([Account(id="bob", name="Bob"), Account(id="eve", name="Eve")])
    return database


def test_following_twice_is_following_once(database: Database) -> None:
    for _ in range(2):
        with database.begin() as session:
            for target in (ADA, TOPIC, SEARCH):
                follow(session, "bob", target)
    with database.begin() as session:
        assert {(one.kind, one.target, one.label) for one in follows_of(session, "bob")} == {
            (one.kind, one.id, one.label) for one in (ADA, TOPIC, SEARCH)
        }
        assert [one.target for one in follows_of(session, "bob", "topic")] == ["cs.LG"]
        assert follows_of(session, "eve") == []
        assert session.scalars(select(Audit.action)).all() == ["follow.add"] * 3


def test_only_a_researchers_followers_reach_the_index(database: Database) -> None:
    with database.begin() as session:
        for target in (ADA, TOPIC, SEARCH):
            follow(session, "bob", target)
    for _ in range(2):
        with database.begin() as session:
            for target in (ADA, TOPIC, SEARCH):
                unfollow(session, "bob", target.kind, target.id)
    with database.begin() as session:
        assert follows_of(session, "bob") == []
        assert session.scalars(select(Outbox.researcher_id)).all() == ["ada-1", "ada-1"]


def test_a_search_ends_by_the_id_of_its_follow_too_but_not_by_that_of_others(database: Database) -> None:
    with database.begin() as session:
        made = follow(session, "bob", SEARCH)
    with database.begin() as session:
        assert not unfollow(session, "eve", "search", made.id)
        assert followed(session, "bob", "search", SEARCH.id)
        assert unfollow(session, "bob", "search", made.id)
        assert not followed(session, "bob", "search", SEARCH.id)


def test_follows_are_limited_and_what_is_followed_already_is_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_FOLLOWS", 2)
    monkeypatch.setattr(service, "MAX_SEARCHES", 1)
    with database.begin() as session:
        follow(session, "bob", SEARCH)
        with pytest.raises(Problem) as caught:
            follow(session, "bob", Target("search", "q=other", "Other"))
        assert "limit of 1 followed searches" in caught.value.detail
        follow(session, "bob", ADA)
        with pytest.raises(Problem) as caught:
            follow(session, "bob", TOPIC)
        assert caught.value.status == 409
        assert follow(session, "bob", ADA).label == "Ada Lovelace"
        assert follow(session, "eve", TOPIC)
