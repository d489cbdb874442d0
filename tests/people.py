"""Accounts for tests: rows in the database, and a browser or an API client that is logged in as one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from accounts.base import now
from accounts.cookies import LIFE, LOGIN
from accounts.login import orcid
from accounts.login.models import Account, ApiToken, Login
from accounts.mail.sender import deliver_due
from accounts.resources import KEY, resources_of
from accounts.secrets import digest, keyed, new_token
from accounts.smtp import Mailer
from peerscope.settings import Settings
from peerscope.signing import Signer

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse

    from accounts.database import Database


def signer() -> Signer:
    """Return the signer that apps and the indexer use in tests."""
    return Signer.from_settings(Settings.load())


class Mailbox(Mailer):
    """Collects mail instead of sending it, as soon as its transaction is committed."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.message_ids: list[str] = []

    def send(self, to: str, subject: str, text: str, message_id: str) -> None:
        self.sent.append((to, subject, text))
        self.message_ids.append(message_id)

    def wake(self, database: Database) -> None:
        deliver_due(database, self)

    def link(self, to: str) -> str:
        """Return the path of the link in the last mail to an address."""
        text = next(text for address, _, text in reversed(self.sent) if address == to)
        return str(re.findall(r"http://localhost(/\S+/\S+)", text)[-1])


class Person(FlaskClient):
    """A browser. Requests that change something carry the CSRF token, unless the test passes `csrf=False`."""

    name: str = ""
    account_id: str = ""

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and kwargs.get("method", "GET") not in {"GET", "HEAD"}:
            kwargs["headers"] = {"X-CSRF-Token": self.csrf(), **(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)

    def csrf(self) -> str:
        """Return the CSRF token of this browser, as in a form."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", uuid4().hex)
        return str(URLSafeTimedSerializer(keyed(self.application), salt="wtf-csrf-token").dumps(raw))


def accounts_of(app: Flask) -> Database:
    """Return the accounts database of an app."""
    return resources_of(app).database


def use_settings(app: Flask, **changes: Any) -> None:
    """Have accounts in an app use the settings of the environment with these changes from now on."""
    app.extensions[KEY] = replace(resources_of(app), settings=Settings.load(**changes))
    app.extensions.pop(orcid.KEY, None)


def browser(app: Flask) -> Person:
    """Return a logged-out browser that makes the same checks as the test client of the app."""
    checks = app.test_client_class
    kind = type("CheckedPerson", (Person, checks), {}) if checks else Person
    person: Person = kind(app, app.response_class)
    return person


def log_in(app: Flask, name: str, orcid: str | None = None, admin: bool = False, **more: Any) -> Person:
    """Create an account (`more`: its other columns) and return a browser that is logged in as it."""
    token = new_token()
    with accounts_of(app).begin() as session:
        session.add(account := Account(name=name, orcid=orcid, is_admin=admin, **more))
        session.flush()
        login = {"account_id": account.id, "digest": digest(token), "browser": "test", "expires_at": now() + LIFE}
        session.add(Login(**login))
    person = browser(app)
    person.set_cookie(LOGIN, token)
    person.name, person.account_id = name, account.id
    return person


def program(app: Flask, account_id: str, *scopes: str) -> FlaskClient:
    """Return a client that sends an API token of the account with these scopes."""
    token = new_token("psk_")
    with accounts_of(app).begin() as session:
        session.add(ApiToken(account_id=account_id, digest=digest(token), name="test", scopes=list(scopes)))
    client = FlaskClient(app, app.response_class)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
