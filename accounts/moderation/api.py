"""Routes of blocks and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.moderation import blocks, cases, reports, schemas
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


@blueprint.get("/me/blocks")
@endpoint(schemas.BlocksArgs, schemas.BlockList, "Whom you block", scope=SCOPE)
def my_blocks(args: dict[str, Any], actor: Actor) -> Any:
    """List the accounts that you block, the latest first."""
    with database().read() as session:
        return page_of(blocks.blocks_of(session, actor.account_id), args, blocks.shown)


@blueprint.post("/me/blocks")
@endpoint(schemas.AboutArgs, schemas.Blocked, "Block", body=schemas.NewBlock, scope=SCOPE, status=201)
def block(args: dict[str, Any], body: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Block the other side of an invitation. It is not told; what was open between you ends as if declined."""

    def change(session: Session) -> dict[str, Any]:
        return blocks.shown(blocks.block(session, actor.account_id, body["invitation"]))

    return settled(database(), change)


@blueprint.delete("/me/blocks/<block_id>")
@endpoint(Args, schemas.Blocked, "Unblock", scope=SCOPE, status=204)
def unblock(args: dict[str, Any], block_id: str, actor: Actor) -> None:  # noqa: ARG001 (there are none)
    """Take a block back. What it ended stays ended; whom you do not block stays so."""
    if is_id(block_id):
        with database().begin() as session:
            blocks.unblock(session, actor.account_id, block_id)


@blueprint.get("/me/reports")
@endpoint(schemas.ReportsArgs, schemas.ReportList, "Your reports", scope=SCOPE)
def my_reports(args: dict[str, Any], actor: Actor) -> Any:
    """List what you reported, and what became of it."""
    with database().read() as session:
        return page_of(reports.reports(session, args["status"], actor.account_id), args)


@blueprint.post("/me/reports")
@endpoint(schemas.AboutArgs, schemas.Reported, "Report", body=schemas.NewReport, scope=SCOPE, status=201)
def report(args: dict[str, Any], body: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Report what the other side of an invitation wrote. Reported again before the decision, it is one report."""
    with database().begin() as session:
        return reports.report(session, actor.account_id, body["invitation"], body["reason"])


@blueprint.get("/admin/reports")
@endpoint(schemas.ReportsArgs, schemas.CaseList, "Reports to decide", scope="admin")
def all_reports(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (any administrator)
    """List reports, the oldest first, each with what the accused wrote."""
    with database().read() as session:
        return page_of(reports.reports(session, args["status"]), args, lambda one: cases.case(session, one))


@blueprint.post("/admin/reports/<report_id>/uphold")
@endpoint(Args, schemas.Case, "Uphold a report", body=schemas.Decision, scope="admin")
def uphold(args: dict[str, Any], body: dict[str, Any], report_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Uphold a report: the accused account is suspended."""
    return _decide(actor, report_id, body["reason"], uphold=True)


@blueprint.post("/admin/reports/<report_id>/dismiss")
@endpoint(Args, schemas.Case, "Dismiss a report", body=schemas.Decision, scope="admin")
def dismiss(args: dict[str, Any], body: dict[str, Any], report_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Dismiss a report: nothing else changes."""
    return _decide(actor, report_id, body["reason"], uphold=False)


def _decide(actor: Actor, report_id: str, reason: str, *, uphold: bool) -> Any:
    if not is_id(report_id):
        raise not_found("report", report_id)
    with database().begin() as session:
        return cases.case(session, reports.decide(session, report_id, actor.account_id, uphold=uphold, reason=reason))
