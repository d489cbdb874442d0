"""The inbox, the page of a conversation, and the form that invites."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for

from accounts.actors import current_actor, require_scope
from accounts.base import new_id
from accounts.blueprint import blueprint
from accounts.forms import form
from accounts.forms import read as read_form
from accounts.invitations import contacts, conversations, schemas, service
from accounts.invitations.models import PURPOSES
from accounts.notifications import count_unread, describe, list_notifications, mark_read
from accounts.records import record_of
from accounts.resources import database, or_default
from accounts.settled import settled
from search_api.http.args import Args
from search_api.http.errors import Problem, not_found
from search_api.http.paging import Pagination
from search_api.http.services import services
from search_api.retrieval.listing import envelope
from search_api.web.blueprint import parse, read_list
from search_api.works import search as works_search
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session
    from werkzeug.wrappers import Response

    from accounts.actors import Actor

#: Notifications shown in the inbox.
SHOWN = 20
Form = dict[str, Any]
SCOPE = "collaborate"
CONVERSATION = "accounts.conversation"
#: Works of the other side that the form offers as related works.
OFFERED = 8
ANSWERS = {"accept": service.accept, "decline": service.decline, "withdraw": service.withdraw}
CONFIRMATIONS = {
    "accept": "Accepted. You can now message each other.",
    "decline": "Declined. If you change your mind, you can invite them.",
    "withdraw": "Withdrawn.",
}


def _back(_: Form, invitation_id: str, **_path: str) -> str:
    return url_for(CONVERSATION, invitation_id=invitation_id)


def _back_to_end(_: Form, invitation_id: str) -> str:
    return url_for(CONVERSATION, invitation_id=invitation_id) + "#end"


@blueprint.get("/inbox")
def inbox_page() -> str:
    """List the account's invitations, conversations and blocks."""
    actor = require_scope(SCOPE)
    args = parse(schemas.InvitationsArgs())
    with database().read() as session:
        found = read_list(args, partial(_invitations, session, actor.account_id))
        blocked = [contacts.serialize_block(block) for block in contacts.blocks_of(session, actor.account_id)]
        _, notices = list_notifications(session, actor.account_id, limit=SHOWN)
    described = [(notice, describe(notice)) for notice in notices]
    return render_template(
        "inbox.html", args=args, found=found, blocked=blocked, purposes=PURPOSES, notifications=described
    )


def _invitations(session: Session, account_id: str, args: Mapping[str, Any]) -> dict[str, Any]:
    page = Pagination(args["page"], args["per_page"])
    count, rows = conversations.list_invitations(session, account_id, args["box"], page.offset, page.per_page)
    results = schemas.serialize_invitations(services(), session, account_id, rows)
    return envelope(results, count=count, pagination=page)


@blueprint.post("/inbox/read")
@form(Args, "accounts.inbox_page", "read")
def read_notifications_form(actor: Actor) -> str:
    """Mark all notifications as read."""
    with database().begin() as session:
        mark_read(session, actor.account_id)
    return "All notifications are marked as read."


@blueprint.get("/inbox/<invitation_id>")
def conversation(invitation_id: str) -> str:
    """Show an invitation with its messages, and mark them as read."""
    actor = require_scope(SCOPE)
    parse(Args())
    with database().read() as session:
        row = contacts.find_own(session, actor.account_id, invitation_id)
        messages = conversations.messages_of(session, actor.account_id, invitation_id)
        (invitation,) = schemas.serialize_invitations(services(), session, actor.account_id, [row])
    with database().begin() as session:
        # Only what is on the page: a message that arrives in the meantime stays unread.
        conversations.mark_displayed(session, actor.account_id, invitation_id, messages)
    return render_template(
        "conversation.html",
        invitation=invitation,
        messages=[schemas.serialize_message(message, actor.account_id) for message in messages],
        purposes=PURPOSES,
        key=new_id(),
    )


@blueprint.post("/inbox/<invitation_id>/<step>")
@form(Args, _back, SCOPE)
def answer(actor: Actor, invitation_id: str, step: str) -> str:
    """Accept, decline or withdraw an invitation."""
    if step not in ANSWERS:
        raise not_found("answer", step)
    with database().begin() as session:
        ANSWERS[step](session, actor.account_id, invitation_id)
    return CONFIRMATIONS[step]


@blueprint.post("/inbox/<invitation_id>/messages")
@form(schemas.NewMessage, _back_to_end, SCOPE, again=CONVERSATION)
def write(actor: Actor, given: Form, invitation_id: str) -> None:
    """Send a message."""
    settled(
        database(),
        lambda session: conversations.write(session, actor.account_id, invitation_id, given["body"], given["key"]),
    )


@blueprint.get("/researchers/<path:id_>/invite")
def invite(id_: str) -> str:
    """Show the form that invites the owner of a profile, or why they cannot be invited."""
    actor = require_scope(SCOPE)
    work_id = parse(schemas.InviteArgs())["work"]
    return _invite_page(actor, id_, {"works": [work_id] if work_id else [], "key": new_id()})


@blueprint.post("/researchers/<path:id_>/invite")
def send_invitation(id_: str) -> Response | tuple[str, int]:
    """Send the invitation, or show the form again with an error and the values that were entered."""
    actor = require_scope(SCOPE)
    try:
        invitation = service.send(services(), actor.account_id, id_, read_form(schemas.NewInvitation()))
    except Problem as problem:
        if problem.status not in {409, 422, 429}:
            raise
        given = {**request.form.to_dict(), "works": request.form.getlist("works")}
        return _invite_page(actor, id_, given, problem), problem.status
    flash("Sent. We'll show their reply here.", "done")
    return redirect(url_for(CONVERSATION, invitation_id=invitation.id), HTTPStatus.SEE_OTHER)


def _invite_page(actor: Actor, id_: str, given: Form, problem: Problem | None = None) -> str:
    person = record_of(services(), id_)
    works_args = WorksArgs().load({"researcher": [person["id"]], "sort": "newest", "per_page": OFFERED})
    offered = works_search.search(services(), works_args)["results"]
    offered_ids = {work["id"] for work in offered}
    others = [id_ for id_ in given["works"] if id_ not in offered_ids]
    titles = schemas.work_titles(services(), others[: schemas.MAX_WORKS])
    with database().read() as session:
        obstacle = service.obstacle(session, actor.account_id, person["id"])
    return render_template(
        "invite.html",
        person=person,
        works=[*({"id": id_, "title": title} for id_, title in titles.items()), *offered],
        purposes=PURPOSES,
        limits=schemas,
        given=given,
        problem=problem,
        obstacle=obstacle,
        must_claim=obstacle == service.CLAIM_FIRST,
    )


@or_default(0)
def unread_total() -> int:
    """Return the number of unread items for the header; 0 if logged out."""
    actor = current_actor()
    if actor is None or actor.is_suspended:
        return 0
    with database().read() as session:
        unread = conversations.count_unread(session, actor.account_id).total
        return unread + count_unread(session, actor.account_id, but=("message", "invitation"))


blueprint.add_app_template_global(unread_total)
