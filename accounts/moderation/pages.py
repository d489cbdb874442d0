"""The buttons that block and report, and the administrators' page of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, url_for

from accounts.actors import require_scope
from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.invitations import contacts
from accounts.moderation import schemas, service
from accounts.resources import database
from accounts.settled import settled
from accounts.texts import is_id
from search_api.http.args import Args
from search_api.http.errors import not_found
from search_api.http.paging import Pagination
from search_api.web.blueprint import parse

if TYPE_CHECKING:
    from accounts.actors import Actor

Form = dict[str, Any]
SCOPE = "collaborate"
REPORTS = "accounts.reports_page"


def _conversation(_: Form, invitation_id: str) -> str:
    return url_for("accounts.conversation", invitation_id=invitation_id)


@blueprint.post("/inbox/<invitation_id>/block")
@form(Args, _conversation, SCOPE)
def block_form(actor: Actor, invitation_id: str) -> str:
    """Block the other side."""
    settled(database(), lambda session: contacts.block(session, actor.account_id, invitation_id))
    return "Blocked. They won't be notified. You can unblock them in your inbox."


@blueprint.post("/blocks/<block_id>/remove")
@form(Args, "accounts.inbox_page", SCOPE)
def unblock_form(actor: Actor, block_id: str) -> str:
    """Remove a block."""
    if is_id(block_id):
        with database().begin() as session:
            contacts.unblock(session, actor.account_id, block_id)
    return "Unblocked. Conversations that the block ended stay closed."


@blueprint.post("/inbox/<invitation_id>/report")
@form(schemas.ReasonForm, _conversation, SCOPE, again="accounts.conversation")
def report_form(actor: Actor, given: Form, invitation_id: str) -> str:
    """Report what the other side wrote."""
    with database().begin() as session:
        service.report(session, actor.account_id, invitation_id, given["reason"])
    return "Reported. An administrator will read their messages and decide."


@blueprint.get("/admin/reports")
def reports_page() -> str:
    """Show open or decided reports to an administrator."""
    require_scope("admin")
    args = parse(schemas.ReportsArgs())
    status, page = args["status"] or "open", Pagination(args["page"], args["per_page"])
    end = page.offset + page.per_page
    with database().read() as session:
        reports = service.list_reports(session, status)
        cases = [service.serialize_case(session, report) for report in reports[page.offset : end]]
    return render_template("reports.html", cases=cases, status=status, args=args, has_more=len(reports) > end)


@blueprint.post("/admin/reports/<report_id>/<decision>")
@form(schemas.ReasonForm, REPORTS, "admin", again=REPORTS)
def decide_form(actor: Actor, given: Form, report_id: str, decision: str) -> str:
    """Uphold or dismiss a report."""
    if not is_id(report_id) or decision not in {"uphold", "dismiss"}:
        raise not_found("report", report_id)
    with database().begin() as session:
        uphold = decision == "uphold"
        report = service.decide(session, report_id, actor.account_id, uphold=uphold, reason=given["reason"])
        return service.describe_decision(session, report)
