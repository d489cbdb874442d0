"""The way of a claim, step by step, on both databases."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from accounts.audit import Audit
from accounts.base import now
from accounts.claims import lifecycle, profile
from accounts.claims.lifecycle import owner_of
from accounts.claims.models import Claim, OwnProfile, WorkStatement
from accounts.delivery.merging import move
from accounts.delivery.states import enqueue_account
from accounts.follows.models import Follow
from accounts.login.models import Account
from accounts.outbox import Outbox
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")

ADA = {"id": "ada-1", "name": "Ada Lovelace", "orcid": "0000-0001-0000-0009"}
BARE = {"id": "bob-1", "name": "Bob Byte", "orcid": None}


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(Audit.action).order_by(Audit.id)))


def enqueued(session: Session) -> set[str]:
    return set(session.scalars(select(Outbox.researcher_id)))


def refused(database: Database, status: int, step: Callable[..., Any], *args: Any) -> str:
    with pytest.raises(Problem) as caught, database.begin() as session:
        step(session, *args)
    assert caught.value.status == status
    return caught.value.detail


def test_the_records_own_orcid_verifies_at_once(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada", orcid=ADA["orcid"])
    with database.begin() as session:
        made = lifecycle.make_claim(session, ada, ADA)
        assert (made.status, made.proof) == ("verified", "orcid")
        assert actions(session) == ["claim.make", "claim.verify"]
        assert enqueued(session) == {"ada-1"}


@pytest.mark.parametrize(
    ("orcid", "record"), [(None, ADA), ("0000-0002-0000-0006", ADA), ("0000-0002-0000-0008", BARE), (None, BARE)]
)
def test_without_an_equal_orcid_a_claim_waits(
    database: Database, account: Callable[..., str], orcid: str | None, record: dict[str, Any]
) -> None:
    ada = account("Ada", orcid=orcid)
    with database.begin() as session:
        made = lifecycle.make_claim(session, ada, record, "  I wrote these. ")
        assert (made.status, made.proof, made.statement) == ("pending", None, "I wrote these.")
        assert owner_of(session, record["id"]) is None


def test_claiming_twice_changes_nothing_more(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada")
    with database.begin() as session:
        first = lifecycle.make_claim(session, ada, BARE).id
    with database.begin() as session:
        assert lifecycle.make_claim(session, ada, BARE).id == first
        assert actions(session) == ["claim.make"]
        assert session.scalar(select(func.count()).select_from(Outbox)) == 1


def test_an_account_claims_one_profile_at_a_time(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada")
    with database.begin() as session:
        lifecycle.make_claim(session, ada, BARE)
    assert "Release it" in refused(database, 409, lifecycle.make_claim, ada, ADA)


def test_nobody_claims_without_end(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada")
    for _ in range(lifecycle.CLAIMS_PER_DAY):
        with database.begin() as session:
            lifecycle.make_claim(session, ada, BARE)
            lifecycle.release_claim(session, ada, "bob-1")
    assert "Try again tomorrow" in refused(database, 429, lifecycle.make_claim, ada, BARE)


def test_an_orcid_linked_later_verifies_what_waited(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada")
    with database.begin() as session:
        lifecycle.make_claim(session, ada, ADA)
    with database.begin() as session:
        session.get_one(Account, ada).orcid = ADA["orcid"]
        enqueue_account(session, ada)
        lifecycle.settle(session, ADA)
        lifecycle.settle(session, ADA)
        owner = owner_of(session, "ada-1")
        assert owner is not None
        assert owner.proof == "orcid"
        assert actions(session) == ["claim.make", "claim.verify"]


def test_an_admin_approves_with_a_reason_and_once(database: Database, account: Callable[..., str]) -> None:
    ada, admin = account("Ada"), account("Root", is_admin=True)
    with database.begin() as session:
        made = lifecycle.make_claim(session, ada, BARE).id
    for _ in range(2):
        with database.begin() as session:
            found = lifecycle.approve(session, admin, made, "Wrote from the university.")
            assert (found.status, found.proof, found.decided_by) == ("verified", "admin", admin)
            assert found.reason == "Wrote from the university."
            assert actions(session) == ["claim.make", "claim.approve"]
    with database.begin() as session:
        lifecycle.reject(session, admin, made, "It was somebody else.")
        assert owner_of(session, "bob-1") is None
        assert actions(session)[-1] == "claim.revoke"
    assert "already rejected" in refused(database, 409, lifecycle.approve, admin, made, "Again?")
    assert "No claim has" in refused(database, 404, lifecycle.approve, admin, "nonsense", "Why not?")


def test_administrators_do_not_decide_on_claims_that_involve_them(
    database: Database, account: Callable[..., str]
) -> None:
    root, admin, bob = account("Root", is_admin=True), account("Admin", is_admin=True), account("Bob")
    with database.begin() as session:
        own = lifecycle.make_claim(session, root, BARE).id
    for decide in (lifecycle.approve, lifecycle.reject):
        assert "another administrator" in refused(database, 403, decide, root, own, "It is me.")
    with database.begin() as session:
        lifecycle.approve(session, admin, own, "Showed a passport.")
        dispute = lifecycle.make_claim(session, bob, BARE).id
    for decide in (lifecycle.approve, lifecycle.reject):
        assert "another administrator" in refused(database, 403, decide, root, dispute, "It is me.")
    with database.begin() as session:
        assert lifecycle.reject(session, admin, dispute, "No evidence.").status == "rejected"


def test_a_suspended_account_is_not_verified(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada", suspended_at=now(), orcid=ADA["orcid"])
    with database.begin() as session:
        made = lifecycle.make_claim(session, ada, ADA)
        assert made.status == "pending"
    assert "suspended" in refused(database, 409, lifecycle.approve, None, made.id, "So it is.")


def test_a_dispute_waits_and_approving_it_ends_the_former_claim(
    database: Database, account: Callable[..., str]
) -> None:
    bob, eve = account("Bob"), account("Eve")
    with database.begin() as session:
        first = lifecycle.make_claim(session, bob, BARE)
        lifecycle.approve(session, None, first.id, "Known to us.")
        profile.update_profile(session, bob, {"bio": "Mine."})
        profile.set_statement(session, bob, "arxiv:1", is_mine=False)
    with database.begin() as session:
        second = lifecycle.make_claim(session, eve, BARE)
        assert second.status == "pending"
        assert "claim.dispute" in actions(session)
        lifecycle.approve(session, None, second.id, "Showed a passport.")
    with database.begin() as session:
        owner = owner_of(session, "bob-1")
        assert owner is not None
        assert owner.account_id == eve
        former = session.get_one(Claim, first.id)
        assert former.status == "released"
        assert former.reason == "The profile was given to another claim: Showed a passport."
        assert session.scalars(select(OwnProfile)).all() == []
        assert session.scalars(select(WorkStatement)).all() == []


def test_even_an_equal_orcid_does_not_take_an_owned_profile(database: Database, account: Callable[..., str]) -> None:
    bob, ada = account("Bob"), account("Ada", orcid=ADA["orcid"])
    with database.begin() as session:
        lifecycle.approve(session, None, lifecycle.make_claim(session, bob, ADA).id, "A mistake.")
        assert lifecycle.make_claim(session, ada, ADA).status == "pending"
    with database.begin() as session:
        assert lifecycle.release_claim(session, bob, "ada-1")
        lifecycle.settle(session, ADA)
        owner = owner_of(session, "ada-1")
        assert owner is not None
        assert owner.account_id == ada


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_proof_holds_as_long_as_the_record_bears_that_orcid(
    database: Database, account: Callable[..., str], is_merged: bool
) -> None:
    """A later run gives the record somebody else's iD, or merges it into one that bears it."""
    ada, eve = account("Ada", orcid=ADA["orcid"]), account("Eve", orcid="0000-0002-0000-0006")
    now_eves = {**ADA, "id": "eve-9" if is_merged else "ada-1", "orcid": "0000-0002-0000-0006"}
    with database.begin() as session:
        made = lifecycle.make_claim(session, ada, ADA)
        profile.update_profile(session, ada, {"bio": "Mine."})
        if is_merged:
            move(session, "ada-1", "eve-9", now_eves["orcid"])
        lifecycle.settle(session, now_eves)
        assert (made.status, made.proof, made.reason) == ("pending", None, lifecycle.OTHER_ORCID)
        assert owner_of(session, now_eves["id"]) is None
        assert actions(session)[-1] == "claim.doubt"
        assert now_eves["id"] in enqueued(session)
    with database.begin() as session:
        assert lifecycle.make_claim(session, eve, now_eves).status == "verified"
    with database.begin() as session:
        lifecycle.settle(session, {**now_eves, "orcid": None})
        owner = owner_of(session, now_eves["id"])
        assert owner is not None
        assert owner.account_id == eve


