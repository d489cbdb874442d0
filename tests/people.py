"""People for tests: an account made in the database, and a browser or a program that asks in its name."""

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
from accounts.mail import Mailer
from accounts.resources import KEY, resources_of
from accounts.secrets import digest, keyed, new_token
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.test import TestResponse

    from accounts.database import Database


class Mailbox(Mailer):
    """Keeps mail in place of sending it, and does at once what comes after a request."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def send(self, to: str, subject: str, text: str) -> None:
        self.sent.append((to, subject, text))

    def later(self, task: Callable[[], None]) -> None:
        task()

    def link(self, to: str) -> str:
        """Return the path of the link in the last mail to an address."""
        text = next(text for address, _, text in reversed(self.sent) if address == to)
        return str(re.findall(r"http://localhost(/\S+/\S+)", text)[-1])


class Person(FlaskClient):
    """A browser. Whatever changes something goes with the CSRF token, unless the test says `csrf=False`."""

    name: str = ""
    account_id: str = ""

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and kwargs.get("method", "GET") not in {"GET", "HEAD"}:
            kwargs["headers"] = {"X-CSRF-Token": self.csrf(), **(kwargs.get("headers") or {})}
        return super().open(*args, **kwargs)

    def csrf(self) -> str:
        """Return this browser's token, as a form would carry it."""
        with self.session_transaction() as session:
            raw = session.setdefault("csrf_token", uuid4().hex)
        return str(URLSafeTimedSerializer(keyed(self.application), salt="wtf-csrf-token").dumps(raw))


def accounts_of(app: Flask) -> Database:
    """Return the database of an app."""
    return resources_of(app).database


def use_settings(app: Flask, **changes: Any) -> None:
    """Have accounts in an app use the settings of the environment with these changes from now on."""
    app.extensions[KEY] = replace(resources_of(app), settings=Settings.load(**changes))
    app.extensions.pop(orcid.KEY, None)


def browser(app: Flask) -> Person:
    """Return a browser in which nobody is logged in; it checks what the app's own test client checks."""
    checks = app.test_client_class
    kind = type("CheckedPerson", (Person, checks), {}) if checks else Person
    person: Person = kind(app, app.response_class)
    return person


def log_in(app: Flask, name: str, orcid: str | None = None, admin: bool = False, **more: Any) -> Person:
    """Make an account (`more`: its other columns), and give a browser in which it is logged in."""
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
    """Return a client that asks with an API token of the account."""
    token = new_token("psk_")
    with accounts_of(app).begin() as session:
        session.add(ApiToken(account_id=account_id, digest=digest(token), name="test", scopes=list(scopes)))
    client = FlaskClient(app, app.response_class)
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client
