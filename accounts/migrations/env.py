"""Run by alembic for every command: migrations go over the connection that `Database.migrate` hands in."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from accounts.models import Base

#: Any number that no other program locks in the same database.
LOCK = 0x7065_6572

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
context.run_migrations()
