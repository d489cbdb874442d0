"""What an attacker or a broken program sends: an answer, never an error of ours, and no token in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from accounts.login import links
from accounts.secrets import new_token
from tests.people import browser, log_in

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session

pytestmark = pytest.mark.databases("sqlite", "postgresql")

NUL = "a\0b"
HOSTS = ("evil.example@localhost", "localhost:80@evil.example", "localhost\\.evil.example", "evil.example/@localhost")


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("DELETE", "/api/v1/me/logins/%00", {}),
        ("DELETE", "/api/v1/me/tokens/%00", {}),
        ("POST", "/account/logins/%00/end", {"data": {}}),
        ("POST", "/account/tokens/%00/end", {"data": {}}),
        ("POST", "/api/v1/me/tokens", {"json": {"name": NUL, "scopes": ["read"]}}),
        ("POST", "/account/tokens", {"data": {"name": NUL, "scopes": "read"}}),
        ("POST", "/api/v1/me/follows", {"json": {"kind": "search", "query": "q=a%00b"}}),
        ("PUT", "/api/v1/me/follows/topic/%00", {}),
        ("POST", "/follow", {"data": {"kind": "search", "target": "q=a%00b"}}),
        ("POST", "/api/v1/researchers/%00/claim", {"json": {}}),
        ("PUT", "/api/v1/me/works/%00", {"json": {"is_mine": True}}),
        ("DELETE", "/api/v1/me/blocks/%00", {}),
        ("POST", "/account/profile/email/forget", {"data": {"email": NUL}}),
        ("POST", "/api/v1/me/reports", {"json": {"invitation": NUL, "reason": "x"}}),
        ("GET", "/feeds/me/%00.atom", {}),
        ("GET", "/login?next=%00", {}),
        ("GET", "/api/v1/me/feed?page=1000000", {}),
        ("GET", "/api/v1/admin/audit?page=1000000&per_page=100", {}),
        ("GET", "/inbox?page=1000000", {}),
        ("POST", "/account/password", {"data": {"password": "x" * 400_000}}),
    ],
)
def test_hostile_input_is_answered(app: Flask, method: str, path: str, sent: dict[str, Any]) -> None:
    person = log_in(app, "Ada", admin=True, email="ada@example.org")
    assert person.open(path, method=method, **sent).status_code < 500


@pytest.mark.parametrize("host", HOSTS)
def test_no_mail_leads_to_a_forged_host(app: Flask, mailbox: Any, host: str) -> None:
    log_in(app, "Ada", email="ada@example.org")
    browser(app).post("/reset", data={"email": "ada@example.org"}, headers={"Host": host})
    assert not mailbox.sent


def test_what_somebody_follows_stands_in_no_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    log_in(app, "Ada").delete("/api/v1/me/follows/search/q=my+secret+illness")
    assert "/api/v1/me/follows/search/..." in caplog.text
    assert "illness" not in caplog.text


def test_an_error_of_ours_logs_neither_tokens_nor_what_was_stored(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(session: Session, *_: Any) -> None:
        session.execute(text("SELECT * FROM nothing WHERE address = :address"), {"address": stored})

    stored = f"ada{1 + 1}@example.org"
    monkeypatch.setattr(links, "peek_token", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.delitem(app.error_handler_spec[None][None], DBAPIError)
    token = new_token()
    assert browser(app).get(f"/reset/{token}").status_code == 500
    assert "'/reset/...' failed" in caplog.text
    assert token not in caplog.text
    assert stored not in caplog.text


@pytest.mark.parametrize("path", ["/reset/{}/", "/feeds/me/{}", "/reset/x/{}"])
def test_no_token_is_logged_where_no_route_matched(app: Flask, path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    token = new_token()
    browser(app).get(path.format(token))
    browser(app).delete(f"/reset/{token}")
    assert caplog.messages
    assert token not in caplog.text
