"""Text that people write, and ids in addresses: checked before the database sees them, which takes no NUL."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

_LINK = re.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)\S*", re.IGNORECASE)
_DOT = re.compile(r"(?<=\w)\.(?=\w\w)")
_ID = re.compile(r"[0-9a-f]{32}")
#: What is not seen, or turns the direction of writing around for what follows: control characters but line feeds,
#: spaces of no width, and halves of characters, which are no text.
UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def is_id(given: str) -> bool:
    """Return whether it can be the id of a row here."""
    return _ID.fullmatch(given) is not None


def name_for_mail(name: str) -> str:
    """Return an account's name in one line and without links, since a mail with it goes to an address of their choice.

    `https://` and `www.` links are removed; other dots between words get a space, so that no mail program makes a link
    of `example.com`.
    """
    return " ".join(_DOT.sub(". ", _LINK.sub(" ", name)).split()) or "A Peerscope user"


class Text(fields.String):
    """Text of a person, without the space around it: from `least` to `most` characters; an empty one says nothing."""

    def __init__(self, most: int, least: int = 1, **kwargs: Any) -> None:
        """Take from `least` to `most` characters."""
        super().__init__(validate=validate.Length(least, most), **kwargs)

    def _deserialize(self, value: Any, *rest: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *rest, **kwargs))
        text = text.replace("\r\n", "\n").replace("\t", " ").strip()
        if UNFIT.search(text):
            raise ValidationError("Contains invisible characters.")
        return text
