"""The inbox, a conversation, and the form that invites."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from marshmallow import fields, validate

from accounts.actors import current_actor, require_scope
from accounts.base import new_id
from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.forms import read as read_form
from accounts.invitations import answering, inbox, inviting, schemas, sending, show
from accounts.invitations import messages as talk
from accounts.invitations.between import own
from accounts.moderation import blocks
from accounts.records import record_of
from accounts.resources import database
from accounts.settled import settled
from search_api.http.args import Args
from search_api.http.errors import Problem, not_found
from search_api.http.paging import Pagination
from search_api.http.services import services
from search_api.retrieval.listing import envelope
from search_api.web.blueprint import parse
from search_api.works import search as works_search
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from accounts.actors import Actor

Form = dict[str, Any]
SCOPE = "collaborate"
#: Works of the other side that the form offers as what prompted it.
OFFERED = 8
ANSWERS = {"accept": answering.accept, "decline": answering.decline, "withdraw": answering.withdraw}
DONE = {
    "accept": "Accepted. You can now message each other.",
    "decline": "Declined. If you change your mind, you can invite them.",
    "withdraw": "Withdrawn.",
}


class InviteArgs(Args):
    """The form that invites, and a work that is ticked already."""

    work = fields.String(load_default=None, validate=validate.Length(max=1_000))


def _back(_: Form, invitation_id: str, step: str = "") -> str:  # noqa: ARG001 (the path's)
    return url_for("accounts.conversation", invitation_id=invitation_id)


@blueprint.get("/inbox")
def inbox_page() -> str:
    """List one's invitations and conversations, and whom one blocks."""
    actor = require_scope(SCOPE)
    args = parse(schemas.InvitationsArgs())
    place = Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, rows = inbox.box(session, actor.account_id, args["box"], place.offset, place.per_page)
        results = show.invitations(services(), session, actor.account_id, rows)
        blocked = [blocks.shown(one) for one in blocks.blocks_of(session, actor.account_id)]
    found = envelope(results, count=count, pagination=place)
    return render_template("inbox.html", args=args, found=found, blocked=blocked, purposes=schemas.PURPOSES)


@blueprint.get("/inbox/<invitation_id>")
def conversation(invitation_id: str) -> str:
    """Show an invitation and what was said since; what is shown has been read."""
    actor = require_scope(SCOPE)
    parse(Args())
    with database().read() as session:
        found = own(session, actor.account_id, invitation_id)
        said = talk.messages_of(session, actor.account_id, invitation_id)
        (invitation,) = show.invitations(services(), session, actor.account_id, [found])
    with database().begin() as session:
        # Up to what is on the page, and no further: what arrives meanwhile stays unread.
        talk.read_shown(session, actor.account_id, invitation_id, said)
    return render_template(
        "conversation.html",
        invitation=invitation,
        messages=[show.message(message, actor.account_id) for message in said],
        purposes=schemas.PURPOSES,
        key=new_id(),
    )


@blueprint.post("/inbox/<invitation_id>/<step>")
@form(Args, _back, SCOPE)
def answer(actor: Actor, given: Form, invitation_id: str, step: str) -> str:  # noqa: ARG001 (it is empty)
    """Accept, decline or withdraw an invitation."""
    if step not in ANSWERS:
        raise not_found("answer", step)
    with database().begin() as session:
        ANSWERS[step](session, actor.account_id, invitation_id)
    return DONE[step]


@blueprint.post("/inbox/<invitation_id>/messages")
@form(
    schemas.NewMessage,
    lambda _, invitation_id: url_for("accounts.conversation", invitation_id=invitation_id) + "#end",
    SCOPE,
    again="accounts.conversation",
)
def write(actor: Actor, given: Form, invitation_id: str) -> None:
    """Write to the other side."""
    settled(
        database(),
        lambda session: talk.write(session, actor.account_id, invitation_id, given["body"], given["key"]),
    )


@blueprint.get("/researchers/<path:id_>/invite")
def invite(id_: str) -> str:
    """Show the form that invites the owner of a profile, or why there can be none."""
    actor = require_scope(SCOPE)
    chosen = parse(InviteArgs())["work"]
    return _invite_page(actor, id_, {"works": [chosen] if chosen else [], "key": new_id()})


@blueprint.post("/researchers/<path:id_>/invite")
def send_invitation(id_: str) -> Response | tuple[str, int]:
    """Send the invitation; what is wrong with it is said above the form, with everything still in it."""
    actor = require_scope(SCOPE)
    try:
        made = sending.send(services(), actor.account_id, id_, read_form(schemas.NewInvitation()))
    except Problem as problem:
        if problem.status not in {409, 422, 429}:
            raise
        given = {**request.form.to_dict(), "works": request.form.getlist("works")}
        return _invite_page(actor, id_, given, problem), problem.status
    flash("Sent. We'll show their reply here.", "done")
    return redirect(url_for("accounts.conversation", invitation_id=made.id), HTTPStatus.SEE_OTHER)


def _invite_page(actor: Actor, id_: str, given: Form, problem: Problem | None = None) -> str:
    person = record_of(services(), id_)
    asked = WorksArgs().load({"researcher": [person["id"]], "sort": "newest", "per_page": OFFERED})
    offered = works_search.search(services(), asked)["results"]
    missing = [one for one in given["works"] if one not in {work["id"] for work in offered}]
    known = show.titles(services(), missing[: schemas.MAX_WORKS])
    with database().read() as session:
        obstacle = inviting.obstacle(session, actor.account_id, person["id"])
    return render_template(
        "invite.html",
        person=person,
        works=[*({"id": key, "title": title} for key, title in known.items()), *offered],
        purposes=schemas.PURPOSES,
        limits=schemas,
        given=given,
        problem=problem,
        obstacle=obstacle,
        must_claim=obstacle == inviting.CLAIM_FIRST,
    )


def unread_total() -> int:
    """Count what is new to the reader, for the header; 0 for nobody."""
    actor = current_actor()
    if actor is None or actor.is_suspended:
        return 0
    with database().read() as session:
        return inbox.unread(session, actor.account_id).total


blueprint.add_app_template_global(unread_total)
