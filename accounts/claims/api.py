"""JSON routes of claims: the account's claim, the owner's profile, statements about works, and addresses."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.claims import institution_emails, schemas, service
from accounts.resources import database
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import Problem
from search_api.http.services import services

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("claims", __name__, url_prefix="/api/v1")
SCOPE = "claim"
Body = dict[str, Any]


@blueprint.post("/researchers/<path:id_>/claim")
@endpoint(Args, schemas.ClaimSchema, "Claim a researcher", body=schemas.ClaimBody, scope=SCOPE)
def claim(body: Body, id_: str, actor: Actor) -> Any:
    """Claim to be this researcher: verified at once if the ORCID iDs match, else reviewed by an administrator."""
    return service.claim(actor.account_id, id_, body["statement"])


@blueprint.delete("/researchers/<path:id_>/claim")
@endpoint(Args, Args, "Release a claim", scope=SCOPE, status=HTTPStatus.NO_CONTENT)
def release(id_: str, actor: Actor) -> None:
    """Withdraw a pending claim or release a verified one, and delete what you stated on the profile."""
    service.release(actor.account_id, id_)


@blueprint.get("/me/claim")
@endpoint(schemas.OwnClaimArgs, schemas.ClaimSchema, "Get your claim", scope=SCOPE)
def current(actor: Actor) -> Any:
    """Return your open claim, else the latest one with the reason why it ended; 404 if you never made one."""
    result = service.current_claim(actor.account_id)
    if result is None:
        raise Problem(HTTPStatus.NOT_FOUND, "You haven't claimed a profile.")
    return result


@blueprint.patch("/me/profile")
@endpoint(Args, schemas.OwnProfileSchema, "Change your profile", body=schemas.ProfileBody, scope=SCOPE)
def change(body: Body, actor: Actor) -> Any:
    """Set the fields in the body; the others stay. They are shown as your statements, next to imported data."""
    return service.update_profile(actor.account_id, body)


@blueprint.get("/me/works")
@endpoint(Args, schemas.StatementList, "List your statements about works", scope=SCOPE)
def statements(actor: Actor) -> Any:
    """List the works that you stated to be yours or not."""
    return {"results": service.statements(actor.account_id)}


@blueprint.put("/me/works/<path:work_id>")
@endpoint(Args, schemas.StatementSchema, "State whether a work is yours", body=schemas.StatementBody, scope=SCOPE)
def set_statement(body: Body, work_id: str, actor: Actor) -> Any:
    """State that a work is yours, or that it is not. It takes effect at the next indexing run."""
    return service.set_statement(actor.account_id, work_id, is_mine=body["is_mine"])


@blueprint.delete("/me/works/<path:work_id>")
@endpoint(Args, Args, "Delete a statement about a work", scope=SCOPE, status=HTTPStatus.NO_CONTENT)
def delete_statement(work_id: str, actor: Actor) -> None:
    """Delete a statement, so that the assignment of the work follows from its data again."""
    service.delete_statement(actor.account_id, work_id)


@blueprint.get("/me/institution-email")
@endpoint(Args, schemas.InstitutionEmails, "List your proven addresses", scope=SCOPE)
def institution_addresses(actor: Actor) -> Any:
    """List the e-mail addresses at institutions that you have proven to be yours."""
    with database().read() as session:
        return {"results": institution_emails.proven_addresses(session, actor.account_id)}


@blueprint.post("/me/institution-email")
@endpoint(
    Args,
    schemas.EmailBody,
    "Prove an address at your institution",
    body=schemas.EmailBody,
    scope=SCOPE,
    status=HTTPStatus.ACCEPTED,
)
def prove_institution_address(body: Body, actor: Actor) -> Any:
    """Mail a confirmation link; a confirmed address and a verified claim give the highest verification level."""
    return {"email": institution_emails.send_link(services(), actor, body["email"])}
