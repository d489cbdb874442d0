"""Who asks, what they may, what no other site can do in their name, and what caches may keep."""

from __future__ import annotations

import stat
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from accounts import audit, secrets
from accounts.actors import current_actor, require_scope
from accounts.audit import Audit
from accounts.base import now
from accounts.login.models import Account, ApiToken, Login
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.schemas import Named
from tests.people import accounts_of, browser, log_in, program, use_settings

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

    from accounts.actors import Actor


@pytest.fixture
def app(app: Flask) -> Flask:
    @app.get("/api/v1/asks")
    @endpoint(Args, Named, "Asks", scope="read")
    def asks(args: dict[str, Any], actor: Actor) -> dict[str, Any]:
        return {"id": actor.account_id, "name": actor.name}

    @app.post("/api/v1/changes")
    def changes() -> dict[str, Any]:
        return {"id": require_scope("follow").account_id}

    @app.delete("/api/v1/ends")
    @endpoint(Args, Named, "Ends", scope="admin", status=HTTPStatus.NO_CONTENT)
    def ends(args: dict[str, Any], actor: Actor) -> None:
        assert actor.is_admin

    @app.get("/api/v1/public")
    def public() -> dict[str, Any]:
        return {"name": actor.name if (actor := current_actor()) else None}

    @app.post("/form")
    def form() -> str:
        return "done"

    return app


def test_nobody_is_told_to_log_in(app: Flask) -> None:
    answer = browser(app).get("/api/v1/asks")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.get_json(force=True)["detail"] == "Authentication required."


def test_a_browser_and_a_token_ask_for_their_account(app: Flask) -> None:
    ada = log_in(app, "Ada")
    for client in (ada, program(app, ada.account_id, "read")):
        answer = client.get("/api/v1/asks")
        assert answer.get_json() == {"id": ada.account_id, "name": "Ada"}
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in answer.headers


def test_a_token_does_what_its_scopes_say_and_no_more(app: Flask) -> None:
    ada = log_in(app, "Ada", admin=True)
    token = program(app, ada.account_id, "follow")
    assert token.post("/api/v1/changes").status_code == 200
    answer = token.get("/api/v1/asks")
    assert (answer.status_code, answer.get_json(force=True)["detail"]) == (
        403,
        "The token does not have the scope 'read'.",
    )
    assert token.delete("/api/v1/ends").status_code == 403
    assert program(app, ada.account_id, "admin").delete("/api/v1/ends").status_code == 204


def test_only_an_administrator_is_one(app: Flask) -> None:
    bob = log_in(app, "Bob")
    assert bob.delete("/api/v1/ends").status_code == 403
    assert program(app, bob.account_id, "admin").delete("/api/v1/ends").status_code == 403
    assert log_in(app, "Ada", admin=True).delete("/api/v1/ends").status_code == 204


def test_a_suspended_account_may_nothing(app: Flask) -> None:
    bob = log_in(app, "Bob", suspended_at=now())
    for client in (bob, program(app, bob.account_id, "read")):
        assert client.get("/api/v1/asks").status_code == 403


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer \xff\u00e9"])
def test_a_request_with_authorization_is_judged_by_that_alone(app: Flask, header: str) -> None:
    ada = log_in(app, "Ada")
    assert ada.get("/api/v1/asks", headers={"Authorization": header}).status_code == 401
    assert ada.post("/api/v1/changes", headers={"Authorization": header}, csrf=False).status_code == 401


@pytest.mark.databases("sqlite", "postgresql")
def test_what_has_expired_lets_nobody_in(app: Flask) -> None:
    ada = log_in(app, "Ada")
    token = program(app, ada.account_id, "read")
    past = now() - timedelta(seconds=1)
    with accounts_of(app).begin() as session:
        session.execute(update(Login).values(expires_at=past))
        session.execute(update(ApiToken).values(expires_at=past))
    assert (ada.get("/api/v1/asks").status_code, token.get("/api/v1/asks").status_code) == (401, 401)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_login_that_is_used_lasts_longer(app: Flask) -> None:
    ada = log_in(app, "Ada")
    assert "Set-Cookie" not in ada.get("/api/v1/asks").headers
    soon = now() + timedelta(days=1)
    with accounts_of(app).begin() as session:
        session.execute(update(Login).values(expires_at=soon, seen_at=now() - timedelta(days=29)))
    assert "Max-Age=2592000" in ada.get("/api/v1/asks").headers["Set-Cookie"]
    with accounts_of(app).read() as session:
        assert session.scalars(select(Login.expires_at)).one() > soon


