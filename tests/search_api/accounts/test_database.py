"""The tables as models say them, as migrations make them, and what they refuse."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from search_api.accounts.models import Account, Base, Claim, Follow, now

if TYPE_CHECKING:
    from search_api.accounts.database import Database


def test_migrations_make_the_tables_that_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.begin() as session:
        session.add(Account(name="Ada"))
    database.migrate()
    with database.begin() as session:
        assert session.scalars(select(Account.name)).all() == ["Ada"]


def test_what_a_block_did_is_undone_when_it_raises(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            session.add(Account(name="Ada"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.begin() as session:
        assert session.scalars(select(Account)).all() == []


def test_a_researcher_has_one_owner_and_an_account_one_open_claim(database: Database) -> None:
    with database.begin() as session:
        session.add_all([ada := Account(name="Ada"), bob := Account(name="Bob")])
        session.flush()
        session.add(Claim(account_id=ada.id, researcher_id="r1", status="verified", proof="orcid"))
        session.add(Claim(account_id=bob.id, researcher_id="r1", status="pending"))
    for second in (
        Claim(account_id=bob.id, researcher_id="r2", status="pending"),
        Claim(account_id=bob.id, researcher_id="r1", status="verified", proof="admin"),
    ):
        with pytest.raises(IntegrityError), database.begin() as session:
            session.add(second)


def test_what_belongs_to_an_account_goes_with_it(database: Database) -> None:
    with database.begin() as session:
        session.add(ada := Account(name="Ada"))
        session.flush()
        session.add(Follow(account_id=ada.id, kind="topic", target="cs.LG", label="Machine Learning"))
    with database.begin() as session:
        session.delete(session.get_one(Account, ada.id))
    with database.begin() as session:
        assert session.scalars(select(Follow)).all() == []


def test_moments_keep_their_time_zone_and_need_one(database: Database) -> None:
    moment = now()
    with database.begin() as session:
        session.add(Account(name="Ada", created_at=moment))
    with database.begin() as session:
        assert session.scalars(select(Account.created_at)).one() == moment
    with pytest.raises(StatementError, match="says no time zone"), database.begin() as session:
        session.add(Account(name="Bob", created_at=datetime(2024, 1, 1)))
