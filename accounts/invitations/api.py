"""Routes of invitations and conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint

from accounts.invitations import answering, inbox, schemas, sending, show
from accounts.invitations import messages as talk
from accounts.invitations.between import own
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


@blueprint.post("/researchers/<path:id_>/invitations")
@endpoint(Args, schemas.Invited, "Invite to collaborate", body=schemas.NewInvitation, scope=SCOPE, status=201)
def invite(args: dict[str, Any], body: dict[str, Any], id_: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Invite the owner of a profile, from a claimed profile of your own. The same `key` is the same invitation."""
    return _shown(actor, sending.send(services(), actor.account_id, id_, body).id)


@blueprint.get("/me/invitations")
@endpoint(schemas.InvitationsArgs, schemas.InvitationList, "Your invitations", scope=SCOPE)
def invitations(args: dict[str, Any], actor: Actor) -> Any:
    """List invitations that you received or sent, the latest first."""
    place = Pagination(args["page"], args["per_page"])
    with database().read() as session:
        count, found = inbox.box(session, actor.account_id, args["box"], place.offset, place.per_page)
        results = show.invitations(services(), session, actor.account_id, found)
    return envelope(results, count=count, pagination=place)


@blueprint.get("/me/invitations/<invitation_id>")
@endpoint(Args, schemas.Invited, "One invitation", scope=SCOPE)
def invitation(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Return an invitation that you received or sent."""
    return _shown(actor, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/accept")
@endpoint(Args, schemas.Invited, "Accept an invitation", scope=SCOPE)
def accept(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Accept an invitation to you: you can write to each other now."""
    return _after(actor, answering.accept, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/decline")
@endpoint(Args, schemas.Invited, "Decline an invitation", scope=SCOPE)
def decline(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Decline an invitation to you, or leave the conversation; the next invitation is yours to send."""
    return _after(actor, answering.decline, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/withdraw")
@endpoint(Args, schemas.Invited, "Withdraw an invitation", scope=SCOPE)
def withdraw(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Withdraw an invitation of yours, or leave the conversation."""
    return _after(actor, answering.withdraw, invitation_id)


@blueprint.post("/me/invitations/<invitation_id>/read")
@endpoint(Args, schemas.Invited, "Mark as read", scope=SCOPE)
def read(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Say that you have read all that is in it."""
    return _after(actor, talk.read, invitation_id)


@blueprint.get("/me/invitations/<invitation_id>/messages")
@endpoint(schemas.MessagesArgs, schemas.MessageList, "Messages", scope=SCOPE)
def messages(args: dict[str, Any], invitation_id: str, actor: Actor) -> Any:
    """List the messages of a conversation, the first one first. It marks nothing as read."""
    with database().read() as session:
        said = talk.messages_of(session, actor.account_id, invitation_id)
    return page_of(said, args, lambda one: show.message(one, actor.account_id))


@blueprint.post("/me/invitations/<invitation_id>/messages")
@endpoint(Args, schemas.Said, "Write a message", body=schemas.NewMessage, scope=SCOPE, status=201)
def write(args: dict[str, Any], body: dict[str, Any], invitation_id: str, actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Write to the other side of an accepted invitation. The same `key` again is the same message."""
    text, key = body["body"], body["key"]
    said = settled(database(), lambda session: talk.write(session, actor.account_id, invitation_id, text, key))
    return show.message(said, actor.account_id)


@blueprint.get("/me/unread")
@endpoint(Args, schemas.UnreadCounts, "What is new to you", scope=SCOPE)
def unread(args: dict[str, Any], actor: Actor) -> Any:  # noqa: ARG001 (there are none)
    """Count invitations and messages that you have not seen."""
    with database().read() as session:
        return inbox.unread(session, actor.account_id)


def _after(actor: Actor, change: Callable[[Session, str, str], Invitation], invitation_id: str) -> Any:
    with database().begin() as session:
        change(session, actor.account_id, invitation_id)
    return _shown(actor, invitation_id)


def _shown(actor: Actor, invitation_id: str) -> Any:
    with database().read() as session:
        (found,) = show.invitations(
            services(), session, actor.account_id, [own(session, actor.account_id, invitation_id)]
        )
    return found