@pytest.mark.databases("sqlite", "postgresql")
def test_the_use_of_a_token_is_noted(app: Flask) -> None:
    ada = log_in(app, "Ada")
    program(app, ada.account_id, "read").get("/api/v1/asks")
    with accounts_of(app).read() as session:
        assert session.scalars(select(ApiToken.used_at)).one() is not None


# Other sites


def test_a_browser_changes_something_only_with_its_own_csrf_token(app: Flask) -> None:
    ada, eve = log_in(app, "Ada"), log_in(app, "Eve")
    assert ada.post("/api/v1/changes").status_code == 200
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": eve.csrf()}):
        answer = ada.post("/api/v1/changes", headers=headers, csrf=False)
        assert answer.status_code == 400, headers
        assert "X-CSRF-Token" in answer.get_json(force=True)["detail"]


def test_a_form_is_taken_only_with_the_token_even_of_nobody(app: Flask) -> None:
    someone = browser(app)
    assert someone.post("/form", csrf=False).status_code == 400
    assert someone.post("/form", data={"csrf_token": someone.csrf()}, csrf=False).status_code == 200


@pytest.mark.parametrize(
    "path", ["/related", "/api/v1/researchers/rank", "/api/v1/researchers/similar", "/api/v1/works/similar"]
)
def test_what_only_asks_a_long_question_needs_no_token(app: Flask, path: str) -> None:
    for person in (browser(app), log_in(app, "Ada")):
        form = {"json": {"text": "neurons"}} if path.startswith("/api/") else {"data": {"text": ""}}
        assert person.post(path, csrf=False, **form).status_code != 400


def test_another_site_may_ask_but_never_with_cookies(app: Flask) -> None:
    answer = log_in(app, "Ada").get("/api/v1/public", headers={"Origin": "https://evil.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "X-CSRF-Token" not in answer.headers["Access-Control-Allow-Headers"]


# Caches


def test_what_nobody_reads_stays_public_and_what_somebody_reads_is_theirs(app: Flask) -> None:
    nobody, ada = browser(app).get("/api/v1/public"), log_in(app, "Ada").get("/api/v1/public")
    assert nobody.headers["Cache-Control"] == "public, max-age=60"
    assert ada.headers["Cache-Control"] == "private, no-store"
    assert "Cookie" in nobody.headers["Vary"]
    assert "Cookie" in ada.headers["Vary"]


# The database away


def test_with_the_database_away_reading_goes_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = log_in(app, "Ada")

    def fail(*_: Any) -> None:
        raise OperationalError("SELECT", {}, OSError("away"))

    monkeypatch.setattr(accounts_of(app), "read", fail)
    assert ada.get("/api/v1/public").get_json() == {"name": None}
    answer = ada.get("/api/v1/asks")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert browser(app).get("/api/v1/public").status_code == 200


def test_outside_of_a_request_nobody_asks(app: Flask) -> None:
    with app.app_context():
        assert current_actor() is None
    with app.test_request_context("/"), pytest.raises(Exception, match="Authentication required"):
        require_scope("admin")


# Secrets


@pytest.mark.databases("sqlite", "postgresql")
def test_only_digests_of_tokens_are_stored(app: Flask) -> None:
    ada = log_in(app, "Ada")
    cookie = ada.get_cookie("peerscope_login")
    with accounts_of(app).read() as session:
        stored = session.scalars(select(Login.digest)).one()
    assert cookie is not None
    assert stored == secrets.digest(cookie.value) != cookie.value


def test_the_key_is_made_once_for_its_owner_alone(app: Flask, tmp_path: Path) -> None:
    use_settings(app, home=tmp_path / "home", secret_key=None)
    keys = []
    for _ in range(2):
        app.secret_key = None
        keys.append(secrets.keyed(app))
    assert keys[0] == keys[1]
    assert len(keys[0]) == 64
    path = tmp_path / "home" / "secret-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret-key"]
    app.secret_key = None
    use_settings(app, secret_key="my own")
    assert secrets.keyed(app) == "my own"


def test_the_audit_log_knows_the_request(app: Flask) -> None:
    with app.test_request_context("/"), accounts_of(app).begin() as session:
        app.preprocess_request()
        session.add(ada := Account(name="Ada"))
        session.flush()
        audit.note(session, ada.id, "claim.approve", "r1", reason="known")
    with accounts_of(app).read() as session:
        row = session.scalars(select(Audit)).one()
    assert (row.actor_id, row.action, row.target, row.detail) == (ada.id, "claim.approve", "r1", {"reason": "known"})
    assert row.request_id


def test_a_form_that_only_asks_needs_no_token(app: Flask) -> None:
    assert browser(app).post("/related", data={"text": "spiking neurons"}, csrf=False).status_code == 303
