"""An empty database with its tables, on both kinds, and a few people in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from search_api.accounts.database import Database
from search_api.accounts.models import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def account(database: Database) -> Callable[..., str]:
    """Makes an account; gives its id."""

    def account(name: str, **fields: object) -> str:
        with database.begin() as session:
            session.add(found := Account(name=name, **fields))
        return found.id

    return account
