"""Decisions on claims, and the lists of administrators, over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.claims.schemas import ClaimSchema
from accounts.texts import Text
from search_api.http.args import PageArgs


class DecisionBody(Schema):
    """Why a claim is decided so; it is kept."""

    reason = Text(1_000, 3, required=True)


class AdminClaimSchema(ClaimSchema):
    """A claim as an admin sees it."""

    account_id = fields.String(required=True)
    account_name = fields.String(required=True)
    account_orcid = fields.String(required=True, allow_none=True)
    disputes = fields.String(required=True, allow_none=True, metadata={"description": "The owner's claim, if any."})

    class Meta:
        """What is left out."""

        exclude = ("profile",)


class AdminClaimList(Schema):
    """Claims, the oldest first."""

    results = fields.List(fields.Nested(AdminClaimSchema), required=True)
    has_more = fields.Boolean(required=True)


class AuditSchema(Schema):
    """Who did what when."""

    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor_id = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    target = fields.String(required=True)
    detail = fields.Dict(required=True)
    request_id = fields.String(required=True, allow_none=True)


class AuditList(Schema):
    """The log, the last first."""

    results = fields.List(fields.Nested(AuditSchema), required=True)
    has_more = fields.Boolean(required=True)


class AdminClaimsArgs(PageArgs):
    """Which claims."""

    status = fields.String(
        load_default="pending", validate=validate.OneOf(("pending", "verified", "rejected", "released"))
    )


class AuditArgs(PageArgs):
    """Which rows of the log."""

    action = Text(100, 0, load_default="", metadata={"description": "How the action begins, such as `claim.`."})
    target = Text(600, 0, load_default="")
    actor = Text(100, 0, load_default="", metadata={"description": "Account id."})
