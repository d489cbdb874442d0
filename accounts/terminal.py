"""What the commands of accounts share: the database, errors in a sentence, and what people wrote in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from opensearchpy.exceptions import TransportError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from accounts.database import Database
from accounts.delivery.service import DeliveryError
from peerscope import engine
from peerscope.errors import SettingsError
from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPECTED = (Problem, SettingsError, SQLAlchemyError, TransportError, DeliveryError, engine.EngineError)


@contextmanager
def opened() -> Iterator[Database]:
    """Return the database with its tables up to date. Raises ClickException for every expected error."""
    try:
        database = Database()
        try:
            database.migrate()
            yield database
        finally:
            database.close()
    except EXPECTED as error:
        raise click.ClickException(_said(error)) from error


def in_one_line(text: str) -> str:
    """Return what people wrote in one line, without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _said(error: Exception) -> str:
    if isinstance(error, Problem):
        return error.detail
    if isinstance(error, DBAPIError):
        return f"The database of accounts: {str(error.orig).strip()}"
    return str(error)
