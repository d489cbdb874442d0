"""Reports about the other side of an invitation, and their decision: an upheld report suspends the account."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from accounts.audit import note
from accounts.base import now
from accounts.invitations.contacts import find_own, other_side
from accounts.invitations.models import Invitation, Message
from accounts.login.models import Account
from accounts.moderation.models import Report
from accounts.notifications import notify, notify_admins
from accounts.suspension import set_suspended
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

#: Open reports that one account may have.
MAX_OPEN = 10


def report(session: Session, account_id: str, invitation_id: str, reason: str) -> Report:
    """Report the other side of an invitation, or return the open report of the account about it.

    Raises Problem: 404 for an invitation that is not the account's, 429 at the limit.
    """
    invitation = find_own(session, account_id, invitation_id, lock=True)
    session.get_one(Account, account_id, with_for_update=True)
    query = select(Report).where(Report.reporter_id == account_id, Report.status == "open")
    open_reports = session.scalars(query).all()
    for existing in open_reports:
        if existing.invitation_id == invitation.id:
            return existing
    if len(open_reports) >= MAX_OPEN:
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, f"You have {MAX_OPEN} open reports, the maximum.")
    new = Report(reporter_id=account_id, invitation_id=invitation.id, reason=reason)
    session.add(new)
    session.flush()
    note(session, account_id, "report.send", new.id, invitation=invitation.id)
    notify_admins(session, "report", but=account_id)
    return new


def list_reports(session: Session, status: str | None = None, reporter_id: str | None = None) -> Sequence[Report]:
    """Return the reports of a status and a reporter, None for all, oldest first."""
    query = select(Report).order_by(Report.created_at, Report.id)
    if status:
        query = query.where(Report.status == status)
    if reporter_id:
        query = query.where(Report.reporter_id == reporter_id)
    return session.scalars(query).all()


def evidence_of(session: Session, report: Report) -> list[str]:
    """Return what the reported side had written when it was reported, without the reporter's own messages."""
    invitation = session.get_one(Invitation, report.invitation_id)
    accused = accused_of(session, report)
    if accused is None:
        return []
    texts = [invitation.message] if invitation.sender_id == accused else []
    messages = select(Message.body).where(Message.invitation_id == invitation.id, Message.sender_id == accused)
    return [*texts, *session.scalars(messages.where(Message.sent_at <= report.created_at).order_by(Message.sent_at))]


def accused_of(session: Session, report: Report) -> str | None:
    """Return the reported account; None if it was deleted."""
    invitation = session.get_one(Invitation, report.invitation_id)
    if report.reporter_id is None:
        # The reporter was deleted, so the remaining side is the reported one.
        return invitation.sender_id or invitation.recipient_id
    return other_side(invitation, report.reporter_id)


def decide(session: Session, report_id: str, admin_id: str | None, *, uphold: bool, reason: str) -> Report:
    """Uphold a report, which suspends the reported account, or dismiss it. `admin_id` is None at the command line.

    Raises Problem: 403 if the administrator is one of the two sides, 404, or 409 if it was decided differently.
    """
    report = session.get(Report, report_id, with_for_update=True)
    if report is None:
        raise not_found("report", report_id)
    accused = accused_of(session, report)
    if admin_id and admin_id in {report.reporter_id, accused}:
        detail = "You are involved in this report, so another administrator has to decide on it."
        raise Problem(HTTPStatus.FORBIDDEN, detail)
    status = "upheld" if uphold else "dismissed"
    if report.status == status:
        return report
    if report.status != "open":
        raise Problem(HTTPStatus.CONFLICT, f"This report is already {report.status}.")
    report.status, report.note, report.decided_by, report.decided_at = status, reason, admin_id, now()
    if uphold and accused:
        set_suspended(session, session.get_one(Account, accused), admin_id, on=True, report=report.id)
    note(session, admin_id, f"report.{'uphold' if uphold else 'dismiss'}", report.id)
    notify(session, report.reporter_id, "report", report.invitation_id, status=status)
    return report


def describe_decision(session: Session, report: Report) -> str:
    """Return a sentence about the effect of a decision."""
    if report.status == "dismissed":
        return "Dismissed."
    exists = accused_of(session, report) is not None
    return "Upheld. The account has been suspended." if exists else "Upheld. The account had already been deleted."


def serialize_case(session: Session, report: Report) -> dict[str, Any]:
    """Return a report as an administrator sees it: with both accounts (None if deleted) and the evidence."""
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
        "evidence": evidence_of(session, report),
    }


def _account(session: Session, id_: str | None) -> dict[str, str] | None:
    account = session.get(Account, id_) if id_ else None
    return {"id": account.id, "name": account.name} if account else None
