"""`peerscope reports` at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from accounts.login.models import Account
from peerscope.cli import main
from tests.accounts.over_http.test_invitations_api import invited
from tests.people import Person, accounts_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture(autouse=True)
def here(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", database_url)


def run(*words: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == status, result.output
    return result.output


@pytest.fixture
def report(owner: Callable[[str], Person]) -> str:
    """Bob reports what Ada wrote; gives the report's id."""
    ada, bob = owner("ada"), owner("bob")
    made = invited(ada, message="Buy\nthis\u00ad")
    body = {"invitation": made["id"], "reason": "Spam"}
    return str(bob.post("/api/v1/me/reports", json=body).get_json()["id"])


def test_reports_are_listed_with_what_was_written(report: str) -> None:
    shown = run("reports", "list")
    assert report in shown
    assert "Bob (" in shown
    assert "wrote: Buy this \n" in shown
    assert "No upheld reports." in run("reports", "list", "--status", "upheld")


def test_upholding_suspends_and_says_how_to_take_it_back(app: Flask, report: str) -> None:
    assert "accounts restore" in run("reports", "uphold", report, "--reason", "Sells things")
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account.name).where(Account.suspended_at.is_not(None))).all() == ["Ada"]
    assert "upheld: Sells things" in run("reports", "list", "--status", "upheld")
    assert "is already upheld" in run("reports", "dismiss", report, "--reason", "No", status=1)


def test_dismissing_changes_nobody(app: Flask, report: str) -> None:
    assert "Dismissed" in run("reports", "dismiss", report, "--reason", "A joke")
    with accounts_of(app).read() as session:
        assert session.scalars(select(Account.name).where(Account.suspended_at.is_not(None))).all() == []


def test_what_is_not_there_is_said(report: str) -> None:
    assert report
    assert "No report has the id" in run("reports", "uphold", "nothing", "--reason", "x", status=1)
