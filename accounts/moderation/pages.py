"""Buttons that block and report, and the administrators' page of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template, url_for

from accounts.actors import require_scope
from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.moderation import blocks, cases, reports, schemas
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


class ReasonForm(Args):
    """Why."""

    reason = schemas.Decision().fields["reason"]


def _conversation(_: Form, invitation_id: str) -> str:
    return url_for("accounts.conversation", invitation_id=invitation_id)


@blueprint.post("/inbox/<invitation_id>/block")
@form(Args, _conversation, SCOPE)
def block_form(actor: Actor, given: Form, invitation_id: str) -> str:  # noqa: ARG001 (it is empty)
    """Block the other side."""
    settled(database(), lambda session: blocks.block(session, actor.account_id, invitation_id))
    return "Blocked. They won't be notified. You can unblock them in your inbox."


@blueprint.post("/blocks/<block_id>/remove")
@form(Args, "accounts.inbox_page", SCOPE)
def unblock_form(actor: Actor, given: Form, block_id: str) -> str:  # noqa: ARG001 (it is empty)
    """Take a block back."""
    if is_id(block_id):
        with database().begin() as session:
            blocks.unblock(session, actor.account_id, block_id)
    return "Unblocked. Conversations that the block ended stay closed."


@blueprint.post("/inbox/<invitation_id>/report")
@form(ReasonForm, _conversation, SCOPE, again="accounts.conversation")
def report_form(actor: Actor, given: Form, invitation_id: str) -> str:
    """Report what the other side wrote."""
    with database().begin() as session:
        reports.report(session, actor.account_id, invitation_id, given["reason"])
    return "Reported. An administrator will read their messages and decide."


@blueprint.get("/admin/reports")
def reports_page() -> str:
    """Show reports to an administrator: those that wait, or those that were decided."""
    require_scope("admin")
    args = parse(schemas.ReportsArgs())
    wanted, place = args["status"] or "open", Pagination(args["page"], args["per_page"])
    with database().read() as session:
        found = reports.reports(session, wanted)
        shown = [cases.case(session, one) for one in found[place.offset : place.offset + place.per_page]]
    has_more = len(found) > place.offset + place.per_page
    return render_template("reports.html", cases=shown, status=wanted, args=args, has_more=has_more)


@blueprint.post("/admin/reports/<report_id>/<decision>")
@form(ReasonForm, "accounts.reports_page", "admin", again="accounts.reports_page")
def decide_form(actor: Actor, given: Form, report_id: str, decision: str) -> str:
    """Decide on a report."""
    if not is_id(report_id) or decision not in {"uphold", "dismiss"}:
        raise not_found("report", report_id)
    with database().begin() as session:
        uphold = decision == "uphold"
        found = reports.decide(session, report_id, actor.account_id, uphold=uphold, reason=given["reason"])
        return reports.said(session, found)
