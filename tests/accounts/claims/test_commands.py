"""What an administrator does at the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from accounts.claims import lifecycle
from accounts.claims.lifecycle import owner_of
from peerscope.cli import main
from tests.accounts.claims.conftest import ADA, BOB

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.database import Database

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", database_url)
    return lambda *words: CliRunner().invoke(main, words)


def test_claims_are_listed_and_decided(
    run: Callable[..., Result], database: Database, account: Callable[..., str]
) -> None:
    ada, eve = account("Ada", orcid=ADA["orcid"]), account("Eve")
    with database.begin() as session:
        lifecycle.make_claim(session, ada, ADA)
        second = lifecycle.make_claim(session, eve, ADA, "It is me.")
    listed = run("claims", "list").output
    facts = (second.id, "ada-1", "by Eve", "account since 20", "evidence: It is me.")
    for part in (*facts, "DISPUTES", "1 pending claim."):
        assert part in listed
    assert run("claims", "approve", second.id).exit_code == 2
    assert "now belongs to account" in run("claims", "approve", second.id, "--reason", "Showed a passport.").output
    assert "is rejected" in run("claims", "reject", second.id, "--reason", "It was forged.").output
    assert "reason: It was forged." in run("claims", "list", "--status", "rejected").output
    with database.read() as session:
        assert owner_of(session, "ada-1") is None
    missing = run("claims", "approve", "nonsense", "--reason", "Why not?")
    assert (missing.exit_code, missing.output) == (1, "Error: No claim has the id 'nonsense'.\n")
    log = run("audit", "--action", "claim.", "-n", "2").output.splitlines()
    assert ["claim.revoke" in log[0], "claim.approve" in log[1], len(log)] == [True, True, 2]
    assert "system" in log[0]


def test_domains_are_added_listed_and_removed(run: Callable[..., Result]) -> None:
    assert run("domains", "add", "Uni.Example", "https://ror.org/05abc1234").exit_code == 0
    assert "already" in run("domains", "add", "@uni.example", "https://ror.org/05abc1234").output
    (line,) = run("domains", "list").output.splitlines()
    domain, institution = line.split("\t")
    assert domain == "uni.example"
    assert run("domains", "remove", domain, institution).output == f"{domain} no longer belongs to {institution}.\n"
    assert run("domains", "list").output == ""
    assert run("claims", "list", "--status", "released").output == "No released claims.\n"
    refused = run("domains", "add", "no domain", "uni")
    assert (refused.exit_code, "is not a domain" in refused.output) == (2, True)


def test_what_people_wrote_is_neither_sql_nor_a_command_to_the_terminal(
    run: Callable[..., Result], database: Database, account: Callable[..., str]
) -> None:
    bob = account("Bob \x1b[2J'; DROP TABLE claim; --")
    with database.begin() as session:
        lifecycle.make_claim(session, bob, BOB, "'; --")
    listed = run("claims", "list").output
    assert "Bob  [2J'; DROP TABLE claim; --" in listed
    assert "\x1b" not in listed
    assert run("audit", "--target", "'; --").output == ""
