"""What the features of accounts need from outside: the database and the mail server. One object for each app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

    from accounts.database import Database
    from accounts.mail import Mailer

#: Key of `app.extensions`.
KEY = "accounts"


@dataclass(frozen=True)
class Resources:
    """The database of accounts, which connects at its first use, and what sends mail."""

    database: Database
    mailer: Mailer


def resources_of(app: Flask) -> Resources:
    """Return the resources of an app in which accounts are installed."""
    return cast("Resources", app.extensions[KEY])


def database() -> Database:
    """Return the database of the app that handles this request."""
    return resources_of(current_app).database


def mailer() -> Mailer:
    """Return the mailer of the app that handles this request."""
    return resources_of(current_app).mailer
