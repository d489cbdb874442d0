"""Two requests at once may both find that something is so, and the database keeps only what one of them makes of it.

What the other gets depends on what was asked. To follow, invite or write is the same wish whoever was quicker:
`settled` runs it again, where it finds the row and answers as a repeat does. A claim or a decision was made on what
somebody saw, which has changed: with `changing` they hear so, and look again.
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
    """Make a change in one transaction; once more where another request was quicker.

    So the change has to look before it writes, and to give the same answer when it is already done.
    """
    try:
        with database.begin() as session:
            return change(session)
    except IntegrityError:
        with database.begin() as session:
            return change(session)


@contextmanager
def changing(database: Database) -> Iterator[Session]:
    """Open a transaction; who is overtaken by another request in it hears so. Raises Problem (409)."""
    try:
        with database.begin() as session:
            yield session
    except IntegrityError as error:
        detail = "This was just changed by someone else. Reload and try again."
        raise Problem(HTTPStatus.CONFLICT, detail) from error
