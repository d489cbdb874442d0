"""A lock that lets one process at a time deliver from a database; it ends with the process that holds it."""

from __future__ import annotations

import fcntl
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from typing import TextIO

    from sqlalchemy import Connection

    from accounts.database import Database


class Lease:
    """A named lock: an advisory lock of PostgreSQL, which ends with the connection, or a file lock next to SQLite."""

    def __init__(self, database: Database, name: str) -> None:
        """Prepare the lock without acquiring it."""
        self._database, self._name = database, name
        self._connection: Connection | None = None
        self._file: TextIO | None = None

    def take(self) -> bool:
        """Acquire the lock if it is free; return whether this process holds it. Raises SQLAlchemyError."""
        if self._database.url.get_backend_name() == "sqlite":
            return self._file is not None or self._lock_file()
        return self._is_connected() or self._lock_postgresql()

    def release(self) -> None:
        """Release the lock."""
        if self._file:
            self._file.close()
            self._file = None
        if self._connection:
            # Invalidated, as a pooled connection would keep the lock.
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def _lock_file(self) -> bool:
        file = open(f"{self._database.url.database}.{self._name}lock", "a", encoding="utf-8")  # noqa: SIM115 (kept)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

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
