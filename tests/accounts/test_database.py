"""The tables as models say them, as migrations make them, and what they refuse."""

from __future__ import annotations

import random
import string
from datetime import datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from accounts.base import now
from accounts.claims.models import Claim
from accounts.database import MIGRATIONS, Database
from accounts.follows.models import Follow
from accounts.follows.service import Target, follow, followed, follows_of
from accounts.invitations.models import Block
from accounts.login.models import Account
from accounts.models import Base

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_migrations_make_the_tables_that_the_models_say(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.begin() as session:
        session.add(Account(name="Ada"))
    database.migrate()
    with database.begin() as session:
        assert session.scalars(select(Account.name)).all() == ["Ada"]


def test_what_was_stored_before_a_migration_is_there_after_it(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    moment = now()
    with database.engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for id_ in ("ada", "bob"):
            who = {"id": id_, "at": moment.isoformat()}
            columns = "id, name, is_admin, wants_digest, created_at"
            connection.execute(text(f"INSERT INTO account ({columns}) VALUES (:id, :id, false, true, :at)"), who)
        connection.execute(
            text(
                "INSERT INTO claim (id, account_id, researcher_id, status, statement, created_at)"
                " VALUES ('c', 'bob', 'r-bob', 'verified', '', :at)"
            ),
            {"at": moment.isoformat()},
        )
        connection.execute(
            text("INSERT INTO block (account_id, blocked_id, created_at) VALUES ('ada', 'bob', :at)"),
            {"at": moment.isoformat()},
        )
        row = {"id": "f", "at": moment.isoformat(), "target": "q=caf\u00e9"}
        connection.execute(
            text(
                "INSERT INTO follow (id, account_id, kind, target, label, created_at)"
                " VALUES (:id, 'ada', 'search', :target, 'x', :at)"
            ),
            row,
        )
    database.migrate()
    with database.begin() as session:
        block = session.scalars(select(Block)).one()
        assert (block.account_id, block.blocked_id, block.blocked_researcher_id) == ("ada", "bob", "r-bob")
        assert block.created_at == moment
        kept = followed(session, "ada", "search", "q=caf\u00e9")
        assert kept is not None
        assert kept.id == "f"
        assert follow(session, "ada", Target("institution", "i", "An institution")).kind == "institution"
    with pytest.raises(IntegrityError), database.begin() as session:
        session.add(Follow(account_id="ada", kind="venue", target="v", label="A venue"))
    database.close()


def test_a_search_of_any_length_is_followed_once(database: Database) -> None:
    """An index of PostgreSQL holds 2,704 bytes; what chance wrote is not made shorter by it either."""
    query = "q=" + "".join(random.Random(1).choices(string.ascii_letters, k=20_000))
    with database.begin() as session:
        session.add(ada := Account(name="Ada"))
        session.flush()
        for target in (query, query + "x", query):
            follow(session, ada.id, Target("search", target, "A search"))
        assert len(follows_of(session, ada.id)) == 2
    with pytest.raises(IntegrityError), database.begin() as session:
        session.add(Follow(account_id=ada.id, kind="search", target=query, label="Twice"))


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
    with pytest.raises(StatementError, match="has no time zone"), database.begin() as session:
        session.add(Account(name="Bob", created_at=datetime(2024, 1, 1)))
