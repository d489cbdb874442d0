"""The database of accounts: connections, transactions and migrations."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DataError,
    DBAPIError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from peerscope.errors import PeerscopeError, SettingsError
from peerscope.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from peerscope.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
#: Key of a session's functions to call after the commit.
ON_COMMIT = "on_commit"
#: Seconds that a writer waits for another one in SQLite.
BUSY = 10


def is_failure(error: Exception) -> bool:
    """Return whether an error is one of the database: unreachable, locked, full or damaged.

    Other errors concern a statement or its values, and are defects. Drivers raise different classes for the same
    failure; a damaged SQLite file is a plain `DatabaseError`, which no subclass covers.
    """
    about_a_statement = (DataError, IntegrityError, ProgrammingError)
    return isinstance(error, DBAPIError | PoolTimeout) and not isinstance(error, about_a_statement)


def is_damage(error: DBAPIError) -> bool:
    """Return whether an error reports a file that is damaged or not of SQLite: a `DatabaseError` of no subclass."""
    return type(error) is DatabaseError


class RewriteError(PeerscopeError):
    """The files of the database could not be rewritten now; this can be repeated."""


class Database:
    """Opens sessions on one database. Thread-safe; each process creates its own."""

    def __init__(self, url: str) -> None:
        """Name the database; no connection is opened yet. Raises SettingsError for an invalid URL."""
        try:
            self.url = make_url(url)
            if self.url.drivername in {"postgres", "postgresql"}:
                self.url = self.url.set(drivername="postgresql+psycopg")
            self.engine = _engine(self.url)
        except (ArgumentError, ImportError) as error:
            # Without the URL, which may hold a password.
            raise SettingsError(f"PEERSCOPE_DATABASE_URL: {_why(error)}") from error

    @classmethod
    def from_settings(cls, settings: Settings) -> Database:
        """Return the database of the settings, by default SQLite's file `accounts.sqlite` in the home folder."""
        if settings.database_url:
            return cls(settings.database_url.get_secret_value())
        return cls(f"sqlite:///{settings.home / 'accounts.sqlite'}")

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Open a session in a transaction, committed at the end of the block and rolled back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session:
            with session.begin():
                yield session
            for call in session.info.get(ON_COMMIT, ()):
                call()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read-only session, which does not wait for writers."""
        with Session(self.engine.execution_options(reads=True), expire_on_commit=False) as session:
            yield session

    def migrate(self) -> None:
        """Migrate the tables to the newest version.

        One process at a time: alembic runs all of it in one transaction, behind a lock.
        """
        with self.engine.begin() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def problem(self) -> str | None:
        """Return why the database cannot be used, None if it can. A file of SQLite is searched for damage."""
        is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            with self.engine.execution_options(reads=True).connect() as connection:
                connection.execute(text("SELECT version_num FROM alembic_version"))
                result = connection.scalar(text("PRAGMA quick_check(1)")) if is_sqlite else "ok"
        except (SQLAlchemyError, OSError) as error:
            return " ".join(str(getattr(error, "orig", error)).split())
        return None if result == "ok" else f"the file is damaged: {result}"

    def rewrite(self) -> None:
        """Rewrite the files, so that no deleted content is left in free space or in the write-ahead log of SQLite.

        PostgreSQL reuses the space of deleted rows; its old bytes are overwritten in time. Raises RewriteError or
        SQLAlchemyError while the database is in use; this can be repeated.
        """
        if self.url.get_backend_name() != "sqlite":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM")
            return
        raw = self.engine.raw_connection()  # outside of any transaction, as VACUUM requires
        try:
            cursor: Any = raw.cursor()
            cursor.execute("VACUUM")
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            raise RewriteError(f"The database of accounts cannot be rewritten now: {error}") from error
        finally:
            raw.close()
        if busy:
            raise RewriteError("The database of accounts cannot be rewritten now: a reader uses its write-ahead log.")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def on_commit(session: Session, call: Callable[[], object]) -> None:
    """Call a function once the transaction of a session from `Database.begin` is committed."""
    session.info.setdefault(ON_COMMIT, []).append(call)


def _why(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"{error} (for PostgreSQL, install the extra postgresql)"
    return "must have the form postgresql://user:password@host/name, or sqlite:////path/of/a/file"


def _engine(url: Any) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    # Parameters contain personal data, which must not reach the log.
    engine = create_engine(url, connect_args={"timeout": BUSY}, hide_parameters=True)

    @event.listens_for(engine, "do_connect")
    def _create(*_: Any) -> None:
        if url.database and url.database != ":memory:":
            create_private(Path(url.database))

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        # Transactions are begun below, as a writer: one that starts as a reader and writes later would fail as busy.
        connection.isolation_level = None
        for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reads") else "BEGIN IMMEDIATE")

    return engine
