"""What the features of accounts need from outside: the database, the mailer and the settings. One object per app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

    from accounts.database import Database
    from accounts.mail import Mailer
    from peerscope.settings import Settings

#: Key of `app.extensions`.
KEY = "accounts"


@dataclass(frozen=True)
class Resources:
    """The database, which connects at its first use, the mailer and the settings."""

    database: Database
    mailer: Mailer
    settings: Settings


def resources_of(app: Flask) -> Resources:
    """Return the resources of an app in which accounts are installed."""
    return cast("Resources", app.extensions[KEY])


def database() -> Database:
    """Return the database of the app that handles this request."""
    return resources_of(current_app).database


def mailer() -> Mailer:
    """Return the mailer of the app that handles this request."""
    return resources_of(current_app).mailer


def settings() -> Settings:
    """Return the settings of the app that handles this request."""
    return resources_of(current_app).settings
