"""Routes of claims: one's own claim, the profile one owns, and whose works are whose."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.claims import emails, own, serving
from accounts.claims import schemas as wire
from accounts.resources import database
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import Problem
from search_api.http.services import services

if TYPE_CHECKING:
    from accounts.actors import Actor

blueprint = Blueprint("claims", __name__, url_prefix="/api/v1")
Given = dict[str, Any]


@blueprint.post("/researchers/<path:id_>/claim")
@endpoint(Args, wire.ClaimSchema, "Claim a researcher", body=wire.ClaimBody, scope="claim")
def claim(args: Given, body: Given, id_: str, actor: Actor) -> Any:  # noqa: ARG001 (there are no arguments)
    """Say that this researcher is you: verified at once by an equal ORCID iD, else an admin decides."""
    return serving.claim(actor.account_id, id_, body["statement"])


@blueprint.delete("/researchers/<path:id_>/claim")
@endpoint(Args, Args, "Release a claim", scope="claim", status=HTTPStatus.NO_CONTENT)
def release(args: Given, id_: str, actor: Actor) -> None:  # noqa: ARG001
    """Withdraw a pending claim or let a verified one go, and with it all that you said on the profile."""
    serving.release(actor.account_id, id_)


@blueprint.get("/me/claim")
@endpoint(Args, wire.ClaimSchema, "Your claim", scope="claim")
def current(args: Given, actor: Actor) -> Any:  # noqa: ARG001
    """Return your open claim, else the last one with the reason why it ended; 404 if there never was one."""
    found = serving.current(actor.account_id)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "You haven't claimed a profile.")
    return found


@blueprint.patch("/me/profile")
@endpoint(Args, wire.OwnProfileSchema, "Change the profile you own", body=wire.ProfileBody, scope="claim")
def change(args: Given, body: Given, actor: Actor) -> Any:  # noqa: ARG001
    """Set what the body names; the rest stays. It is shown as your words, beside what was imported."""
    return serving.change(actor.account_id, body)


@blueprint.get("/me/works")
@endpoint(Args, wire.StatementList, "What you said of works", scope="claim")
def statements(args: Given, actor: Actor) -> Any:  # noqa: ARG001
    """List of which works you said that they are yours or not."""
    with database().read() as session:
        return {"results": own.statements(session, own.owned(session, actor.account_id).id)}


@blueprint.put("/me/works/<path:work_id>")
@endpoint(Args, wire.StatementSchema, "Say whether a work is yours", body=wire.StatementBody, scope="claim")
def say(args: Given, body: Given, work_id: str, actor: Actor) -> Any:  # noqa: ARG001
    """Say that a work is yours too, or is not yours. It holds from the next indexing run on."""
    return serving.say(actor.account_id, work_id, is_mine=body["mine"])


@blueprint.delete("/me/works/<path:work_id>")
@endpoint(Args, Args, "Take back what you said of a work", scope="claim", status=HTTPStatus.NO_CONTENT)
def unsay(args: Given, work_id: str, actor: Actor) -> None:  # noqa: ARG001
    """Leave it to the evidence again."""
    serving.unsay(actor.account_id, work_id)


@blueprint.get("/me/institution-email")
@endpoint(Args, wire.InstitutionEmails, "Your proven addresses at institutions", scope="claim")
def proven(args: Given, actor: Actor) -> Any:  # noqa: ARG001
    """List addresses at institutions that you have proven to read."""
    with database().read() as session:
        return {"results": emails.proven(session, actor.account_id)}


@blueprint.post("/me/institution-email")
@endpoint(
    Args,
    wire.EmailBody,
    "Prove an address at your institution",
    body=wire.EmailBody,
    scope="claim",
    status=HTTPStatus.ACCEPTED,
)
def prove(args: Given, body: Given, actor: Actor) -> Any:  # noqa: ARG001
    """Mail a link there; confirmed, and with a verified claim, it gives the highest level."""
    return {"email": emails.ask(services(), actor, body["email"])}
