"""Text as catalogues give it, made plain: HTML and JATS markup that titles and abstracts carry."""

from __future__ import annotations

import re
from html import unescape

#: Only tags that are known as markup go: `a<b and c>d` in an abstract is mathematics.
_TAG = re.compile(
    r"</?(?:jats:\w[\w-]*|mml:\w+|i|b|u|em|strong|italic|bold|sub|sup|scp|sc|span|p|br|title|sec|tex-math|inline-formula)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def plain(text: str | None) -> str | None:
    """Give text without markup and with its entities (`&amp;`) resolved; None stays None."""
    return None if text is None else unescape(_TAG.sub("", text))
