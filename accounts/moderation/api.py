"""JSON routes of blocks and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.invitations import contacts
from accounts.moderation import schemas, service
from accounts.resources import database
from accounts.settled import settled
from accounts.slices import page_of
from accounts.texts import is_id
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.errors import not_found

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from accounts.actors import Actor

blueprint = Blueprint("moderation", __name__, url_prefix="/api/v1")
SCOPE = "collaborate"
Body = dict[str, Any]


@blueprint.get("/me/blocks")
@endpoint(schemas.BlocksArgs, schemas.BlockList, "List your blocks", scope=SCOPE)
def my_blocks(args: dict[str, Any], actor: Actor) -> Any:
    """List the accounts that you block, newest first."""
    with database().read() as session:
        return page_of(contacts.blocks_of(session, actor.account_id), args, contacts.serialize_block)


@blueprint.post("/me/blocks")
@endpoint(schemas.AboutArgs, schemas.BlockSchema, "Block", body=schemas.NewBlock, scope=SCOPE, status=201)
def block(body: Body, actor: Actor) -> Any:
    """Block the other side of an invitation. They are not notified; your conversation with them ends."""

    def change(session: Session) -> dict[str, Any]:
        return contacts.serialize_block(contacts.block(session, actor.account_id, body["invitation"]))

    return settled(database(), change)


@blueprint.delete("/me/blocks/<block_id>")
@endpoint(Args, schemas.BlockSchema, "Unblock", scope=SCOPE, status=204)
def unblock(block_id: str, actor: Actor) -> None:
    """Remove a block. Conversations that it ended stay ended. Does nothing for an unknown block."""
    if is_id(block_id):
        with database().begin() as session:
            contacts.unblock(session, actor.account_id, block_id)


@blueprint.get("/me/reports")
@endpoint(schemas.ReportsArgs, schemas.ReportList, "List your reports", scope=SCOPE)
def my_reports(args: dict[str, Any], actor: Actor) -> Any:
    """List your reports with their status."""
    with database().read() as session:
        return page_of(service.list_reports(session, args["status"], actor.account_id), args)


@blueprint.post("/me/reports")
@endpoint(schemas.AboutArgs, schemas.ReportSchema, "Report", body=schemas.NewReport, scope=SCOPE, status=201)
def report(body: Body, actor: Actor) -> Any:
    """Report what the other side of an invitation wrote. A second report before the decision returns the first."""
    with database().begin() as session:
        return service.report(session, actor.account_id, body["invitation"], body["reason"])


@blueprint.get("/admin/reports")
@endpoint(schemas.ReportsArgs, schemas.CaseList, "List reports to decide", scope="admin")
def all_reports(args: dict[str, Any]) -> Any:
    """List reports, oldest first, each with what the accused wrote."""
    with database().read() as session:
        reports = service.list_reports(session, args["status"])
        return page_of(reports, args, lambda report: service.serialize_case(session, report))


@blueprint.post("/admin/reports/<report_id>/uphold")
@endpoint(Args, schemas.Case, "Uphold a report", body=schemas.Decision, scope="admin")
def uphold(body: Body, report_id: str, actor: Actor) -> Any:
    """Uphold a report, which suspends the accused account."""
    return _decide(actor, report_id, body["reason"], uphold=True)


@blueprint.post("/admin/reports/<report_id>/dismiss")
@endpoint(Args, schemas.Case, "Dismiss a report", body=schemas.Decision, scope="admin")
def dismiss(body: Body, report_id: str, actor: Actor) -> Any:
    """Dismiss a report, which changes nothing else."""
    return _decide(actor, report_id, body["reason"], uphold=False)


def _decide(actor: Actor, report_id: str, reason: str, *, uphold: bool) -> Any:
    if not is_id(report_id):
        raise not_found("report", report_id)
    with database().begin() as session:
        report = service.decide(session, report_id, actor.account_id, uphold=uphold, reason=reason)
        return service.serialize_case(session, report)
