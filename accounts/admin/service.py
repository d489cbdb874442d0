"""Lists for administrators, by page: claims, and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from accounts.audit import Audit
from accounts.claims.models import Claim
from accounts.login.models import Account

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

Result = dict[str, Any]


def list_claims(session: Session, status: str, page: int = 1, per_page: int = 25) -> Result:
    """Return the claims of a status, the oldest first, as `AdminClaimList` dumps them."""
    query = (
        select(Claim, Account)
        .join(Claim.account)
        .where(Claim.status == status)
        .order_by(Claim.created_at, Claim.id)
        .limit(per_page + 1)
        .offset((page - 1) * per_page)
    )
    rows = session.execute(query).all()
    return {"results": [_serialize_claim(session, *row) for row in rows[:per_page]], "has_more": len(rows) > per_page}


def _serialize_claim(session: Session, claim: Claim, account: Account) -> Result:
    owner = session.scalars(
        select(Claim.id).where(
            Claim.researcher_id == claim.researcher_id, Claim.status == "verified", Claim.id != claim.id
        )
    ).one_or_none()
    return {
        **{column.key: getattr(claim, column.key) for column in claim.__table__.columns},
        "account_name": account.name,
        "account_orcid": account.orcid,
        "disputes": owner,
    }


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
