"""Reports: an account reports what another wrote to it, and an admin judges. Upheld, the other is suspended."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy import select

from accounts.audit import note
from accounts.base import now
from accounts.invitations.between import other_side, own
from accounts.invitations.models import Invitation, Message
from accounts.login.models import Account
from accounts.moderation.models import Report
from accounts.suspension import set_suspended
from search_api.http.errors import Problem, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

#: Reports of one account that wait for a decision.
WAITING = 10


def report(session: Session, account_id: str, invitation_id: str, reason: str) -> Report:
    """Report the other side of an invitation or conversation; one report of each side waits at a time.

    Raises Problem: 404 for an invitation that is not the account's, 429 at the limit.
    """
    invitation = own(session, account_id, invitation_id, lock=True)
    session.get_one(Account, account_id, with_for_update=True)
    waiting = session.scalars(select(Report).where(Report.reporter_id == account_id, Report.status == "open")).all()
    for one in waiting:
        if one.invitation_id == invitation.id:
            return one
    if len(waiting) >= WAITING:
        detail = f"You have {WAITING} open reports, the maximum."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, detail)
    made = Report(reporter_id=account_id, invitation_id=invitation.id, reason=reason)
    session.add(made)
    session.flush()
    note(session, account_id, "report.send", made.id, invitation=invitation.id)
    return made


def reports(session: Session, status: str | None = None, reporter_id: str | None = None) -> Sequence[Report]:
    """Return the reports of everybody or of one account, the oldest first: who has waited longest comes first."""
    found = select(Report).order_by(Report.created_at, Report.id)
    found = found.where(Report.status == status) if status else found
    return session.scalars(found.where(Report.reporter_id == reporter_id) if reporter_id else found).all()


def evidence(session: Session, reported: Report) -> list[str]:
    """Return what the reported side had written by the time of the report; the reporter's own words are left out."""
    invitation = session.get_one(Invitation, reported.invitation_id)
    accused = accused_of(session, reported)
    if accused is None:
        return []
    texts = [invitation.message] if invitation.sender_id == accused else []
    said = select(Message.body).where(Message.invitation_id == invitation.id, Message.sender_id == accused)
    return [*texts, *session.scalars(said.where(Message.sent_at <= reported.created_at).order_by(Message.sent_at))]


def accused_of(session: Session, reported: Report) -> str | None:
    """Return the account that is reported; None where it is gone."""
    invitation = session.get_one(Invitation, reported.invitation_id)
    if reported.reporter_id is None:
        # Gone, and so the side that is left is the other one.
        return invitation.sender_id or invitation.recipient_id
    return other_side(invitation, reported.reporter_id)


def decide(session: Session, report_id: str, admin_id: str | None, *, uphold: bool, reason: str) -> Report:
    """Uphold a report, which suspends the account that is reported, or dismiss it. `admin_id` None: command line.

    Raises Problem: 404, or 409 when it was decided otherwise.
    """
    found = session.get(Report, report_id, with_for_update=True)
    if found is None:
        raise not_found("report", report_id)
    status = "upheld" if uphold else "dismissed"
    if found.status == status:
        return found
    if found.status != "open":
        raise Problem(HTTPStatus.CONFLICT, f"This report is already {found.status}.")
    found.status, found.note, found.decided_by, found.decided_at = status, reason, admin_id, now()
    if uphold and (accused := accused_of(session, found)):
        set_suspended(session, session.get_one(Account, accused), admin_id, on=True, report=found.id)
    note(session, admin_id, f"report.{'uphold' if uphold else 'dismiss'}", found.id)
    return found


def said(session: Session, decided: Report) -> str:
    """Say what a decision did."""
    if decided.status == "dismissed":
        return "Dismissed."
    is_there = accused_of(session, decided) is not None
    return "Upheld. The account has been suspended." if is_there else "Upheld. The account had already been deleted."
