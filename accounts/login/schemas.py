"""Schemas of the forms to log in, register and reset a password."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate

from accounts.forms import MAX_PATH, NextArgs
from accounts.login.links import address_of
from accounts.passwords import LONGEST
from search_api.http.args import Args

#: Reasons to log in, which the log-in page explains.
AIMS = ("follow", "claim", "collaborate")
MAX_NAME = 100


class Address(fields.String):
    """An e-mail address, loaded in its stored form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        try:
            return address_of(super()._deserialize(value, attr, data, **kwargs))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class PersonName(fields.String):
    """A name: one line of printable text."""

    def __init__(self, **kwargs: Any) -> None:
        """Describe the name in OpenAPI as one of ASCII letters; `_deserialize` accepts those of all scripts."""
        super().__init__(metadata={"minLength": 1, "maxLength": MAX_NAME}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = " ".join(super()._deserialize(value, attr, data, **kwargs).split())
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise ValidationError(f"Must have 1 to {MAX_NAME} printable characters.")
        return name


class LoginArgs(NextArgs):
    """The reason to log in, and the page to return to."""

    aim = fields.String(data_key="for", load_default=None, validate=validate.OneOf(AIMS))


class _Form(Args):
    @pre_load
    def _no_nul(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Raise ValidationError for NUL, which PostgreSQL does not store."""
        if any("\0" in value for value in data.values() if isinstance(value, str)):
            raise ValidationError("Contains a character that is not allowed.")
        return data


class _AimForm(_Form):
    """A form that returns to a page, and can complete a pending follow, claim or invitation."""

    next = fields.String(load_default="", validate=validate.Length(max=MAX_PATH))
    aim = fields.String(data_key="for", load_default=None, validate=validate.OneOf(AIMS))


class PasswordForm(_AimForm):
    """Log in."""

    email = fields.String(required=True, validate=validate.Length(max=320))
    password = fields.String(required=True, validate=validate.Length(max=LONGEST))


class NextForm(_AimForm):
    """Log in with ORCID, and the page to return to."""


class AddressForm(_Form):
    """An address to mail a link to."""

    email = Address(required=True)


class LinkForm(_AimForm):
    """An address to mail a link to, and the page to continue on."""

    email = Address(required=True)


class NewAccountForm(_Form):
    """Name and password of a new account; the link has confirmed the address."""

    name = PersonName(required=True)
    password = fields.String(required=True)


class NewPasswordForm(_Form):
    """A new password, set with a mailed link."""

    password = fields.String(required=True)
