"""Schemas of blocks and reports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.texts import Text
from search_api.http.args import Args, PageArgs
from search_api.http.schemas import list_of

MAX_REASON = 1_000
STATUSES = ("open", "upheld", "dismissed")


class AboutArgs(Args):
    """Arguments of a route whose body names an invitation, which may not exist."""

    names_one = True


class BlocksArgs(PageArgs):
    """Arguments of the list of blocks."""


class NewBlock(Schema):
    """The account to block."""

    invitation = fields.String(
        required=True, metadata={"description": "Id of an invitation or conversation with the account."}
    )


class BlockSchema(Schema):
    """A block of an account."""

    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True, metadata={"description": "Null: the account was deleted."})
    created_at = fields.DateTime(required=True)


BlockList = list_of(BlockSchema, "BlockList")


class NewReport(Schema):
    """A report to send."""

    invitation = fields.String(required=True, metadata={"description": "Id of the invitation or conversation."})
    reason = Text(MAX_REASON, required=True)


class ReportSchema(Schema):
    """A report, as the reporter sees it."""

    id = fields.String(required=True)
    invitation = fields.String(required=True, attribute="invitation_id")
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    created_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


ReportList = list_of(ReportSchema, "ReportList")


class ReportsArgs(PageArgs):
    """Arguments of the lists of reports."""

    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class CaseAccount(Schema):
    """An account in a case."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class Case(ReportSchema):
    """A report, as an administrator sees it."""

    reporter = fields.Nested(CaseAccount, required=True, allow_none=True)
    accused = fields.Nested(CaseAccount, required=True, allow_none=True)
    evidence = fields.List(
        fields.String(), required=True, metadata={"description": "What the accused had written when reported."}
    )
    note = fields.String(required=True, allow_none=True, metadata={"description": "Why it was decided this way."})


CaseList = list_of(Case, "CaseList")


class Decision(Schema):
    """The reason of a decision."""

    reason = Text(MAX_REASON, required=True)


class ReasonForm(Args):
    """The reason of a report or a decision, as a form sends it."""

    reason = Text(MAX_REASON, required=True)
