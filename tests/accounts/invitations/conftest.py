"""People who own profiles, in an empty database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.claims.models import Claim
from accounts.login.models import Account

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.database import Database


@pytest.fixture
def owner(database: Database) -> Callable[[str], str]:
    """Return a function that makes an account which owns the profile `r-NAME`, and returns its id."""

    def make(name: str) -> str:
        with database.begin() as session:
            session.add(account := Account(name=name))
            session.flush()
            session.add(Claim(account_id=account.id, researcher_id=f"r-{name}", status="verified", proof="orcid"))
            return account.id

    return make