def test_of_two_owners_a_proof_counts_only_by_the_id_that_the_record_bears(
    database: Database, account: Callable[..., str]
) -> None:
    ada, bob = account("Ada", orcid=ADA["orcid"]), account("Bob")
    with database.begin() as session:
        lifecycle.approve(session, None, lifecycle.make_claim(session, bob, BARE).id, "Known to us.")
        lifecycle.make_claim(session, ada, ADA)
        move(session, "ada-1", "bob-1", "0000-0002-0000-0006")
        owner = owner_of(session, "bob-1")
        assert owner is not None
        assert owner.account_id == bob


def test_who_was_rejected_is_not_verified_by_an_orcid_but_by_an_admin(
    database: Database, account: Callable[..., str]
) -> None:
    ada = account("Ada", orcid=ADA["orcid"])
    with database.begin() as session:
        lifecycle.reject(session, None, lifecycle.make_claim(session, ada, ADA).id, "This is not her record.")
    with database.begin() as session:
        again = lifecycle.make_claim(session, ada, ADA)
        assert again.status == "pending"
        lifecycle.settle(session, ADA)
        assert again.status == "pending"
        assert lifecycle.approve(session, None, again.id, "It is, after all.").status == "verified"


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("step", ["settle", "move"])
def test_a_decision_in_the_same_moment_is_not_undone(
    database: Database, account: Callable[..., str], step: str
) -> None:
    """The thread that delivers looks at a claim while an admin, who has not committed yet, rejects it."""
    ada = account("Ada")
    with database.begin() as session:
        made = lifecycle.make_claim(session, ada, ADA).id
        session.get_one(Account, ada).orcid = ADA["orcid"]

    def deliver() -> None:
        with database.begin() as session:
            if step == "settle":
                lifecycle.settle(session, ADA)
            else:
                move(session, "ada-1", "ada-2")

    thread = threading.Thread(target=deliver)
    with database.begin() as session:
        lifecycle.reject(session, None, made, "Not her.")
        session.flush()
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(10)
    with database.begin() as session:
        assert session.get_one(Claim, made).status == "rejected"


