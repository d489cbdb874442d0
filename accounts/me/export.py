"""Export of all stored data of an account, for its owner (GDPR, articles 15 and 20)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from accounts.audit import Audit, note
from accounts.base import Base, now
from accounts.claims.models import Claim, InstitutionEmail, OwnProfile, WorkStatement
from accounts.corrections.models import Correction
from accounts.follows.models import Follow
from accounts.invitations.models import Block, Invitation, Message
from accounts.login.models import Account, ApiToken, EmailToken, Login
from accounts.moderation.models import Report
from accounts.notifications import Notification
from accounts.outbox import Mail

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

FORMAT = "peerscope-account-1"
#: Digests are useless to the owner; who decided, and when the other side has read, is data of others.
LEFT_OUT = {"digest", "target_digest", "password_hash", "decided_by", "sender_read_at", "recipient_read_at"}

#: Ids of accounts: those of other accounts are for administrators only.
SIDES = {"sender_id", "recipient_id", "blocked_id"}


def own_rows(account_id: str) -> dict[type[Base], ColumnElement[bool]]:
    """Return the condition for the rows of an account, by table. Blocks and reports by others do not belong to it."""
    claims = select(Claim.id).where(Claim.account_id == account_id)
    sides = or_(Invitation.sender_id == account_id, Invitation.recipient_id == account_id)
    return {
        Login: Login.account_id == account_id,
        ApiToken: ApiToken.account_id == account_id,
        EmailToken: EmailToken.account_id == account_id,
        Mail: Mail.account_id == account_id,
        InstitutionEmail: InstitutionEmail.account_id == account_id,
        Claim: Claim.account_id == account_id,
        OwnProfile: OwnProfile.claim_id.in_(claims),
        WorkStatement: WorkStatement.claim_id.in_(claims),
        Follow: Follow.account_id == account_id,
        Invitation: sides,
        Message: Message.invitation_id.in_(select(Invitation.id).where(sides)),
        Block: Block.account_id == account_id,
        Report: Report.reporter_id == account_id,
        Correction: Correction.reporter_id == account_id,
        Notification: Notification.account_id == account_id,
        Audit: Audit.actor_id == account_id,
    }


def export(session: Session, account_id: str, by: str | None) -> dict[str, Any]:
    """Return all rows of an account by table, in the order of their keys.

    `by` is the account that exports, None for the command line; the audit log records it.
    """
    note(session, by, "account.export", account_id)
    session.flush()
    tables = {}
    for table, condition in own_rows(account_id).items():
        rows = session.scalars(select(table).where(condition).order_by(*table.__table__.primary_key)).all()
        tables[table.__tablename__] = [_row(row, account_id) for row in rows]
    account = _row(session.get_one(Account, account_id), account_id)
    return {"format": FORMAT, "exported_at": now(), "account": account, "tables": tables}


def _row(row: Base, account_id: str) -> dict[str, Any]:
    """Return the columns as JSON values, without the ids of other accounts."""
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    values |= {name: None for name in SIDES & values.keys() if values[name] != account_id}
    if isinstance(row, Audit) and row.action.startswith("block."):
        values["target"] = None
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if name not in LEFT_OUT
    }
