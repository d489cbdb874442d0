"""JSON routes of corrections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.corrections import schemas, service
from accounts.resources import database
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.paging import Pagination
from search_api.http.services import services
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.corrections.models import Correction

blueprint = Blueprint("corrections", __name__, url_prefix="/api/v1")
Body = dict[str, Any]


@blueprint.post("/researchers/<path:id_>/corrections")
@endpoint(Args, schemas.CorrectionSchema, "Report a problem", body=schemas.NewCorrection, scope="claim", status=201)
def report(body: Body, id_: str, actor: Actor) -> Any:
    """Report a problem with the record of a researcher, for an administrator to decide on."""
    return service.report(services(), actor.account_id, id_, body)


@blueprint.get("/me/corrections")
@endpoint(schemas.CorrectionsArgs, schemas.CorrectionList, "Problems you reported", scope="claim")
def own(args: Body, actor: Actor) -> Any:
    """List the problems that you reported, oldest first, with their decisions."""
    page = Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, rows = service.list_corrections(session, args["status"], page.offset, page.per_page, actor.account_id)
        return envelope([*rows], count=count, pagination=page)


@blueprint.get("/admin/corrections")
@endpoint(schemas.CorrectionsArgs, schemas.CorrectionCases, "Problems to decide on", scope="admin")
def corrections(args: Body) -> Any:
    """List reported problems, oldest first, with the evidence of the records."""
    page = Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, rows = service.list_corrections(session, args["status"], page.offset, page.per_page)
        return envelope(service.serialize_cases(services(), session, rows), count=count, pagination=page)


@blueprint.post("/admin/corrections/<correction_id>/accept")
@endpoint(Args, schemas.CorrectionCase, "Accept a correction", body=schemas.CorrectionDecision, scope="admin")
def accept(body: Body, correction_id: str, actor: Actor) -> Any:
    """Accept a correction, also one that was rejected. It takes effect on the profile, and in every later run."""
    return _case(service.accept(services(), actor.account_id, correction_id, body["reason"], body["works"]))


@blueprint.post("/admin/corrections/<correction_id>/reject")
@endpoint(Args, schemas.CorrectionCase, "Reject a correction", body=schemas.CorrectionDecision, scope="admin")
def reject(body: Body, correction_id: str, actor: Actor) -> Any:
    """Reject a correction, or reverse one that was accepted."""
    return _case(service.reject(actor.account_id, correction_id, body["reason"]))


def _case(correction: Correction) -> dict[str, Any]:
    with database().read() as session:
        (case,) = service.serialize_cases(services(), session, [correction])
    return case