def test_releasing_ends_all_and_does_nothing_twice(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada", orcid=ADA["orcid"])
    with database.begin() as session:
        lifecycle.make_claim(session, ada, ADA)
        assert not lifecycle.release_claim(session, ada, "bob-1")
        assert lifecycle.release_claim(session, ada, "ada-1")
        assert not lifecycle.release_claim(session, ada, "ada-1")
        assert actions(session)[-1] == "claim.release"
        last = lifecycle.last_claim(session, ada)
        assert last is not None
        assert last.status == "released"


def test_what_is_merged_takes_claims_and_follows_along(database: Database, account: Callable[..., str]) -> None:
    ada, eve = account("Ada", orcid=ADA["orcid"]), account("Eve")
    with database.begin() as session:
        lifecycle.make_claim(session, ada, ADA)
        for target in ("ada-1", "ada-2"):
            session.add(Follow(account_id=eve, kind="researcher", target=target, label="Ada"))
        session.add(Follow(account_id=ada, kind="researcher", target="ada-1", label="Ada"))
    for _ in range(2):
        with database.begin() as session:
            move(session, "ada-1", "ada-2")
            owner = owner_of(session, "ada-2")
            assert owner is not None
            assert owner.account_id == ada
            follows = session.execute(select(Follow.account_id, Follow.target)).all()
            assert sorted(tuple(one) for one in follows) == sorted([(ada, "ada-2"), (eve, "ada-2")])
            assert actions(session).count("claim.move") == 1


@pytest.mark.parametrize("moved", ["ada-1", "bob-1"])
def test_of_two_owners_of_one_person_the_proven_one_stays(
    database: Database, account: Callable[..., str], moved: str
) -> None:
    ada, bob = account("Ada", orcid=ADA["orcid"]), account("Bob")
    with database.begin() as session:
        lifecycle.approve(session, None, lifecycle.make_claim(session, bob, BARE).id, "Known to us.")
        lifecycle.make_claim(session, ada, ADA)
        kept = {"ada-1", "bob-1"}.difference({moved}).pop()
        move(session, moved, kept)
        owner = owner_of(session, kept)
        assert owner is not None
        assert owner.account_id == ada
        lost = lifecycle.open_claim(session, bob)
        assert lost is not None
        assert (lost.status, lost.researcher_id) == ("pending", kept)
        assert "claim.dispute" in actions(session)


def test_enqueueing_an_account_covers_claimed_and_followed_researchers(
    database: Database, account: Callable[..., str]
) -> None:
    ada = account("Ada")
    with database.begin() as session:
        session.add(Claim(account_id=ada, researcher_id="old", status="rejected"))
        session.add(Claim(account_id=ada, researcher_id="ada-1", status="pending"))
        session.add(Follow(account_id=ada, kind="researcher", target="bob-1", label="Bob"))
        session.add(Follow(account_id=ada, kind="topic", target="cs.LG", label="Learning"))
        session.flush()
        enqueue_account(session, ada)
        session.flush()
        assert enqueued(session) == {"ada-1", "bob-1"}
