"""Detect the encoding of files that are not valid UTF-8."""

from __future__ import annotations

import codecs
import re

#: A character of two to four bytes in UTF-8.
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def utf16_encoding(start: bytes) -> str | None:
    """Return the name of the UTF-16 encoding of a file that begins with these bytes; None for any other encoding."""
    if start.startswith(_UTF16_MARKS):
        return "utf-16"
    # In UTF-16 without a mark, every other byte of an ASCII text is zero.
    sample = start[:64]
    if len(sample) >= 4 and not any(sample[1::2]) and all(sample[::2]):
        return "utf-16-le"
    return "utf-16-be" if len(sample) >= 4 and not any(sample[::2]) and all(sample[1::2]) else None


def decode(data: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding.

    In UTF-8 with single invalid bytes, these become lone surrogates, so that they cost only the fields or records that
    contain them. Text without any character of several bytes in UTF-8 is read as Windows-1252, or as Latin-1 where
    that does not define a byte.
    """
    if encoding := utf16_encoding(data):
        return data.decode(encoding, "replace").removeprefix("\ufeff"), "UTF-16"
    try:
        return data.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError:
        pass
    if _MULTIBYTE.search(data):
        return data.decode("utf-8-sig", "surrogateescape"), "UTF-8"
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def printable_text(text: str) -> str:
    """Return a text that can be written as UTF-8: lone surrogates become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
