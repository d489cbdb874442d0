"""Compatibility characters, such as `ﬁ`, `㎏`, `₂`, mathematical and full-width letters, and what they are found as.

The analyzers replace them in texts, and queries are read without them. Titles are shown as they were printed.
"""

from __future__ import annotations

import unicodedata
from itertools import chain

#: First and last character of blocks whose characters stand for others, by Unicode's NFKC.
_BLOCKS = (
    *(("\u00b2", "\u00b5"), ("\u00b9", "\u00b9"), ("\u00bc", "\u00be"), ("\u03d0", "\u03f9"), ("\u1d2c", "\u1d6a")),
    # Superscripts and subscripts, letterlike symbols and number forms, enclosed letters and digits
    *(("\u2070", "\u209c"), ("\u2100", "\u218b"), ("\u2460", "\u24ea")),
    # Radicals of ideographs, units, ligatures and presentation forms of Latin, Hebrew and Arabic, full width
    *(("\u2f00", "\u2fd5"), ("\u3380", "\u33df"), ("\ufb00", "\ufb4f"), ("\ufb50", "\ufefc"), ("\uff03", "\uff5a")),
    # Mathematical letters and digits
    *(("\U0001d400", "\U0001d7ff"), ("\U0001ee00", "\U0001eebb")),
)
#: Signs beside letters and digits for which characters stand that are replaced, such as the bar of `½`.
_SIGNS = frozenset("+-=/#'°")
#: Marks after a word are no part of it, and `№5` is no word.
_NOT_REPLACED = frozenset("™℠№")


def _plain(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character).translate({0x2044: "/", 0x2212: "-"})
    return plain.replace("μm", "um")


#: Plain text for each compatibility character.
PLAIN_CHARACTERS = {
    character: plain
    for character in map(chr, chain.from_iterable(range(ord(first), ord(last) + 1) for first, last in _BLOCKS))
    if (plain := _plain(character)) != character
    and all(part.isalnum() or part in _SIGNS for part in plain)
    and character not in _NOT_REPLACED
}
#: A minus is left to the analyzers, since `-` before a word of a query excludes it.
_TABLE = str.maketrans({character: plain for character, plain in PLAIN_CHARACTERS.items() if plain != "-"})


def plain_characters(text: str) -> str:
    """Return a query with plain characters in the place of compatibility characters but minus: `CO₂` as `CO2`."""
    return text if text.isascii() else text.translate(_TABLE)


#: Letters that are often spelt out, as `Gürsoy` is `Guersoy`; analysis.json has filters with the same letters.
_SPELT_OUT = {"ä": "ae", "æ": "ae", "å": "aa", "ö": "oe", "ø": "oe", "œ": "oe", "ü": "ue", "ß": "ss"}
_SPELLING = str.maketrans(
    _SPELT_OUT | {letter.upper(): text.capitalize() for letter, text in _SPELT_OUT.items() if letter != "ß"}
)


def spelt_out(text: str) -> str:
    """Return a text in NFC with such letters spelt out: `Guersoy` for `Gürsoy`."""
    return text if text.isascii() else text.translate(_SPELLING)


def spellings(text: str) -> list[str]:
    """Return the spellings to look for in names: a text in NFC, and with such letters spelt out if that is another.

    The index has both spellings of `Löw`; where `Loew` is printed, the query has to have both.
    """
    return list(dict.fromkeys((text, spelt_out(text))))
