"""JSON routes of invitations and conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.invitations import conversations, schemas, service
from accounts.invitations.contacts import find_own
from accounts.resources import database
from accounts.settled import settled
from accounts.slices import page_of
from search_api.http.args import Args
from search_api.http.endpoint import endpoint
from search_api.http.paging import Pagination
from search_api.http.services import services
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from accounts.actors import Actor
    from accounts.invitations.models import Invitation

blueprint = Blueprint("invitations", __name__, url_prefix="/api/v1")
SCOPE = "collaborate"
Body = dict[str, Any]


@blueprint.post("/researchers/<path:id_>/invitations")
@endpoint(Args, schemas.InvitationSchema, "Invite to collaborate", body=schemas.NewInvitation, scope=SCOPE, status=201)
def invite(body: Body, id_: str, actor: Actor) -> Any:
    """Invite the owner of a profile; you need a claimed profile. A repeated `key` returns the same invitation."""
    return _result(actor, service.send(services(), actor.account_id, id_, body).id)


@blueprint.get("/me/invitations")
@endpoint(schemas.InvitationsArgs, schemas.InvitationList, "List your invitations", scope=SCOPE)
def invitations(args: dict[str, Any], actor: Actor) -> Any:
    """List invitations that you received or sent, newest first."""
    page = Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, rows = conversations.list_invitations(session, actor.account_id, args["box"], page.offset, page.per_page)
        results = schemas.serialize_invitations(services(), session, actor.account_id, rows)
    return envelope(results, count=count, pagination=page)


@blueprint.get("/me/invitations/<invitation_id>")
@endpoint(Args, schemas.InvitationSchema, "Get an invitation", scope=SCOPE)
def invitation(invitation_id: str, actor: Actor) -> Any:
    """Return an invitation that you received or sent."""
    return _result(actor, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/accept")
@endpoint(Args, schemas.InvitationSchema, "Accept an invitation", scope=SCOPE)
def accept(invitation_id: str, actor: Actor) -> Any:
    """Accept an invitation to you, after which both of you can send messages."""
    return _change(actor, service.accept, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/decline")
@endpoint(Args, schemas.InvitationSchema, "Decline an invitation", scope=SCOPE)
def decline(invitation_id: str, actor: Actor) -> Any:
    """Decline an invitation to you, or end the conversation; afterwards only you can send a new invitation."""
    return _change(actor, service.decline, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/withdraw")
@endpoint(Args, schemas.InvitationSchema, "Withdraw an invitation", scope=SCOPE)
def withdraw(invitation_id: str, actor: Actor) -> Any:
    """Withdraw an invitation of yours, or end the conversation."""
    return _change(actor, service.withdraw, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/read")
@endpoint(Args, schemas.InvitationSchema, "Mark as read", scope=SCOPE)
def read(invitation_id: str, actor: Actor) -> Any:
    """Mark an invitation and all its messages as read."""
    return _change(actor, conversations.mark_read, invitation_id)


@blueprint.get("/me/invitations/<invitation_id>/messages")
@endpoint(schemas.MessagesArgs, schemas.MessageList, "List messages", scope=SCOPE)
def messages(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:
    """List the messages of a conversation, oldest first, without marking them as read."""
    with database().read() as session:
        rows = conversations.messages_of(session, actor.account_id, invitation_id)
    return page_of(rows, args, lambda message: schemas.serialize_message(message, actor.account_id))


@blueprint.post("/me/invitations/<invitation_id>/messages")
@endpoint(Args, schemas.MessageSchema, "Send a message", body=schemas.NewMessage, scope=SCOPE, status=201)
def write(body: Body, invitation_id: str, actor: Actor) -> Any:
    """Send a message in an accepted invitation. A repeated `key` returns the same message."""
    text, key = body["body"], body["key"]
    message = settled(
        database(), lambda session: conversations.write(session, actor.account_id, invitation_id, text, key)
    )
    return schemas.serialize_message(message, actor.account_id)


@blueprint.get("/me/unread")
@endpoint(Args, schemas.UnreadCounts, "Count unread items", scope=SCOPE)
def unread(actor: Actor) -> Any:
    """Count the invitations and messages that you have not read."""
    with database().read() as session:
        return conversations.count_unread(session, actor.account_id)


def _change(actor: Actor, change: Callable[[Session, str, str], Invitation], invitation_id: str) -> Any:
    with database().begin() as session:
        change(session, actor.account_id, invitation_id)
    return _result(actor, invitation_id)


def _result(actor: Actor, invitation_id: str) -> Any:
    with database().read() as session:
        row = find_own(session, actor.account_id, invitation_id)
        (result,) = schemas.serialize_invitations(services(), session, actor.account_id, [row])
    return result
