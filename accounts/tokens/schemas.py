"""What goes over the wire of API tokens."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from accounts.actors import SCOPES
from accounts.passwords import LONGEST
from search_api.http.args import Args

PRESENT = {"description": "The account's password, where a browser makes a token with the scope account or admin."}
DAYS = {"description": "Days until it ends, from 1 to 366; null: it does not end.", "minimum": 1, "maximum": 366}


class NewToken(Args):
    """What a token is to be."""

    name = fields.String(
        required=True, validate=validate.Length(min=1, max=100), metadata={"description": "What it is for."}
    )
    scopes = fields.List(
        fields.String(validate=validate.OneOf(tuple(SCOPES))),
        required=True,
        validate=validate.Length(min=1, max=len(SCOPES)),
    )
    days = fields.Integer(strict=True, load_default=90, allow_none=True, validate=validate.Range(1, 366), metadata=DAYS)
    present = fields.String(load_default="", validate=validate.Length(max=LONGEST), metadata=PRESENT)


class NewTokenForm(NewToken):
    """The same as a form gives it."""

    days = fields.Integer(load_default=90, validate=validate.Range(1, 366))


class Token(Schema):
    """A token, without itself."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    used_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When it was last used, to the hour."}
    )
    expires_at = fields.AwareDateTime(required=True, allow_none=True)


class MadeToken(Token):
    """A token that has just been made: the only time that it is shown."""

    token = fields.String(required=True)


class TokenList(Schema):
    """An account's tokens."""

    results = fields.List(fields.Nested(Token), required=True)
