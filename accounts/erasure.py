"""Erasure of the remains of deleted data: in the files of the database, and in the generations of the index.

Deleting rows and updating documents hides data; their bytes remain. A deletion of personal data therefore adds a row
to the table `erasure` in its transaction. The row is deleted when all of these steps are done:

1. The database is rewritten (`Database.rewrite`): its free pages and its write-ahead log hold no deleted content.
2. Generations that are not searched, kept for a rollback or left by an interrupted run, get the current state.
3. After `SETTLE`, OpenSearch merges the segments that hold deleted documents. It keeps them that long for replicas.

If the process is killed, the remaining steps are repeated.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import ConnectionTimeout
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from accounts.base import Base, now
from accounts.login.models import EmailToken, Login
from accounts.throttle import Throttle
from mappings import generations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opensearchpy import OpenSearch
    from sqlalchemy.orm import Session

    from accounts.database import Database
    from mappings import IndexNames

#: How long OpenSearch keeps deleted documents for the recovery of replicas, after which they can be merged away.
SETTLE = timedelta(minutes=15)
SET_STATE = "for (field in params.states[ctx._id].entrySet()) { ctx._source[field.getKey()] = field.getValue() }"

log = logging.getLogger(__name__)


class Erasure(Base):
    """Personal data that was deleted: of an account, and on the profile of a researcher if it had one."""

    __tablename__ = "erasure"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    researcher_id: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    overwritten_at: Mapped[datetime | None]
    """When steps 1 and 2 were done."""


def request_erasure(session: Session, researcher_id: str | None = None) -> None:
    """Request the erasure of what this transaction deletes."""
    session.add(Erasure(researcher_id=researcher_id))


def waiting(database: Database) -> bool:
    """Return whether there is anything to erase."""
    with database.read() as session:
        return session.scalars(select(Erasure.id).limit(1)).one_or_none() is not None


def erase(
    database: Database,
    client: OpenSearch,
    names: IndexNames,
    states_of: Callable[[set[str]], Mapping[str, Mapping[str, Any]]],
) -> None:
    """Do the steps that are due. Everything in the outbox must have been delivered.

    `states_of` returns the current states of researchers by id. Raises RewriteError, SQLAlchemyError or TransportError.
    """
    with database.read() as session:
        rows = session.scalars(select(Erasure).order_by(Erasure.id)).all()
    new = [row for row in rows if row.overwritten_at is None]
    if new:
        database.rewrite()
        _overwrite(client, names, states_of({row.researcher_id for row in new if row.researcher_id}))
        with database.begin() as session:
            done = update(Erasure).where(Erasure.id.in_([row.id for row in new]))
            session.execute(done.values(overwritten_at=now()))
    old = [row for row in rows if row.overwritten_at and row.overwritten_at < now() - SETTLE]
    if old:
        if any(row.researcher_id for row in old):
            merge_away(client, names)
        with database.begin() as session:
            session.execute(delete(Erasure).where(Erasure.id.in_([row.id for row in old])))


def _overwrite(client: OpenSearch, names: IndexNames, states: Mapping[str, Mapping[str, Any]]) -> None:
    """Write states to the generations that are not searched. A missing document or index is ignored, never created."""
    live = generations.live(client, names)
    others = [each.name("researchers") for each in generations.list_generations(client, names) if each != live]
    if not others or not states:
        return
    params = {"ignore_unavailable": "true"}
    # The indices of an unfinished run refresh at its end only.
    client.indices.refresh(index=",".join(others), params=params)
    body = {
        "query": {"ids": {"values": sorted(states)}},
        "script": {"source": SET_STATE, "params": {"states": states}},
    }
    client.update_by_query(
        index=",".join(others), body=body, params={**params, "conflicts": "proceed", "refresh": "true"}
    )


def merge_away(client: OpenSearch, names: IndexNames) -> None:
    """Have OpenSearch drop deleted documents from the files of the indices with personal data.

    Merging goes on in OpenSearch if it takes longer than the timeout of the client.
    """
    indices = [each.name("researchers") for each in generations.list_generations(client, names)]
    for index in [*indices, names.people]:
        params = {"ignore_unavailable": "true"}
        settings = {"index.merge.policy.expunge_deletes_allowed": 0}
        client.indices.put_settings(index=index, body=settings, params=params)
        try:
            client.indices.forcemerge(index=index, params={**params, "only_expunge_deletes": "true", "flush": "true"})
        except ConnectionTimeout:
            log.info("deleted documents of %s are still being merged away", index)


def forget_expired(database: Database) -> None:
    """Delete what has expired: mailed links with their addresses, log-ins, and counts of attempts."""
    with database.read() as session:
        moment = now()
        expired = [
            session.scalars(select(table).where(table.expires_at < moment).limit(1)).first()
            for table in (EmailToken, Login, Throttle)
        ]
    if not any(expired):
        return
    with database.begin() as session:
        for table in (EmailToken, Login, Throttle):
            session.execute(delete(table).where(table.expires_at < moment))
        if expired[0]:
            request_erasure(session)
