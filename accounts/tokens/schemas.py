"""Schemas of API tokens."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.actors import SCOPES
from accounts.passwords import LONGEST
from search_api.http.args import Args

CURRENT_PASSWORD = {
    "description": "The password of the account; needed when a browser creates a token with the scope account or admin."
}
DAYS = {"description": "Days until it expires, from 1 to 366; null: never.", "minimum": 1, "maximum": 366}


class NewToken(Args):
    """A token to create."""

    name = fields.String(
        required=True, validate=validate.Length(min=1, max=100), metadata={"description": "What it is for."}
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(tuple(SCOPES))),
        required=True,
        validate=validate.Length(min=1, max=len(SCOPES)),
    )
    days = fields.Integer(strict=True, load_default=90, allow_none=True, validate=validate.Range(1, 366), metadata=DAYS)
    current_password = fields.String(load_default="", validate=validate.Length(max=LONGEST), metadata=CURRENT_PASSWORD)


class NewTokenForm(NewToken):
    """The same from a form."""

    days = fields.Integer(load_default=90, validate=validate.Range(1, 366))


class Token(Schema):
    """A token, without the secret."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    used_at = fields.AwareDateTime(required=True, allow_none=True, metadata={"description": "Last use, to the hour."})
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class CreatedToken(Token):
    """A new token; the secret is shown this once."""

    token = fields.String(required=True)


class TokenList(Schema):
    """The tokens of an account."""

    results = fields.List(fields.Nested(Token), required=True)
