"""Text as catalogues give it, made plain: HTML and JATS markup that titles, abstracts and venues carry."""

from __future__ import annotations

import re
from html import unescape

#: Only what is written as an attribute is one, so that `a<b and c>d` in an abstract stays mathematics.
_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*"""
#: Where one of these begins or ends, a word does.
_BLOCK = re.compile(
    r"</?(?:jats:)?(?:title|p|br|break|sec|list|list-item|disp-formula|disp-quote|div|ul|ol|li|h[1-6])"
    rf"{_ATTRIBUTES}/?>",
    re.IGNORECASE,
)
#: Only tags that are known as markup go, for the same reason.
_INLINE = re.compile(
    r"</?(?:jats:\w[\w-]*|mml:\w+|i|b|u|em|strong|italic|bold|sub|sup|scp|sc|span|tex-math|inline-formula)"
    rf"{_ATTRIBUTES}/?>",
    re.IGNORECASE,
)
#: A heading that only says what the text is, with the tags of sections before it.
_HEADING = re.compile(
    rf"\s*(?:<(?:jats:)?(?:sec|p|div){_ATTRIBUTES}>\s*)*"
    rf"<((?:jats:)?(?:title|p|bold)|h[1-6]|b|strong){_ATTRIBUTES}>\s*abstract\s*[.:]?\s*</\1\s*>",
    re.IGNORECASE,
)


def plain(text: str | None) -> str | None:
    """Return text without markup, with its entities resolved and its white space folded; None stays None.

    Markup is often escaped itself (`&lt;i&gt;`), and entities are (`&amp;amp;`): what comes out of them goes as well.
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
