"""Markup of catalogues as plain text: HTML and JATS tags, and formulas as publishers export them."""

from __future__ import annotations

import re
from collections import defaultdict
from html import unescape

from indexer.sources.budget import affordable
from indexer.sources.mathml import replace_formulas

#: An attribute needs a name and a value, so that `a<b and c>d` in an abstract is not mistaken for a tag.
_ATTRIBUTES = r"""(?:\s++[\w:.-]++\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=]+))*\s*+"""
#: Tags that separate words.
_BLOCK = re.compile(
    r"</?(?:jats:)?(?:title|p|br|break|sec|list|list-item|disp-formula|disp-quote|div|ul|ol|li|h[1-6])"
    rf"{_ATTRIBUTES}/?>",
    re.IGNORECASE,
)
#: Other tags that are removed even when they are not closed.
_INLINE = re.compile(
    r"</?(?:jats:\w[\w-]*|mml:\w+|i|b|u|em|strong|italic|bold|sub|sup|inf|scp|sc|span|tex-math|inline-formula)"
    rf"{_ATTRIBUTES}/?>",
    re.IGNORECASE,
)
#: Unknown tags are removed where they are closed; others may be mathematics or code (`List<String>`).
_TAG = re.compile(rf"<(/?)([a-z][\w:.-]*){_ATTRIBUTES}>", re.IGNORECASE)
#: An empty element is markup, whatever its name.
_EMPTY = re.compile(rf"<[a-z][\w:.-]*{_ATTRIBUTES}/>", re.IGNORECASE)
#: A heading "Abstract" at the start, with the tags of sections before it.
_HEADING = re.compile(
    rf"\s*+(?:<(?:jats:)?(?:sec|p|div){_ATTRIBUTES}>\s*+)*"
    rf"<((?:jats:)?(?:title|p|bold)|h[1-6]|b|strong){_ATTRIBUTES}>\s*+abstract\s*+[.:]?\s*+</\1\s*+>",
    re.IGNORECASE,
)
_PREAMBLE, _BEGIN, _END = "\\documentclass", r"\begin{document}", r"\end{document}"


def strip_markup(text: str | None) -> str | None:
    """Return text without tags, with entities resolved and white space collapsed; None stays None.

    Markup is often escaped (`&lt;i&gt;`), and so are entities (`&amp;amp;`): what results is resolved as well. Each
    formula is kept once, in TeX where the text has it.
    """
    if text is None:
        return None
    text = affordable(text)
    text = _without_tags(unescape(unescape(_without_tags(text))))
    return " ".join(_without_preambles(text).split())


def with_subtitle(title: str | None, subtitle: str | None) -> str | None:
    """Return a title and its subtitle as one text: `Trees: An Essay`, `What Is a Tree? An Essay`."""
    if not title or not subtitle or subtitle in title:
        return title
    return f"{title} {subtitle}" if title.endswith(("?", "!", ".")) else f"{title.rstrip(' :')}: {subtitle}"


def _without_preambles(text: str, start_tag: str = "", end_tag: str = "") -> str:
    """Return only the bodies of the LaTeX documents in a text, between tags: Springer exports each formula as one."""
    parts, end = [], 0
    while (start := text.find(_PREAMBLE, end)) >= 0:
        body = text.find(_BEGIN, start)
        close = text.find(_END, body)
        if body < 0 or close < 0:
            break
        formula = text[body + len(_BEGIN) : close].strip().replace("$$", "$")
        parts += [text[end:start], start_tag, formula, end_tag]
        end = close + len(_END)
    return "".join([*parts, text[end:]])


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    if heading := _HEADING.match(text):
        text = text[heading.end() :]
    return _without_closed_tags(
        _EMPTY.sub(
            "",
            _INLINE.sub("", _BLOCK.sub(" ", replace_formulas(_without_preambles(text, "<tex-math>", "</tex-math>")))),
        )
    )


def _without_closed_tags(text: str) -> str:
    """Return a text without the tags that are closed, in linear time."""
    opened: dict[str, list[re.Match[str]]] = defaultdict(list)
    closed: list[tuple[int, int]] = []
    for tag in _TAG.finditer(text):
        name = tag[2].lower()
        if not tag[1]:
            opened[name].append(tag)
        elif opened[name]:
            closed += [opened[name].pop().span(), tag.span()]
    parts, start = [], 0
    for first, end in sorted(closed):
        parts.append(text[start:first])
        start = end
    return "".join([*parts, text[start:]])
