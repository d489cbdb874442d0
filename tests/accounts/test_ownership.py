"""Who owns a profile, and that a change is noted with it or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from accounts.base import now
from accounts.claims.lifecycle import claim_of, owner_of
from accounts.claims.models import Claim
from accounts.login.models import Account
from accounts.outbox import Outbox, enqueue

if TYPE_CHECKING:
    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def test_only_a_verified_claim_of_an_account_in_good_standing_owns(database: Database) -> None:
    with database.begin() as session:
        session.add_all([ada := Account(name="Ada"), bob := Account(name="Bob")])
        session.flush()
        session.add(Claim(account_id=ada.id, researcher_id="r1", status="verified", proof="orcid"))
        session.add(Claim(account_id=bob.id, researcher_id="r2", status="pending"))
    with database.begin() as session:
        owner = owner_of(session, "r1")
        assert owner is not None
        assert owner.account_id == ada.id
        assert claim_of(session, ada.id) is owner
        assert owner_of(session, "r2") is None
        assert claim_of(session, bob.id) is None
        session.get_one(Account, ada.id).suspended_at = now()
        session.flush()
        assert owner_of(session, "r1") is None


def test_a_researcher_is_enqueued_in_the_same_transaction(database: Database) -> None:
    def fail() -> None:
        with database.begin() as session:
            enqueue(session, "r1")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.begin() as session:
        enqueue(session, "r2")
    with database.begin() as session:
        assert session.scalars(select(Outbox.researcher_id)).all() == ["r2"]
