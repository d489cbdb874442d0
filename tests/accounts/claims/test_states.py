"""What an owner says, what an address proves, and the state that follows from it all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from accounts.audit import Audit
from accounts.base import now
from accounts.claims import institution_emails, lifecycle, profile
from accounts.claims.models import InstitutionEmail
from accounts.delivery import states
from accounts.follows.models import Follow
from accounts.login.links import address_of
from accounts.login.models import Account
from accounts.outbox import Outbox
from mappings import DEFAULT_STATE
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.database import Database
    from mappings.documents import ResearcherState

pytestmark = pytest.mark.databases("sqlite", "postgresql")

ADA = {"id": "ada-1", "name": "Ada Lovelace", "orcid": "0000-0001-0000-0009"}


@pytest.fixture
def ada(database: Database, account: Callable[..., str]) -> str:
    found = account("Ada", orcid=ADA["orcid"])
    with database.begin() as session:
        lifecycle.make_claim(session, found, ADA)
    return found


def state(database: Database, *institutions: str) -> ResearcherState:
    with database.begin() as session:
        return states.state_of(session, "ada-1", institutions)


def test_levels_rise_with_what_is_proven(database: Database, account: Callable[..., str]) -> None:
    assert state(database) == DEFAULT_STATE
    ada = account("Ada")
    with database.begin() as session:
        lifecycle.make_claim(session, ada, ADA)
    assert (state(database)["verification_level"], state(database)["claimed"]) == (2, False)
    with database.begin() as session:
        session.get_one(Account, ada).orcid = ADA["orcid"]
        lifecycle.settle(session, ADA)
    assert (state(database, "uni")["verification_level"], state(database)["claimed"]) == (3, True)
    with database.begin() as session:
        session.add(InstitutionEmail(account_id=ada, address="ada@cs.uni.example"))
        institution_emails.add_domain(session, "uni.example", "uni")
    assert state(database, "uni")["verification_level"] == 4
    assert state(database, "other")["verification_level"] == 3
    assert state(database)["verification_level"] == 3
    with database.begin() as session:
        session.get_one(Account, ada).suspended_at = now()
    assert state(database, "uni") == DEFAULT_STATE


def test_an_address_without_a_verified_claim_lifts_nobody(database: Database, account: Callable[..., str]) -> None:
    ada = account("Ada")
    with database.begin() as session:
        lifecycle.make_claim(session, ada, ADA)
        session.add(InstitutionEmail(account_id=ada, address="ada@uni.example"))
        institution_emails.add_domain(session, "uni.example", "uni")
    assert state(database, "uni")["verification_level"] == 2


def test_followers_in_good_standing_count(database: Database, account: Callable[..., str]) -> None:
    for name, fields in (("Bob", {}), ("Eve", {"suspended_at": now()})):
        follower = account(name, **fields)
        with database.begin() as session:
            session.add(Follow(account_id=follower, kind="researcher", target="ada-1", label="Ada"))
    assert state(database) == {**DEFAULT_STATE, "followers_count": 1}


def proven_at(database: Database, researcher_id: str) -> str:
    with database.read() as session:
        claim = lifecycle.owner_of(session, researcher_id)
        assert claim is not None
        assert claim.decided_at is not None
        return claim.decided_at.isoformat()


def test_what_the_owner_says_is_in_the_state(database: Database, ada: str) -> None:
    changes = {"preferred_name": "Ada King", "links": ["https://ada.example"], "open_to_collaborate": True}
    with database.begin() as session:
        profile.update_profile(session, ada, changes)
        profile.set_statement(session, ada, "arxiv:1", is_mine=False)
    found = state(database)
    assert found["open_to_collaborate"] is True
    assert found["owner"] == {
        "proof": "orcid",
        "proven_at": proven_at(database, "ada-1"),
        "email_proven_at": None,
        "name": "Ada King",
        "affiliation": None,
        "bio": None,
        "links": ["https://ada.example"],
    }
    with database.begin() as session:
        kept = states.kept_state(session, "ada-1", found)
    assert kept is not None
    assert [(one["work_id"], one["is_mine"]) for one in kept["statements"]] == [("arxiv:1", False)]


def test_only_what_changes_is_noted(database: Database, ada: str) -> None:
    with database.begin() as session:
        before = len(session.scalars(select(Outbox)).all())
        profile.update_profile(session, ada, {"bio": "I compute."})
    for _ in range(2):
        with database.begin() as session:
            assert profile.update_profile(session, ada, {"bio": "I compute.", "affiliation": ""}).affiliation is None
            assert len(session.scalars(select(Outbox)).all()) == before + 1
            assert session.scalars(select(Audit.detail).where(Audit.action == "profile.change")).all() == [
                {"fields": ["bio"]}
            ]
    with database.begin() as session:
        assert profile.update_profile(session, ada, {"bio": ""}).bio is None


def test_who_owns_nothing_says_nothing(database: Database, account: Callable[..., str]) -> None:
    bob = account("Bob")
    for step in (
        lambda session: profile.update_profile(session, bob, {"bio": "Me."}),
        lambda session: profile.set_statement(session, bob, "arxiv:1", is_mine=True),
        lambda session: profile.delete_statement(session, bob, "arxiv:1"),
    ):
        with pytest.raises(Problem, match="Claim yours first"), database.begin() as session:
            step(session)


def test_a_statement_is_changed_taken_back_and_never_doubled(database: Database, ada: str) -> None:
    for is_mine in (True, True, False):
        with database.begin() as session:
            profile.set_statement(session, ada, "arxiv:1", is_mine=is_mine)
    with database.begin() as session:
        claim = profile.require_claim(session, ada)
        assert [(one.work_id, one.is_mine) for one in profile.statements_of(session, claim.id)] == [("arxiv:1", False)]
        assert profile.delete_statement(session, ada, "arxiv:1")
        assert not profile.delete_statement(session, ada, "arxiv:1")
        said = select(Audit.action).where(Audit.action.startswith("work.")).order_by(Audit.id)
        assert session.scalars(said).all() == ["work.mine", "work.not_mine", "work.unsay"]


def test_a_statement_follows_the_id_of_a_merged_work(database: Database, ada: str) -> None:
    with database.begin() as session:
        profile.set_statement(session, ada, "arxiv:1", is_mine=True)
        profile.set_statement(session, ada, "doi:10.1000/a", is_mine=False)
    both = ["arxiv:1", "doi:10.1000/a"]
    with database.begin() as session:
        profile.set_statement(session, ada, "doi:10.1000/a", is_mine=True, ids=both)
    with database.begin() as session:
        claim = profile.require_claim(session, ada)
        found = [(one.work_id, one.is_mine) for one in profile.statements_of(session, claim.id)]
        assert found == [("doi:10.1000/a", True)]
        assert profile.set_statement(session, ada, "acl:1", is_mine=True, ids=[*both, "acl:1"]).work_id == "acl:1"
        assert profile.delete_statement(session, ada, "acl:2", ids=["acl:1", "acl:2"])
        assert profile.statements_of(session, claim.id) == []


def test_there_is_an_end_to_statements(database: Database, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "MAX_STATEMENTS", 1)
    with database.begin() as session:
        profile.set_statement(session, ada, "arxiv:1", is_mine=True)
    with pytest.raises(Problem, match="reached the limit"), database.begin() as session:
        profile.set_statement(session, ada, "arxiv:2", is_mine=True)
    with database.begin() as session:
        assert profile.set_statement(session, ada, "arxiv:1", is_mine=False).is_mine is False


@pytest.mark.parametrize(
    ("text", "domain"),
    [("Uni.Example", "uni.example"), ("@uni.example.", "uni.example"), ("ada@cs.uni.example", "cs.uni.example")],
)
def test_domains_are_read_as_people_write_them(text: str, domain: str) -> None:
    assert institution_emails.domain_of(text) == domain


@pytest.mark.parametrize("text", ["", "example", "uni..example", "-uni.example", "127.0.0.1", "a b.example", "x" * 300])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a domain"):
        institution_emails.domain_of(text)


def test_a_domain_that_only_ends_alike_proves_nothing(database: Database, ada: str) -> None:
    with database.begin() as session:
        institution_emails.add_domain(session, "uni.example", "uni")
        assert institution_emails.is_at_institution(session, "ada@uni.example", ["uni"])
        assert institution_emails.is_at_institution(session, "ada@a.b.uni.example", ["other", "uni"])
        assert not institution_emails.is_at_institution(session, "ada@evil-uni.example", ["uni"])
        assert not institution_emails.is_at_institution(session, "ada@uni.example.evil.example", ["uni"])
        assert not institution_emails.is_at_institution(session, "ada@example", ["uni"])
        assert not institution_emails.is_at_institution(session, "ada@uni.example", [])


def test_changed_domains_weigh_owners_anew(database: Database, ada: str) -> None:
    with database.begin() as session:
        session.add(InstitutionEmail(account_id=ada, address="ada@uni.example"))
    with database.begin() as session:
        before = len(session.scalars(select(Outbox)).all())
        assert institution_emails.add_domain(session, "uni.example", "uni")
        assert not institution_emails.add_domain(session, "uni.example", "uni")
        assert [one.domain for one in institution_emails.list_domains(session)] == ["uni.example"]
        assert institution_emails.remove_domain(session, "uni.example", "uni")
        assert not institution_emails.remove_domain(session, "uni.example", "uni")
        session.flush()
        assert len(session.scalars(select(Outbox)).all()) == before + 2


@pytest.mark.parametrize(
    ("domain", "address", "is_theirs"),
    [
        ("universit\u00e4t.example.de", "x@universit\u00e4t.example.de", True),
        ("xn--universitt-y5a.example.de", "x@universit\u00e4t.example.de", True),
        ("Universit\u00c4t.example.de", "x@cs.universit\u00e4t.example.de", True),
        ("stra\u00dfe.de", "x@stra\u00dfe.de", True),
        ("stra\u00dfe.de", "x@strasse.de", False),
        ("strasse.de", "x@stra\u00dfe.de", False),
    ],
)
def test_a_domain_in_any_script_is_one_and_no_other(
    database: Database, domain: str, address: str, is_theirs: bool
) -> None:
    with database.begin() as session:
        institution_emails.add_domain(session, institution_emails.domain_of(domain), "uni")
        assert institution_emails.is_at_institution(session, address_of(address), ["uni"]) is is_theirs
