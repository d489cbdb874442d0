"""Schemas of corrections and their decision."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from accounts.corrections.models import KINDS, STATUSES
from accounts.texts import Text
from search_api.http.args import PageArgs
from search_api.http.schemas import list_of

MAX_WORKS = 500
#: The field that a kind of correction requires.
NEEDED = {"not_this_person": "works", "duplicate_of": "other", "name": "value", "affiliation": "value"}


class NewCorrection(Schema):
    """A problem with a record."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(tuple(KINDS)),
        metadata={
            "description": "`not_this_person` (needs `works`), `two_people` (`works` of one of them, if known), "
            "`duplicate_of` (needs `other`), `name` or `affiliation` (need `value`)."
        },
    )
    works = fields.List(
        Text(512),
        load_default=list,
        validate=validate.Length(max=MAX_WORKS),
        metadata={"description": "Ids of works of this researcher."},
    )
    other = Text(512, load_default=None, allow_none=True, metadata={"description": "Id of the other researcher."})
    value = Text(300, load_default=None, allow_none=True, metadata={"description": "The right name or affiliation."})
    reason = Text(1_000, 3, required=True, metadata={"description": "How you know, read by an administrator."})

    @validates_schema(skip_on_field_errors=True)
    def _is_complete(self, data: dict[str, Any], **_: Any) -> None:
        needed = NEEDED.get(data["kind"])
        if needed and not data[needed]:
            raise ValidationError(f"Required for the kind {data['kind']}.", needed)


class CorrectionSchema(Schema):
    """A correction, as the reporter sees it."""

    id = fields.String(required=True)
    researcher_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    works = fields.List(fields.String(), required=True)
    other = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    note = fields.String(required=True, allow_none=True, metadata={"description": "Reason of the decision."})
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class CorrectionAccount(Schema):
    """The account that reported a problem."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class CorrectionCase(CorrectionSchema):
    """A correction with its evidence, as an administrator sees it."""

    reporter = fields.Nested(
        CorrectionAccount, required=True, allow_none=True, metadata={"description": "Null: the account was deleted."}
    )
    name = fields.String(required=True, allow_none=True, metadata={"description": "Name on the record."})
    other_name = fields.String(required=True, allow_none=True)
    titles = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    merge_reasons = fields.List(
        fields.String(), required=True, metadata={"description": "Why works were attributed to this record."}
    )
    is_owned = fields.Boolean(required=True, metadata={"description": "Whether the profile has an owner."})


CorrectionList = list_of(CorrectionSchema, "CorrectionList")
CorrectionCases = list_of(CorrectionCase, "CorrectionCases")


class CorrectionsArgs(PageArgs):
    """Selection of corrections."""

    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class CorrectionDecision(Schema):
    """The decision on a correction."""

    reason = Text(1_000, 0, load_default="", metadata={"description": "Sent to the reporter."})
    works = fields.List(
        Text(512),
        load_default=list,
        validate=validate.Length(max=MAX_WORKS),
        metadata={"description": "For `two_people`: works of the second person, instead of the reported ones."},
    )
