"""Schemas of invitations, messages and unread counts, and rows in the form that they dump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for
from marshmallow import Schema, fields, validate
from opensearchpy.exceptions import TransportError

from accounts.invitations.conversations import BOXES, unread_by_invitation
from accounts.invitations.models import PURPOSES
from accounts.texts import Text
from search_api.http.args import Args, PageArgs
from search_api.http.schemas import list_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from accounts.invitations.models import Invitation, Message
    from accounts.login.models import Account
    from search_api.http.services import Services

Result = dict[str, Any]

MAX_WORKS = 5
MAX_MESSAGE = 2_000
MAX_KEY = 100
KEY_DESCRIPTION = "Idempotency key of your choice: a request that is repeated with it has no further effect."


class InvitationsArgs(PageArgs):
    """Arguments of the list of invitations."""

    box = fields.String(
        load_default=None, validate=validate.OneOf(BOXES), metadata={"description": "By default both boxes."}
    )


class MessagesArgs(PageArgs):
    """Arguments of the list of messages."""


class InviteArgs(Args):
    """Arguments of the form that invites."""

    work = fields.String(load_default=None, validate=validate.Length(max=1_000))


class WorkNamed(Schema):
    """A work related to an invitation. The title is null if the work cannot be found at the moment."""

    id = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)


class Side(Schema):
    """One side of an invitation: the account's name, and the profile it owned when the invitation was sent."""

    name = fields.String(required=True, allow_none=True, metadata={"description": "Null: the account was deleted."})
    researcher_id = fields.String(required=True)
    is_you = fields.Boolean(required=True)


class InvitationLinks(Schema):
    """Links of an invitation."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    messages = fields.String(required=True)


class InvitationSchema(Schema):
    """An invitation; once accepted, a conversation."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("pending", "accepted", "declined", "withdrawn")))
    purpose = fields.String(required=True)
    works = fields.List(fields.Nested(WorkNamed), required=True)
    message = fields.String(required=True)
    sender = fields.Nested(Side, required=True)
    recipient = fields.Nested(Side, required=True)
    created_at = fields.DateTime(required=True)
    answered_at = fields.DateTime(required=True, allow_none=True)
    unread = fields.Integer(required=True, metadata={"description": "Number of unread items."})
    links = fields.Nested(InvitationLinks, required=True)


InvitationList = list_of(InvitationSchema, "InvitationList")


class NewInvitation(Schema):
    """An invitation to send."""

    purpose = fields.String(required=True, validate=validate.OneOf(tuple(PURPOSES)))
    works = fields.List(
        fields.String(validate=validate.Length(1, 1_000)),
        load_default=list,
        validate=validate.Length(max=MAX_WORKS),
        metadata={"description": f"Ids of related works, in any spelling; at most {MAX_WORKS}."},
    )
    message = Text(MAX_MESSAGE, required=True)
    key = Text(MAX_KEY, required=True, metadata={"description": KEY_DESCRIPTION})


class NewMessage(Schema):
    """A message to send."""

    body = Text(MAX_MESSAGE, required=True)
    key = Text(MAX_KEY, required=True, metadata={"description": KEY_DESCRIPTION})


class MessageSchema(Schema):
    """A message."""

    id = fields.String(required=True)
    body = fields.String(required=True)
    is_yours = fields.Boolean(required=True)
    sent_at = fields.DateTime(required=True)


MessageList = list_of(MessageSchema, "MessageList")


class UnreadCounts(Schema):
    """The numbers of unread items."""

    invitations = fields.Integer(required=True)
    messages = fields.Integer(required=True)
    total = fields.Integer(required=True)


def serialize_invitations(
    services: Services, session: Session, account_id: str, invitations: Sequence[Invitation]
) -> list[Result]:
    """Return invitations as an account sees them, with titles of works and unread counts."""
    titles = work_titles(services, [id_ for invitation in invitations for id_ in invitation.works])
    unread = unread_by_invitation(session, account_id, [invitation.id for invitation in invitations])
    return [
        _serialize_invitation(invitation, account_id, titles, unread.get(invitation.id, 0))
        for invitation in invitations
    ]


def serialize_message(message: Message, account_id: str) -> Result:
    """Return a message as an account sees it."""
    return {
        "id": message.id,
        "body": message.body,
        "is_yours": message.sender_id == account_id,
        "sent_at": message.sent_at,
    }


def work_titles(services: Services, ids: Sequence[str]) -> dict[str, str]:
    """Return the titles of works by id, without unknown works; empty while OpenSearch is unavailable.

    Messages must be readable without OpenSearch.
    """
    try:
        works = services.get_many(services.names.works, sorted(set(ids)), "title")
    except TransportError:
        return {}
    return {id_: work["title"] for id_, work in works.items()}


def _serialize_invitation(invitation: Invitation, account_id: str, titles: dict[str, str], unread: int) -> Result:
    return {
        "id": invitation.id,
        "status": invitation.status,
        "purpose": invitation.purpose,
        "works": [{"id": id_, "title": titles.get(id_)} for id_ in invitation.works],
        "message": invitation.message,
        "sender": _side(invitation.sender, invitation.sender_researcher_id, account_id),
        "recipient": _side(invitation.recipient, invitation.recipient_researcher_id, account_id),
        "created_at": invitation.created_at,
        "answered_at": invitation.answered_at,
        "unread": unread,
        "links": {
            "self": url_for("invitations.invitation", invitation_id=invitation.id),
            "html": url_for("accounts.conversation", invitation_id=invitation.id),
            "messages": url_for("invitations.messages", invitation_id=invitation.id),
        },
    }


def _side(account: Account | None, researcher_id: str, account_id: str) -> Result:
    return {
        "name": account.name if account else None,
        "researcher_id": researcher_id,
        "is_you": account is not None and account.id == account_id,
    }
