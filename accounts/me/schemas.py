"""Schemas of the requests and responses about one's own account."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from accounts.login.schemas import Address, PersonName
from accounts.notifications import KINDS
from search_api.http.args import Args


class Me(Schema):
    """The account of the actor."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    orcid = fields.String(required=True, allow_none=True)
    is_admin = fields.Boolean(required=True)
    wants_digest = fields.Boolean(required=True)
    muted = fields.List(
        fields.String(), required=True, metadata={"description": "Kinds of notifications that are not mailed."}
    )
    has_password = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    scopes = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "The scopes of the token; null for a browser, which has all permissions."},
    )


class Changes(Args):
    """The fields of an account that can be changed here."""

    name = PersonName()
    wants_digest = fields.Boolean(truthy={True}, falsy={False})
    muted = fields.List(
        fields.String(validate=validate.OneOf(tuple(KINDS))),
        validate=validate.Length(max=len(KINDS)),
        metadata={"description": "Kinds of notifications that are not mailed."},
    )


class ChangesForm(Args):
    """The same from a form: a box that is not ticked is absent."""

    name = PersonName(required=True)
    wants_digest = fields.Boolean(load_default=False)
    mailed = fields.List(fields.String(validate=validate.OneOf(("", *KINDS))))

    @post_load
    def _muted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if (mailed := data.pop("mailed", None)) is not None:
            data["muted"] = [kind for kind in KINDS if kind not in mailed]
        return data


class DeleteArgs(Args):
    """Protects against deleting an account by mistake."""

    confirm = fields.String(
        required=True, validate=validate.Length(max=100), metadata={"description": "The account's own id."}
    )


class EndAllArgs(Args):
    """What else is revoked."""

    tokens = fields.Boolean(
        load_default=False,
        metadata={"description": "Also revoke API tokens and the private feed URL. Default: false."},
    )


class Browser(Schema):
    """A browser that is logged in."""

    id = fields.String(required=True)
    browser = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True, metadata={"description": "Last use, to the hour."})
    expires_at = fields.AwareDateTime(required=True)
    is_this = fields.Boolean(required=True)


class BrowserList(Schema):
    """The browsers that an account is logged in with."""

    results = fields.List(fields.Nested(Browser), required=True)


class Export(Schema):
    """All stored data of an account, by table."""

    format = fields.String(required=True)
    exported_at = fields.AwareDateTime(required=True)
    account = fields.Dict(required=True)
    tables = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()), required=True)


class CurrentPassword(Args):
    """The current password, if the account has one."""

    current_password = fields.String(load_default="", validate=validate.Length(max=200))


class EndAllForm(Args):
    """Whether API tokens are revoked too: a box that is ticked or absent."""

    tokens = fields.Boolean(load_default=False)


class PasswordChange(CurrentPassword, EndAllForm):
    """A new password, and the current one."""

    password = fields.String(required=True)


class AddressChange(CurrentPassword):
    """A new e-mail address, to be confirmed."""

    email = Address(required=True)


class Deletion(CurrentPassword):
    """The name of the account, typed again to confirm."""

    name = fields.String(required=True)
