"""Blocks and reports over the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.texts import Text
from search_api.http.args import Args, PageArgs
from search_api.http.schemas import list_of

MAX_REASON = 1_000
STATUSES = ("open", "upheld", "dismissed")


class AboutArgs(Args):
    """Something about an invitation, which the body names."""

    names_one = True


class BlocksArgs(PageArgs):
    """Whom one blocks."""


class NewBlock(Schema):
    """Whom to block."""

    invitation = fields.String(
        required=True, metadata={"description": "Id of an invitation or conversation with the account."}
    )


class Blocked(Schema):
    """An account that you block. `id` is the block's."""

    id = fields.String(required=True)
    name = fields.String(required=True, allow_none=True, metadata={"description": "Null: the account was deleted."})
    created_at = fields.DateTime(required=True)


BlockList = list_of(Blocked, "BlockList")


class NewReport(Schema):
    """What to report."""

    invitation = fields.String(required=True, metadata={"description": "Id of the invitation or conversation."})
    reason = Text(MAX_REASON, required=True)


class Reported(Schema):
    """A report of yours."""

    id = fields.String(required=True)
    invitation = fields.String(required=True, attribute="invitation_id")
    reason = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    created_at = fields.DateTime(required=True)
    decided_at = fields.DateTime(required=True, allow_none=True)


ReportList = list_of(Reported, "ReportList")


class ReportsArgs(PageArgs):
    """Reports, for administrators."""

    status = fields.String(load_default=None, validate=validate.OneOf(STATUSES))


class CaseAccount(Schema):
    """An account in a case."""

    id = fields.String(required=True)
    name = fields.String(required=True)


class Case(Reported):
    """A report, as an administrator sees it."""

    reporter = fields.Nested(CaseAccount, required=True, allow_none=True)
    accused = fields.Nested(CaseAccount, required=True, allow_none=True)
    evidence = fields.List(
        fields.String(), required=True, metadata={"description": "What the accused had written by then."}
    )
    note = fields.String(required=True, allow_none=True, metadata={"description": "Why it was decided so."})


CaseList = list_of(Case, "CaseList")


class Decision(Schema):
    """Why it is decided so."""

    reason = Text(MAX_REASON, required=True)
