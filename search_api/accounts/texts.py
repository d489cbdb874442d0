"""Text that people write, and ids in addresses: checked before the database sees them, which takes no NUL."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate

_ID = re.compile(r"[0-9a-f]{32}")
#: Control characters, all but tabulator and line feed, and halves of characters, which are no text.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def is_id(given: str) -> bool:
    """Tell whether it can be the id of a row here."""
    return _ID.fullmatch(given) is not None


class Text(fields.String):
    """Text of a person: at least one and at most so many characters, without the space around it."""

    def __init__(self, most: int, least: int = 1, **kwargs: Any) -> None:
        """Allow `least` to `most` characters."""
        super().__init__(validate=validate.Length(least, most), **kwargs)

    def _deserialize(self, value: Any, *rest: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, *rest, **kwargs)).replace("\r\n", "\n").strip()
        if _FORBIDDEN.search(text):
            raise ValidationError("It holds control characters.")
        return text
