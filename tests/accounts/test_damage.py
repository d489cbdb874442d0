"""A database of accounts that is damaged, gone or refuses: reading continues, and `/readyz` reports it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import render_template_string
from sqlalchemy import exc

from accounts.actors import require_scope
from accounts.database import Database, is_failure
from accounts.extension import AccountsExtension
from accounts.follows.pages import follow_of
from peerscope.settings import Settings
from tests.people import accounts_of, browser, log_in, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

PAGE = "{% extends 'base.html' %}{% block content %}{{ follow_of('topic', 'a') }} {{ owns_profile('b') }}{% endblock %}"


@pytest.fixture
def app(app: Flask) -> Flask:
    @app.get("/page")
    def page() -> str:
        return render_template_string(PAGE)

    @app.get("/api/v1/scope")
    def scope() -> str:
        return require_scope("read").name

    return app


def overwrite(file: Path) -> None:
    """Overwrite everything behind the first page, which has the schema."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4_096)
        opened.write(b"\xa5" * (size - 4_096))


def replace(file: Path) -> None:
    file.write_bytes(b"this is no database, but long enough for a header of one" * 100)


def cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(6_000)


def remove(file: Path) -> None:
    file.unlink()


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("damage", [overwrite, replace, cut, remove, make_folder])
def test_with_a_damaged_file_reading_continues(app: Flask, damage: Callable[[Path], None]) -> None:
    ada = log_in(app, "Ada")
    token = program(app, ada.account_id, "read")
    assert "Ada" in ada.get("/page").text
    database = accounts_of(app)
    assert database.problem() is None
    database.close()  # writes the WAL into the file
    damage(Path(str(database.url.database)))
    for reader in (ada, browser(app)):
        response = reader.get("/page")
        assert response.status_code == 200
        assert "None False" in response.text
    for client in (ada, token):
        response = client.get("/api/v1/scope")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert browser(app).post("/login", data={"email": "ada@example.org", "password": "x" * 20}).status_code == 503
    assert database.problem()


def test_readyz_reports_a_damaged_file(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search_api.http.health._opensearch", lambda _: "ok")
    assert "accounts" not in browser(app).get("/readyz").get_json()["parts"]
    database = accounts_of(app)
    database.close()
    overwrite(Path(str(database.url.database)))
    assert "accounts" not in browser(app).get("/readyz").get_json()["parts"]  # checked a moment ago
    monkeypatch.setattr("accounts.extension.CHECK_EVERY", 0)
    response = browser(app).get("/readyz")
    assert response.status_code == 200
    assert "malformed" in response.get_json()["parts"]["accounts"]
    assert "accounts" in response.get_json()["degraded"]


CAUSE = sqlite3.DatabaseError("database disk image is malformed")


@pytest.mark.parametrize(
    "error",
    [
        exc.DatabaseError("SELECT", {}, CAUSE),
        exc.OperationalError("SELECT", {}, CAUSE),
        exc.InterfaceError("SELECT", {}, CAUSE),
        exc.InternalError("SELECT", {}, CAUSE),
        exc.NotSupportedError("SELECT", {}, CAUSE),
        exc.TimeoutError("QueuePool limit reached"),
    ],
)
def test_every_failure_of_a_database_is_a_503(app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: Any) -> None:
        raise error

    ada = log_in(app, "Ada")
    assert is_failure(error)
    monkeypatch.setattr(Database, "read", fail)
    monkeypatch.setattr(Database, "begin", fail)
    assert ada.get("/page").status_code == 200
    assert ada.get("/api/v1/scope").status_code == 503
    with app.test_request_context("/"):
        assert follow_of("topic", "a") is None
    response = browser(app).post("/login", data={"email": "ada@example.org", "password": "x" * 20})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("kind", [exc.IntegrityError, exc.ProgrammingError])
def test_a_wrong_statement_is_a_defect(app: Flask, monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    def fail(*_: Any) -> None:
        raise kind("SELECT", {}, CAUSE)

    monkeypatch.setattr(Database, "read", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    response = browser(app).post("/login", data={"email": "ada@example.org", "password": "x" * 20})
    assert response.status_code == 500


def test_a_service_starts_without_accounts_when_their_file_is_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    replace(tmp_path / "accounts.sqlite")
    AccountsExtension().prepare(Settings(home=tmp_path))
    assert "starts without accounts" in caplog.text


def test_a_service_does_not_start_when_its_database_does_not_answer(tmp_path: Path) -> None:
    (tmp_path / "accounts.sqlite").mkdir()
    with pytest.raises((exc.OperationalError, OSError)):
        AccountsExtension().prepare(Settings(home=tmp_path))
