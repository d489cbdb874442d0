"""Checks of user text and of ids in URLs, before they reach the database."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

_LINK = re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)\S*", re.IGNORECASE)
_DOT = re.compile(r"(?<=\w)\.(?=\w\w)")
_ID = re.compile(r"[0-9a-f]{32}")
#: Invisible characters: control characters except line feeds, zero-width spaces, changes of the writing direction, and
#: lone surrogates.
UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
#: The same as a class of characters for patterns in OpenAPI.
CONTROL = r"\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069\ufeff"


def is_id(given: str) -> bool:
    """Return whether a text has the form of a row id."""
    return _ID.fullmatch(given) is not None


def name_for_mail(name: str) -> str:
    """Return an account's name in one line and without links, for mail to others.

    `https://` and `www.` links are removed; other dots between words get a space, so that no mail program makes a link
    of `example.com`.
    """
    return " ".join(_DOT.sub(". ", _LINK.sub(" ", name)).split()) or "A Peerscope user"


class Text(fields.String):
    """User text without surrounding space, of `least` to `most` characters."""

    def __init__(self, most: int, least: int = 1, **kwargs: Any) -> None:
        """Accept `least` to `most` characters."""
        # The description in OpenAPI; `_deserialize` decides.
        pattern = rf"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$" if least else rf"^[^{CONTROL}]*$"
        metadata = {"pattern": pattern, **kwargs.pop("metadata", {})}
        super().__init__(validate=validate.Length(least, most), metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *rest: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *rest, **kwargs))
        text = text.replace("\r\n", "\n").replace("\t", " ").strip()
        if UNFIT.search(text):
            raise ValidationError("Contains invisible characters.")
        return text
