"""What two requests at once do is done once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from accounts.database import Database
from accounts.login.models import Account
from accounts.settled import settled

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_who_comes_second_runs_again_and_finds_what_the_first_did(database_url: str) -> None:
    database = Database(database_url)
    with database.begin() as session:
        session.add(Account(name="Ada", orcid="1"))
    looked: list[str | None] = []

    def add(session: Session) -> str:
        # The first look is from before the other's commit.
        found = session.scalars(select(Account).where(Account.orcid == "1")).one_or_none() if looked else None
        looked.append(found.name if found else None)
        if found:
            return found.name
        session.add(Account(name="Bob", orcid="1"))
        session.flush()
        return "Bob"

    assert settled(database, add) == "Ada"
    assert looked == [None, "Ada"]
    database.close()


def test_what_cannot_be_kept_the_second_time_either_is_an_error(database_url: str) -> None:
    database = Database(database_url)

    def add(session: Session) -> None:
        session.add_all([Account(name="Ada", orcid="1"), Account(name="Bob", orcid="1")])

    with pytest.raises(IntegrityError):
        settled(database, add)
    database.close()
