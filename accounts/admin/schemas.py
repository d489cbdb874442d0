"""Schemas of decisions on claims, and of lists for administrators."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.claims.schemas import ClaimSchema
from accounts.texts import Text
from search_api.http.args import PageArgs


class DecisionBody(Schema):
    """The reason of a decision, which is stored."""

    reason = Text(1_000, 3, required=True)


class AdminClaimSchema(ClaimSchema):
    """A claim as an administrator sees it."""

    account_id = fields.String(required=True)
    account_name = fields.String(required=True)
    account_orcid = fields.String(required=True, allow_none=True)
    account_created_at = fields.AwareDateTime(required=True)
    account_email_domain = fields.String(required=True, allow_none=True)
    proven_domains = fields.List(
        fields.String(), required=True, metadata={"description": "Domains of confirmed addresses at institutions."}
    )
    record_name = fields.String(required=True, allow_none=True)
    record_affiliations = fields.List(fields.String(), required=True)
    disputes = fields.String(required=True, allow_none=True, metadata={"description": "The owner's claim, if any."})

    class Meta:
        """Fields that are omitted."""

        exclude = ("profile",)


class AdminClaimList(Schema):
    """Claims, oldest first."""

    results = fields.List(fields.Nested(AdminClaimSchema), required=True)
    has_more = fields.Boolean(required=True)


class AuditSchema(Schema):
    """One action in the audit log."""

    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor_id = fields.String(required=True, allow_none=True)
    action = fields.String(required=True)
    target = fields.String(required=True)
    detail = fields.Dict(required=True)
    request_id = fields.String(required=True, allow_none=True)


class AuditList(Schema):
    """The audit log, newest first."""

    results = fields.List(fields.Nested(AuditSchema), required=True)
    has_more = fields.Boolean(required=True)


class AdminClaimsArgs(PageArgs):
    """Selection of claims."""

    status = fields.String(
        load_default="pending", validate=validate.OneOf(("pending", "verified", "rejected", "released"))
    )


class AuditArgs(PageArgs):
    """Selection of rows of the audit log."""

    action = Text(100, 0, load_default="", metadata={"description": "Prefix of the action, such as `claim.`."})
    target = Text(600, 0, load_default="")
    actor = Text(100, 0, load_default="", metadata={"description": "Account id."})
