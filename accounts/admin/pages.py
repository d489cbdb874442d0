"""Pages for administrators: claims to review, and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import render_template
from marshmallow import fields, validate

from accounts.actors import require_scope
from accounts.admin import service
from accounts.admin.schemas import AdminClaimsArgs, AuditArgs, DecisionBody
from accounts.blueprint import blueprint
from accounts.claims import lifecycle, review
from accounts.forms import form
from accounts.resources import database
from accounts.settled import changing
from search_api.http.services import services
from search_api.web.blueprint import parse

if TYPE_CHECKING:
    from accounts.actors import Actor

DECISIONS = {"approve": lifecycle.approve, "reject": lifecycle.reject}


class DecisionForm(DecisionBody):
    """A decision with its reason."""

    decision = fields.String(required=True, validate=validate.OneOf(tuple(DECISIONS)))


@blueprint.get("/admin")
def admin_page() -> str:
    """Show claims with a status, oldest first."""
    require_scope("admin")
    args = parse(AdminClaimsArgs())
    with database().read() as session:
        found = review.list_claims(session, args["status"], args["page"], args["per_page"])
    review.add_records(services(), found["results"])
    return render_template("admin.html", args=args, found=found)


@blueprint.post("/admin/claims/<claim_id>")
@form(DecisionForm, "accounts.admin_page", "admin", again="accounts.admin_page")
def decide_claim_form(actor: Actor, given: dict[str, Any], claim_id: str) -> str:
    """Approve or reject a claim, with the reason."""
    with changing(database()) as session:
        found = DECISIONS[given["decision"]](session, actor.account_id, claim_id, given["reason"])
    claim: dict[str, Any] = {"researcher_id": found.researcher_id}
    review.add_records(services(), [claim])
    return f"The claim on {claim['record_name'] or found.researcher_id} is {found.status}."


@blueprint.get("/admin/audit")
def audit_page() -> str:
    """Show the audit log, newest first."""
    require_scope("admin")
    args = parse(AuditArgs())
    with database().read() as session:
        found = service.list_audit(session, args, args["page"], args["per_page"])
        rows = found["results"]
        accounts = service.names_of(session, [id_ for row in rows for id_ in (row.actor_id, row.target)])
    records = services().labels(services().names.researchers, sorted({row.target for row in rows} - accounts.keys()))
    return render_template("audit.html", args=args, found=found, accounts=accounts, records=records)
