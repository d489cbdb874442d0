"""Markup of catalogues as plain text: HTML and JATS tags, TeX accents, and LaTeX in fields of BibTeX."""

from __future__ import annotations

import logging
import re
from functools import cache
from html import unescape

from pylatexenc.latex2text import LatexNodes2Text, SpecialsTextSpec, get_default_latex_context_db

# It reports broken LaTeX on the console, where it would disturb the progress bar.
logging.getLogger("pylatexenc").addHandler(logging.NullHandler())

#: An attribute needs a name and a value, so that `a<b and c>d` in an abstract is not mistaken for a tag.
_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*"""
#: Tags that separate words.
_BLOCK = re.compile(
    r"</?(?:jats:)?(?:title|p|br|break|sec|list|list-item|disp-formula|disp-quote|div|ul|ol|li|h[1-6])"
    rf"{_ATTRIBUTES}/?>",
    re.IGNORECASE,
)
#: Other tags that are removed; unknown ones stay, because they may be mathematics.
_INLINE = re.compile(
    r"</?(?:jats:\w[\w-]*|mml:\w+|i|b|u|em|strong|italic|bold|sub|sup|scp|sc|span|tex-math|inline-formula)"
    rf"{_ATTRIBUTES}/?>",
    re.IGNORECASE,
)
#: A heading "Abstract" at the start, with the tags of sections before it.
_HEADING = re.compile(
    rf"\s*(?:<(?:jats:)?(?:sec|p|div){_ATTRIBUTES}>\s*)*"
    rf"<((?:jats:)?(?:title|p|bold)|h[1-6]|b|strong){_ATTRIBUTES}>\s*abstract\s*[.:]?\s*</\1\s*>",
    re.IGNORECASE,
)
#: A letter with an accent, or one that TeX writes as a macro, perhaps in braces.
_TEX_LETTER = re.compile(
    r"\{~[nN]\}|\{\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\s*\}"
    r"|\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*"
    r"(?:\{\\?[a-zA-Z]\}|\\[ij](?![a-zA-Z])(?:\{\}| ?)|\\?[a-zA-Z](?![a-zA-Z]*\{))"
    r"|\{\\(?:ss|ae|AE|oe|OE|aa|AA|DJ|dj|NG|ng|TH|th|DH|dh|o|O|l|L|i|j)\s*\}"
    r"|\\(?:ss|ae|AE|oe|OE|aa|AA|DJ|dj|NG|ng|TH|th|DH|dh|o|O|l|L|i|j)(?:\{\}|(?![a-zA-Z_^]) ?)"
)
#: Letters that pylatexenc does not know.
_LETTERS = {"DJ": "Đ", "dj": "đ", "NG": "Ŋ", "ng": "ŋ", "TH": "Þ", "th": "þ", "DH": "Ð", "dh": "ð"}
_LETTERS |= {"~n": "ñ", "~N": "Ñ"}  # a backslash lost by exports of NASA ADS
_FORMULA = re.compile(r"(\$\$.+?\$\$|\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\])", re.DOTALL)


def strip_markup(text: str | None) -> str | None:
    """Return text without HTML and JATS tags, with entities resolved and white space collapsed; None stays None.

    Markup is often escaped (`&lt;i&gt;`), and so are entities (`&amp;amp;`): what results is resolved as well.
    """
    if text is None:
        return None
    return " ".join(_without_tags(unescape(unescape(_without_tags(text)))).split())


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    if heading := _HEADING.match(text):
        text = text[heading.end() :]
    return _INLINE.sub("", _BLOCK.sub(" ", text))


def decode_tex_accents(text: str | None) -> str | None:
    r"""Return text with letters instead of TeX macros (`Poincar\'e`, `Erd\H{o}s`); formulas and all else stay."""
    if text is None or ("\\" not in text and "{~" not in text):
        return text
    parts = _FORMULA.split(text)
    parts[::2] = [_TEX_LETTER.sub(_decode_letter, part) for part in parts[::2]]
    return "".join(parts)


def _decode_letter(match: re.Match[str]) -> str:
    if letter := _LETTERS.get(match[0].strip("{}\\ ")):
        return letter
    return str(_letter_decoder().latex_to_text(match[0])).strip() or match[0]


@cache
def _letter_decoder() -> LatexNodes2Text:
    return LatexNodes2Text()


def decode_latex(text: str | None) -> str | None:
    """Return LaTeX as plain text with formulas unchanged; None when nothing is left.

    An unescaped % is the sign, not a comment: fields contain no comments.
    """
    if not text:
        return None
    if re.search(r"[\\{}$~^%]|--|``|''", text):
        text = str(_latex_decoder().latex_to_text(re.sub(r"(?<!\\)%", r"\\%", text)))
    return " ".join(text.split()) or None


@cache
def _latex_decoder() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    # A field contains no table: outside of a formula an unescaped & is the sign.
    context.add_context_category("sign", specials=[SpecialsTextSpec("&", "&")], prepend=True)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", strict_latex_spaces=True)
