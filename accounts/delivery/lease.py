"""One deliverer at a time on one database, however many processes serve: the lease goes with the process that dies."""

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
    """A lock by name: PostgreSQL's own, which ends with the connection; beside a file of SQLite, the system's."""

    def __init__(self, database: Database, name: str) -> None:
        """Name it; nothing is taken yet."""
        self._database, self._name = database, name
        self._connection: Connection | None = None
        self._file: TextIO | None = None

    def take(self) -> bool:
        """Return whether this process has the lease, taking it if nobody has. Raises SQLAlchemyError."""
        if self._database.url.get_backend_name() == "sqlite":
            return self._file is not None or self._lock_file()
        return self._still_connected() or self._lock_row()

    def release(self) -> None:
        """Let others have it."""
        if self._file:
            self._file.close()
            self._file = None
        if self._connection:
            # Invalidated: a pooled connection would keep the lock.
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

    def _still_connected(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def _lock_row(self) -> bool:
        connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        question = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
        try:
            taken = bool(connection.scalar(question, {"name": f"peerscope {self._name}"}))
        except SQLAlchemyError:
            connection.close()
            raise
        if taken:
            self._connection = connection
        else:
            connection.close()
        return taken
