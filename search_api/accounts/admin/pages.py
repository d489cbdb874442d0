"""Pages for administrators: claims to decide on, and the log."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import flash, redirect, render_template, request, url_for

from search_api.accounts.admin import lists
from search_api.accounts.claims import claiming
from search_api.accounts.claims.pages import checked
from search_api.accounts.claims.schemas import AdminClaimsArgs, AuditArgs, DecisionBody
from search_api.accounts.claims.serving import changing
from search_api.accounts.who import admin
from search_api.errors import Problem
from search_api.services import services
from search_api.web.blueprint import blueprint, parse

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

DECISIONS = {"approve": claiming.approve, "reject": claiming.reject}


@blueprint.get("/admin")
def admin_page() -> str:
    """Show claims of a status, the oldest first."""
    admin()
    args = parse(AdminClaimsArgs())
    with services().accounts.read() as session:
        found = lists.claims(session, args["status"], args["page"], args["per_page"])
    return render_template("admin.html", args=args, found=found)


@blueprint.post("/admin/claims/<id_>")
def decide_claim_form(id_: str) -> Response:
    """Approve or reject a claim, with the reason."""
    actor = admin()
    decision = request.form.get("decision", "")
    if decision not in DECISIONS:
        raise Problem(HTTPStatus.BAD_REQUEST, "Approve or reject it.")
    reason = checked(DecisionBody(), {"reason": request.form.get("reason", "")})["reason"]
    with changing() as session:
        found = DECISIONS[decision](session, actor.account_id, id_, reason)
    flash(f"The claim on {found.researcher_id} is {found.status}.", "done")
    return redirect(url_for("web.admin_page"), HTTPStatus.SEE_OTHER)


@blueprint.get("/admin/audit")
def audit_page() -> str:
    """Show who did what when, the last first."""
    admin()
    args = parse(AuditArgs())
    with services().accounts.read() as session:
        found = lists.audit(session, args, args["page"], args["per_page"])
    return render_template("audit.html", args=args, found=found)
