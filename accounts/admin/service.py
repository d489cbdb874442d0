"""The audit log for administrators, by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from accounts.audit import Audit
from accounts.login.models import Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.orm import Session


Result = dict[str, Any]


def names_of(session: Session, account_ids: Iterable[str | None]) -> dict[str, str]:
    """Return the names of accounts that exist, by id."""
    wanted = {id_ for id_ in account_ids if id_}
    return {row.id: row.name for row in session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))}


def list_audit(session: Session, asked: Mapping[str, Any], page: int = 1, per_page: int = 25) -> Result:
    """Return the log, newest first, as `AuditList` dumps it. `asked`: a prefix of `action`, `target`, `actor`."""
    query = select(Audit).order_by(Audit.id.desc()).limit(per_page + 1).offset((page - 1) * per_page)
    if asked.get("action"):
        query = query.where(Audit.action.startswith(asked["action"], autoescape=True))
    if asked.get("target"):
        query = query.where(Audit.target == asked["target"])
    if asked.get("actor"):
        query = query.where(Audit.actor_id == asked["actor"])
    rows = session.scalars(query).all()
    return {"results": list(rows[:per_page]), "has_more": len(rows) > per_page}
