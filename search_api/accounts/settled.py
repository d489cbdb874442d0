"""Two requests at once may both find that a row is not there, and the database keeps only one of them.

The other is then run again: it finds the row and answers as a repeat does. So every change here must look before it
writes, and give the same answer when it is already done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sqlalchemy.exc import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from search_api.accounts.database import Database


T = TypeVar("T")


def settled(database: Database, change: Callable[[Session], T]) -> T:
    """Make a change in one transaction; once more where another request was quicker."""
    try:
        with database.begin() as session:
            return change(session)
    except IntegrityError:
        with database.begin() as session:
            return change(session)
