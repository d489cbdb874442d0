"""What the features of accounts need from outside: the database, the mailer and the settings. One object per app."""

from __future__ import annotations

from dataclasses import dataclass
from functools import update_wrapper
from http import HTTPStatus
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import current_app, request
from sqlalchemy.exc import SQLAlchemyError

from accounts.smtp import LOOPBACK
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from accounts.database import Database
    from accounts.smtp import Mailer
    from peerscope.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D")

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


def or_default(default: D) -> Callable[[Callable[P, R]], Callable[P, R | D]]:
    """Return a decorator for what public pages show of accounts: the default while the database fails."""

    def decorate(function: Callable[P, R]) -> Callable[P, R | D]:
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R | D:
            try:
                return function(*args, **kwargs)
            except (SQLAlchemyError, OSError, ValueError):  # the last from a damaged row
                current_app.logger.exception("the accounts database failed; a page is shown without its data")
                return default

        return update_wrapper(guarded, function)

    return decorate


def public_url() -> str:
    """Return the public address of this site, without a slash at the end, for links that are mailed.

    The Host header of a request counts for a server on this machine only: a forged one would send a secret link to
    another site. Raises Problem (503).
    """
    if address := settings().public_url:
        return address
    if urlsplit(request.host_url).hostname in LOOPBACK:
        return request.host_url.rstrip("/")
    detail = "This site cannot send e-mail yet. Its operator must set PEERSCOPE_PUBLIC_URL."
    raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail)
