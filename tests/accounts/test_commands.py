"""`peerscope accounts`, over the database of the environment."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from accounts.audit import Audit
from accounts.base import now
from accounts.login.models import Account, Login
from accounts.secrets import digest
from peerscope.cli import main

if TYPE_CHECKING:
    from accounts.database import Database


@pytest.fixture
def ada(database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    with database.begin() as session:
        session.add(account := Account(name="Ada [b]", email="ada@example.org", orcid="0000-0002-1825-0097"))
        session.flush()
        session.add(Login(account_id=account.id, digest=digest("x"), browser="", expires_at=now()))
    return account.id


def run(*words: str, expected: int = 0) -> str:
    result = CliRunner().invoke(main, ["accounts", *words])
    assert result.exit_code == expected, result.output
    return result.output


@pytest.mark.databases("sqlite", "postgresql")
def test_accounts_are_listed(ada: str) -> None:
    listed = run("list")
    for word in ("Ada [b]", "ada@example.org", "0000-0002-1825-0097", ada):
        assert word in listed
    assert run("list", "--admins") == run("list", "--suspended") == "No accounts.\n"


@pytest.mark.databases("sqlite", "postgresql")
def test_an_administrator_is_made_once(ada: str, database: Database) -> None:
    for _ in range(2):
        assert run("admin", "ADA@example.org") == "Ada [b] is an administrator.\n"
    assert ada in run("list", "--admins")
    assert run("admin", ada, "--off") == "Ada [b] is not an administrator.\n"
    with database.read() as session:
        rows = session.scalars(select(Audit).order_by(Audit.id)).all()
    assert [(row.action, row.actor_id, row.detail) for row in rows] == [
        ("account.admin", None, {"on": True}),
        ("account.admin", None, {"on": False}),
    ]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_suspended_account_is_logged_out_and_can_be_restored(ada: str, database: Database) -> None:
    for _ in range(2):
        run("suspend", "0000-0002-1825-0097", "--reason", "spam")
    assert "suspended" in run("list", "--suspended")
    with database.read() as session:
        assert session.scalars(select(Login)).all() == []
    run("restore", ada)
    with database.read() as session:
        assert session.get_one(Account, ada).suspended_at is None
        rows = session.scalars(select(Audit).order_by(Audit.id)).all()
    assert [(row.action, row.detail.get("reason")) for row in rows] == [
        ("account.suspend", "spam"),
        ("account.restore", None),
    ]


def test_who_is_not_there_is_named(ada: str) -> None:
    assert "'nobody@example.org'" in run("suspend", "nobody@example.org", expected=1)


@pytest.mark.parametrize("command", [("accounts", "list"), ("claims", "list"), ("reports", "list"), ("audit",)])
@pytest.mark.parametrize("url", ["nonsense", "mysql://x", "postgresql://u:secret@127.0.0.1:9/x"])
def test_a_wrong_database_is_told_in_a_sentence(
    command: tuple[str, ...], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", url)
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, result.output.startswith("Error: ")) == (1, True), result.output
    assert "Traceback" not in result.output
    assert "secret" not in result.output


@pytest.mark.databases("sqlite", "postgresql")
def test_a_suspended_accounts_data_can_be_given_and_deleted(ada: str) -> None:
    run("suspend", ada)
    assert json.loads(run("export", "ada@example.org"))["account"]["id"] == ada
    run("delete", ada, expected=1)
    assert "is deleted" in run("delete", ada, "--yes")
    assert "No account has" in run("export", ada, expected=1)


@pytest.mark.parametrize(
    "words", [("accounts", "list"), ("claims", "list"), ("digest",), ("audit",), ("reports", "list")]
)
def test_commands_say_that_accounts_are_off(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.setenv("PEERSCOPE_ACCOUNTS", "off")
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert result.stderr == "Error: PEERSCOPE_ACCOUNTS=off: this command needs accounts, and they are turned off.\n"
