"""What a deleted account leaves behind: no byte of its texts in any file of the database, and no waiting mail."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, update

from accounts.audit import Audit, note
from accounts.base import now
from accounts.claims import lifecycle
from accounts.claims.models import Claim, InstitutionEmail, OwnProfile
from accounts.database import Database, RewriteError
from accounts.erasure import Erasure, forget_expired
from accounts.login import links
from accounts.login.models import Account, EmailToken, Login
from accounts.me.service import delete_account
from accounts.outbox import Mail, enqueue_mail
from accounts.throttle import Throttle
from peerscope.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

NAME, ADDRESS, PLACE = "Zephyrine Quillfeather", "zephyrine@quill.example", "zq@uni.example"
BIO = "I study the migration of whooping cranes. " * 10
TRACES = [text.encode() for text in (NAME, ADDRESS, PLACE, BIO[:40], "Knows the cranes")]


def files(database: Database) -> list[Path]:
    path = Path(database.url.database or "")
    return sorted(path.parent.glob(path.name + "*"))


def found(database: Database) -> set[bytes]:
    content = [file.read_bytes() for file in files(database)]
    return {trace for trace in TRACES if any(trace in each for each in content)}


@pytest.fixture
def zephyrine(database: Database) -> str:
    """Return the id of an account whose texts are in many places, among neighbours that make pages split and merge."""
    with database.begin() as session:
        session.add(account := Account(name=NAME, email=ADDRESS))
        session.flush()
        session.add(claim := Claim(account_id=account.id, researcher_id="z-1", status="verified", proof="admin"))
        session.flush()
        session.add(InstitutionEmail(account_id=account.id, address=PLACE))
        session.add(OwnProfile(claim_id=claim.id, preferred_name=NAME, bio=BIO, links=[], open_to_collaborate=True))
        note(session, None, "claim.approve", "z-1", claim=claim.id, reason="Knows the cranes")
        enqueue_mail(session, "address_changed", address=ADDRESS)
        links.create(session, "register", ADDRESS)
    for number in range(300):
        with database.begin() as session:
            session.add(Account(name=f"Neighbour {number}", email=f"n{number}@example.org"))
            session.get_one(OwnProfile, claim.id).bio = BIO * (1 + number % 7)
    return account.id


def test_no_byte_of_a_deleted_account_is_left_in_the_files(database: Database, zephyrine: str) -> None:
    assert found(database) == set(TRACES)
    with database.begin() as session:
        delete_account(session, zephyrine, by=zephyrine)
    database.rewrite()
    assert len(files(database)) >= 2  # with the write-ahead log
    assert found(database) == set()
    with database.read() as session:
        assert [(row.action, row.detail.get("reason")) for row in session.scalars(select(Audit))] == [
            ("claim.approve", None),
            ("account.delete", None),
        ]
        assert not session.scalars(select(Mail)).all()
        assert not session.scalars(select(EmailToken)).all()
        assert session.scalars(select(Erasure.researcher_id).order_by(Erasure.id)).all() == [None, "z-1"]


def test_without_rewriting_bytes_would_be_left(database: Database, zephyrine: str) -> None:
    """The reason for `rewrite`: the log of SQLite keeps what was there before."""
    with database.begin() as session:
        delete_account(session, zephyrine, by=None)
    assert found(database)


def test_the_command_leaves_nothing_either(
    database: Database, database_url: str, zephyrine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEERSCOPE_DATABASE_URL", database_url)
    database.close()
    result = CliRunner().invoke(main, ["accounts", "delete", zephyrine, "--yes"])
    assert result.exit_code == 0, result.output
    assert found(database) == set()


def test_a_reader_delays_the_erasure_and_does_not_break_it(
    database: Database, zephyrine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.database.BUSY", 0.1)
    with closing(database.engine.raw_connection()) as raw:
        reader: Any = raw.cursor()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM account").fetchall()
        other = Database(database.url.render_as_string(hide_password=False))
        with other.begin() as session:
            delete_account(session, zephyrine, by=None)
        with pytest.raises(RewriteError, match="cannot be rewritten now"):
            other.rewrite()
        reader.execute("ROLLBACK")
    other.rewrite()
    assert found(other) == set()
    other.close()


@pytest.mark.databases("sqlite", "postgresql")
def test_rewriting_keeps_everything_else(database: Database) -> None:
    with database.begin() as session:
        session.add(Account(name="Bob"))
    database.rewrite()
    with database.begin() as session:
        assert session.scalars(select(Account.name)).all() == ["Bob"]


@pytest.mark.databases("sqlite", "postgresql")
def test_what_has_expired_is_deleted_and_then_erased(database: Database) -> None:
    with database.begin() as session:
        session.add(ada := Account(name="Ada"))
        session.flush()
        links.create(session, "register", "old@example.org")
        session.execute(update(EmailToken).values(expires_at=now() - timedelta(seconds=1)))
        links.create(session, "register", "new@example.org")
        past = now() - timedelta(seconds=1)
        session.add(Login(account_id=ada.id, digest="d", browser="b", expires_at=past))
        session.add(Throttle(key="k", count=1, expires_at=past))
    for _ in range(2):
        forget_expired(database)
    with database.read() as session:
        assert session.scalars(select(EmailToken.address)).all() == ["new@example.org"]
        assert not session.scalars(select(Login)).all()
        assert not session.scalars(select(Throttle)).all()
        assert len(session.scalars(select(Erasure)).all()) == 1


@pytest.mark.parametrize("end", ["release", "reject"])
def test_a_claim_that_ends_is_erased_too(database: Database, owner: Callable[[str], str], end: str) -> None:
    account_id = owner("ada")
    with database.begin() as session:
        claim = session.scalars(select(Claim)).one()
        session.add(OwnProfile(claim_id=claim.id, bio=BIO, links=[], open_to_collaborate=False))
    with database.begin() as session:
        if end == "release":
            lifecycle.release_claim(session, account_id, "r-ada")
        else:
            lifecycle.reject(session, None, claim.id, "Forged.")
    with database.read() as session:
        assert session.scalars(select(Erasure.researcher_id)).all() == ["r-ada"]
