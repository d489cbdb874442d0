"""Reports as an administrator sees them: who, whom, why, and what was written. The pages and the API both ask here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.login.models import Account
from accounts.moderation.reports import accused_of, evidence

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.moderation.models import Report


def case(session: Session, report: Report) -> dict[str, Any]:
    """Return one report with both accounts (None: gone) and the evidence."""
    return {
        "id": report.id,
        "invitation_id": report.invitation_id,
        "reason": report.reason,
        "status": report.status,
        "note": report.note,
        "created_at": report.created_at,
        "decided_at": report.decided_at,
        "reporter": _account(session, report.reporter_id),
        "accused": _account(session, accused_of(session, report)),
        "evidence": evidence(session, report),
    }


def _account(session: Session, id_: str | None) -> dict[str, str] | None:
    found = session.get(Account, id_) if id_ else None
    return {"id": found.id, "name": found.name} if found else None
