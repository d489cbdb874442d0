"""Invitations, conversations and what is unread over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.invitations.inbox import BOXES
from accounts.texts import Text
from search_api.http.args import PageArgs
from search_api.http.schemas import list_of

#: What an invitation can be for, and how it reads.
PURPOSES = {
    "joint work": "Joint work",
    "review": "Review or comments",
    "dataset": "Data or code",
    "talk": "Talk",
    "student": "Student or visit",
    "other": "Something else",
}
MAX_WORKS = 5
MAX_MESSAGE = 2_000
MAX_KEY = 100


class InvitationsArgs(PageArgs):
    """A box of invitations."""

    box = fields.String(
        load_default=None, validate=validate.OneOf(BOXES), metadata={"description": "Default: both boxes."}
    )


class MessagesArgs(PageArgs):
    """The messages of a conversation."""


class WorkNamed(Schema):
    """A work that prompted an invitation; without a title it is not to be found at the moment."""

    id = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)


class Side(Schema):
    """One side: an account's name, and the profile it owned when the invitation was sent."""

    name = fields.String(required=True, allow_none=True, metadata={"description": "Null: the account was deleted."})
    researcher_id = fields.String(required=True)
    is_you = fields.Boolean(required=True)


class InvitationLinks(Schema):
    """Addresses of an invitation."""

    self = fields.String(required=True)
    html = fields.String(required=True)
    messages = fields.String(required=True)


class Invited(Schema):
    """An invitation; accepted, it is a conversation."""

    id = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(("pending", "accepted", "declined", "withdrawn")))
    purpose = fields.String(required=True)
    works = fields.List(fields.Nested(WorkNamed), required=True)
    message = fields.String(required=True)
    sender = fields.Nested(Side, required=True)
    recipient = fields.Nested(Side, required=True)
    created_at = fields.DateTime(required=True)
    answered_at = fields.DateTime(required=True, allow_none=True)
    unread = fields.Integer(required=True, metadata={"description": "How much in it is new to you."})
    links = fields.Nested(InvitationLinks, required=True)


InvitationList = list_of(Invited, "InvitationList")


class NewInvitation(Schema):
    """An invitation to write."""

    purpose = fields.String(required=True, validate=validate.OneOf(tuple(PURPOSES)))
    works = fields.List(
        fields.String(validate=validate.Length(1, 1_000)),
        load_default=list,
        validate=validate.Length(max=MAX_WORKS),
        metadata={"description": f"Ids of the works that prompted it, in any spelling; at most {MAX_WORKS}."},
    )
    message = Text(MAX_MESSAGE, required=True)
    key = Text(MAX_KEY, required=True, metadata={"description": "Your own name for it: sent again, it is one."})


class NewMessage(Schema):
    """A message to write."""

    body = Text(MAX_MESSAGE, required=True)
    key = Text(MAX_KEY, required=True, metadata={"description": "Your own name for it: sent again, it is one."})


class Said(Schema):
    """One message."""

    id = fields.String(required=True)
    body = fields.String(required=True)
    is_yours = fields.Boolean(required=True)
    sent_at = fields.DateTime(required=True)


MessageList = list_of(Said, "MessageList")


class UnreadCounts(Schema):
    """How much is new to you."""

    invitations = fields.Integer(required=True)
    messages = fields.Integer(required=True)
    total = fields.Integer(required=True)
