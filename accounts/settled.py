"""Transactions that meet a concurrent change: unique constraints let only one of two requests succeed.

Following, inviting and messaging are idempotent: `settled` runs the change again, which then finds the row of the other
request. A claim or a decision depends on a state that has changed: `changing` raises a conflict.
"""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import IntegrityError

from search_api.http.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.orm import Session

    from accounts.database import Database


T = TypeVar("T")


def settled(database: Database, change: Callable[[Session], T]) -> T:
    """Run a change in one transaction, and once more if a concurrent request violated a constraint.

    The change must read before it writes, and return the same when it has been made already.
    """
    try:
        with database.begin() as session:
            return change(session)
    except IntegrityError:
        with database.begin() as session:
            return change(session)


@contextmanager
def changing(database: Database) -> Iterator[Session]:
    """Open a transaction. Raises Problem (409) if a concurrent request made a conflicting change."""
    try:
        with database.begin() as session:
            yield session
    except IntegrityError as error:
        detail = "This was just changed by someone else. Reload and try again."
        raise Problem(HTTPStatus.CONFLICT, detail) from error
