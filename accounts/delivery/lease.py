"""A lock that lets one process at a time deliver from a database; it ends with the process that holds it."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from peerscope.locks import FileLock

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from accounts.database import Database


class Lease:
    """A named lock: an advisory lock of PostgreSQL, which ends with the connection, or a file lock next to SQLite."""

    def __init__(self, database: Database, name: str) -> None:
        """Prepare the lock without acquiring it."""
        self._database, self._name = database, name
        self._connection: Connection | None = None
        self._file = FileLock(Path(f"{database.url.database}.{name}lock"))
        self._is_reported = False

    def take(self) -> bool:
        """Acquire the lock if it is free; return whether this process holds it. Raises SQLAlchemyError."""
        if self._database.url.get_backend_name() == "sqlite":
            return self._file.take() or self._report_foreign()
        return self._is_connected() or self._lock_postgresql()

    def release(self) -> None:
        """Release the lock."""
        self._file.release()
        if self._connection:
            # Invalidated, as a pooled connection would keep the lock.
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _report_foreign(self) -> bool:
        """Log once that another account's process holds the lock; one of ours that holds it delivers."""
        if not self._is_reported and (holder := self._file.holder()).is_foreign:
            logging.getLogger(__name__).error("Nothing is delivered: %s is locked by %s", self._file.path, holder)
            self._is_reported = True
        return False

    def _is_connected(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def _lock_postgresql(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        query = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
        try:
            taken = bool(connection.scalar(query, {"name": f"peerscope {self._name}"}))
        except SQLAlchemyError:
            connection.close()
            raise
        if taken:
            self._connection = connection
        else:
            connection.close()
        return taken
