"""Claims and what owners say, over the wire. Bodies refuse what they do not name, so nothing else can be set."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from accounts.texts import UNFIT, Text

MAX_LINKS = 5
#: What can be said of a work; None takes it back.
SAYINGS: dict[str, bool | None] = {"mine": True, "not mine": False, "as found": None}


class Link(fields.Url):
    """An address on the web, https alone: a browser makes nothing else of it than a page."""

    def __init__(self) -> None:
        """Take up to 300 characters."""
        super().__init__(
            schemes={"https"},
            require_tld=True,
            validate=validate.Length(max=300),
            error_messages={"invalid": 'Must start with https:// ("{input}").'},
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs)).strip()
        if UNFIT.search(text) or "@" in text.partition("//")[2].partition("/")[0]:
            raise ValidationError("A link must not contain a user name or invisible characters.")
        return text


class ClaimBody(Schema):
    """A claim: what the account says for itself, for an admin to read."""

    statement = Text(1_000, 0, load_default="")


class ProfileBody(Schema):
    """What the owner sets of the profile; what is left out stays."""

    preferred_name = Text(200, 0, allow_none=True)
    affiliation = Text(300, 0, allow_none=True)
    bio = Text(600, 0, allow_none=True)
    links = fields.List(Link(), validate=validate.Length(max=MAX_LINKS))
    open_to_collaborate = fields.Boolean(truthy={True}, falsy={False})


class StatementBody(Schema):
    """Whether a work is the owner's."""

    mine = fields.Boolean(required=True, truthy={True}, falsy={False})


class ProfileForm(ProfileBody):
    """The same from a form: links one a line, and a box that is ticked or not there at all."""

    @pre_load
    def _as_body(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        text = given.get("links", "")
        links = (text if isinstance(text, str) else " ".join(text)).split()
        return {**given, "links": links, "open_to_collaborate": given.get("open_to_collaborate") == "true"}


class WorkForm(Schema):
    """A work, and what is said of it."""

    work = Text(500, 1, required=True)
    saying = fields.String(required=True, validate=validate.OneOf(tuple(SAYINGS)))


class ReleaseForm(Schema):
    """The profile to let go."""

    researcher = Text(512, 1, required=True)


class EmailBody(Schema):
    """An address at an institution, to be proven by a link that is mailed there."""

    email = fields.String(required=True, validate=validate.Length(3, 254))


class OwnProfileSchema(Schema):
    """What the owner said."""

    preferred_name = fields.String(required=True, allow_none=True)
    affiliation = fields.String(required=True, allow_none=True)
    bio = fields.String(required=True, allow_none=True)
    links = fields.List(fields.String(), required=True)
    open_to_collaborate = fields.Boolean(required=True)


class ClaimSchema(Schema):
    """A claim of one's own."""

    id = fields.String(required=True)
    researcher_id = fields.String(required=True)
    status = fields.String(required=True, metadata={"description": "`pending`, `verified`, `rejected` or `released`."})
    proof = fields.String(required=True, allow_none=True, metadata={"description": "`orcid`, or `admin` by a person."})
    statement = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it was decided so."})
    created_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    profile = fields.Nested(OwnProfileSchema, required=True, allow_none=True)


class StatementSchema(Schema):
    """What the owner said of a work; it holds from the next indexing run on."""

    work_id = fields.String(required=True)
    mine = fields.Boolean(required=True, attribute="is_mine")
    created_at = fields.AwareDateTime(required=True)


class StatementList(Schema):
    """All that the owner said of works, the last first."""

    results = fields.List(fields.Nested(StatementSchema), required=True)


class InstitutionEmails(Schema):
    """Addresses that are proven."""

    results = fields.List(fields.String(), required=True)
