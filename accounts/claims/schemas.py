"""Schemas of claims, owners' profiles and statements. Bodies refuse unknown fields, so nothing else can be set."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from accounts.texts import UNFIT, Text
from search_api.http.args import Args

MAX_LINKS = 5
#: Values of the form that states whether a work is the owner's; None deletes the statement.
FORM_STATEMENTS: dict[str, bool | None] = {"mine": True, "not mine": False, "as found": None}


class Link(fields.Url):
    """A web address. Only https is allowed, which browsers always open as a page."""

    def __init__(self) -> None:
        """Accept up to 300 characters."""
        super().__init__(
            schemes={"https"},
            require_tld=True,
            validate=validate.Length(max=300),
            metadata={"pattern": r"^\s*https://[^/@\s]+(/\S*)?\s*$"},
            error_messages={"invalid": 'Must start with https:// ("{input}").'},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Not a valid string.")
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if UNFIT.search(text) or "@" in text.partition("//")[2].partition("/")[0]:
            raise ValidationError("A link must not contain a user name or invisible characters.")
        return text


class OwnClaimArgs(Args):
    """Arguments of a route for the account's own claim; 404 if it has none."""

    names_one = True


class ClaimBody(Schema):
    """A claim, with evidence for an administrator."""

    statement = Text(1_000, 0, load_default="")


class ProfileBody(Schema):
    """The fields of the profile to set; missing ones stay."""

    preferred_name = Text(200, 0, allow_none=True)
    affiliation = Text(300, 0, allow_none=True)
    bio = Text(600, 0, allow_none=True)
    links = fields.List(Link(), validate=validate.Length(max=MAX_LINKS))
    open_to_collaborate = fields.Boolean(truthy={True}, falsy={False})


class StatementBody(Schema):
    """Whether a work is the owner's."""

    is_mine = fields.Boolean(required=True, truthy={True}, falsy={False})


class ProfileForm(ProfileBody):
    """The profile as a form sends it: links one per line, and a check box that is missing when it is not ticked."""

    @pre_load
    def _as_body(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        text = data.get("links", "")
        links = (text if isinstance(text, str) else " ".join(text)).split()
        return {**data, "links": links, "open_to_collaborate": data.get("open_to_collaborate") == "true"}


class WorkForm(Schema):
    """A statement about a work, as a form sends it."""

    work = Text(500, 1, required=True)
    saying = fields.String(required=True, validate=validate.OneOf(tuple(FORM_STATEMENTS)))


class ReleaseForm(Schema):
    """The profile to release."""

    researcher = Text(512, 1, required=True)


class EmailBody(Schema):
    """An e-mail address at an institution."""

    email = fields.String(required=True, validate=validate.Length(3, 254))


class OwnProfileSchema(Schema):
    """What the owner states about themselves."""

    preferred_name = fields.String(required=True, allow_none=True)
    affiliation = fields.String(required=True, allow_none=True)
    bio = fields.String(required=True, allow_none=True)
    links = fields.List(fields.String(), required=True)
    open_to_collaborate = fields.Boolean(required=True)


class ClaimSchema(Schema):
    """A claim of the account."""

    id = fields.String(required=True)
    researcher_id = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "`pending`, `verified`, `rejected` or `released`."})
    proof = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "How it was verified: `orcid`, or `admin` (by an administrator)."},
    )
    statement = fields.String(required=True, metadata={"description": "The evidence given with the claim."})
    reason = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it was decided this way, or why it ended."}
    )
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    profile = fields.Nested(OwnProfileSchema, required=True, allow_none=True)


class StatementSchema(Schema):
    """The owner's statement about a work; it takes effect at the next indexing run."""

    work_id = fields.String(required=True)
    is_mine = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)


class StatementList(Schema):
    """All statements of the owner, newest first."""

    results = fields.List(fields.Nested(StatementSchema), required=True)


class InstitutionEmails(Schema):
    """The proven e-mail addresses."""

    results = fields.List(fields.String(), required=True)
