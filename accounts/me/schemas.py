"""What goes over the wire of an account."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.login.schemas import Address, PersonName
from search_api.http.args import Args


class Me(Schema):
    """The account that asks."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    orcid = fields.String(required=True, allow_none=True)
    is_admin = fields.Boolean(required=True)
    wants_digest = fields.Boolean(required=True)
    has_password = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    scopes = fields.List(
        fields.String(),
        required=True,
        allow_none=True,
        metadata={"description": "What the token that asks may do; null for a browser, which may do everything."},
    )


class Changes(Args):
    """What of an account can be changed here; everything else is refused."""

    name = PersonName()
    wants_digest = fields.Boolean(truthy={True}, falsy={False})


class ChangesForm(Args):
    """The same as a form gives it: a box that is not ticked is not there."""

    name = PersonName(required=True)
    wants_digest = fields.Boolean(load_default=False)


class DeleteArgs(Args):
    """So that no slip deletes an account."""

    confirm = fields.String(
        required=True, validate=validate.Length(max=100), metadata={"description": "The account's own id."}
    )


class EndAllArgs(Args):
    """What ends besides."""

    tokens = fields.Boolean(
        load_default=False,
        metadata={"description": "Whether API tokens and the address of the Atom feed end too. Default: false."},
    )


class Browser(Schema):
    """A browser that is logged in."""

    id = fields.String(required=True)
    browser = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True, metadata={"description": "When it was last here, to the hour."})
    expires_at = fields.AwareDateTime(required=True)
    is_this = fields.Boolean(required=True)


class BrowserList(Schema):
    """Where an account is logged in."""

    results = fields.List(fields.Nested(Browser), required=True)


class Export(Schema):
    """Everything that is stored of an account, table by table."""

    format = fields.String(required=True)
    exported_at = fields.AwareDateTime(required=True)
    account = fields.Dict(required=True)
    tables = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()), required=True)


class Present(Args):
    """The present password, where there is one."""

    present = fields.String(load_default="", validate=validate.Length(max=200))


class EndAllForm(Args):
    """Whether API tokens end too: a box that is ticked or not there."""

    tokens = fields.Boolean(load_default=False)


class PasswordChange(Present, EndAllForm):
    """A new password, and the present one."""

    password = fields.String(required=True)


class AddressChange(Present):
    """A new address, to be proven."""

    email = Address(required=True)


class Deletion(Present):
    """The name, typed again."""

    name = fields.String(required=True)
