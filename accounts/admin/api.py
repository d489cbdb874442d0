"""API routes for administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.admin import schemas as wire
from accounts.admin import service
from accounts.claims import lifecycle, review
from accounts.claims.schemas import ClaimSchema
from accounts.claims.service import serialize_claim
from accounts.resources import database
from accounts.settled import changing
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.services import services

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("admin", __name__, url_prefix="/api/v1")
Given = dict[str, Any]


@blueprint.get("/admin/claims")
@endpoint(wire.AdminClaimsArgs, wire.AdminClaimList, "Claims to decide on", scope="admin")
def claims(args: Given) -> Any:
    """List claims with a status, oldest first."""
    with database().read() as session:
        result = review.list_claims(session, args["status"], args["page"], args["per_page"])
    review.add_records(services(), result["results"])
    return result


@blueprint.post("/admin/claims/<claim_id>/approve")
@endpoint(Args, ClaimSchema, "Approve a claim", body=wire.DecisionBody, scope="admin")
def approve(body: Given, claim_id: str, actor: Actor) -> Any:
    """Verify a pending claim, with the reason. It ends the claim of the former owner of the profile."""
    with changing(database()) as session:
        return serialize_claim(session, lifecycle.approve(session, actor.account_id, claim_id, body["reason"]))


@blueprint.post("/admin/claims/<claim_id>/reject")
@endpoint(Args, ClaimSchema, "Reject a claim", body=wire.DecisionBody, scope="admin")
def reject(body: Given, claim_id: str, actor: Actor) -> Any:
    """Reject a pending claim, or revoke a verified one, with the reason."""
    with changing(database()) as session:
        return serialize_claim(session, lifecycle.reject(session, actor.account_id, claim_id, body["reason"]))


@blueprint.get("/admin/audit")
@endpoint(wire.AuditArgs, wire.AuditList, "The audit log", scope="admin")
def audit(args: Given) -> Any:
    """List the audit log, newest first."""
    with database().read() as session:
        return service.list_audit(session, args, args["page"], args["per_page"])
