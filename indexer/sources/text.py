"""Markup of catalogues as plain text: HTML and JATS tags, MathML, and formulas as publishers export them."""

from __future__ import annotations

import re
from collections import defaultdict
from html import unescape

#: An attribute needs a name and a value, so that `a<b and c>d` in an abstract is not mistaken for a tag.
_ATTRIBUTES = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*"""
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
#: A heading "Abstract" at the start, with the tags of sections before it.
_HEADING = re.compile(
    rf"\s*(?:<(?:jats:)?(?:sec|p|div){_ATTRIBUTES}>\s*)*"
    rf"<((?:jats:)?(?:title|p|bold)|h[1-6]|b|strong){_ATTRIBUTES}>\s*abstract\s*[.:]?\s*</\1\s*>",
    re.IGNORECASE,
)
_MATH = re.compile(r"<((?:\w+:)?math)\b[^<>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
#: A formula in TeX next to the same formula in MathML.
_ALTERNATIVES = re.compile(
    r"(<((?:\w+:)?tex-math)\b[^<>]*>.*?</\2\s*>)\s*<((?:\w+:)?math)\b[^<>]*>.*?</\3\s*>"
    r"|<((?:\w+:)?math)\b[^<>]*>.*?</\4\s*>\s*(<((?:\w+:)?tex-math)\b[^<>]*>.*?</\6\s*>)",
    re.IGNORECASE | re.DOTALL,
)
_TEX_ANNOTATION = re.compile(
    r"<((?:\w+:)?annotation)\s[^<>]*encoding\s*=\s*[\"']application/x-tex[\"'][^<>]*>(.*?)</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_ANNOTATION = re.compile(r"<((?:\w+:)?annotation(?:-xml)?)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
#: A whole LaTeX document around one formula, as Springer exports it.
_DOCUMENT = re.compile(r"\\documentclass.*?\\begin\{document\}\s*(.*?)\s*\\end\{document\}", re.DOTALL)
#: A text with more formulas is not an abstract; its tags are removed without reading them as formulas.
_MAX_FORMULAS = 500


def strip_markup(text: str | None) -> str | None:
    """Return text without tags, with entities resolved and white space collapsed; None stays None.

    Markup is often escaped (`&lt;i&gt;`), and so are entities (`&amp;amp;`): what results is resolved as well. Each
    formula is kept once, in TeX where the text has it.
    """
    if text is None:
        return None
    text = _without_tags(unescape(unescape(_without_tags(text))))
    if "\\documentclass" in text and "\\end{document}" in text:
        text = _DOCUMENT.sub(lambda match: match[1].replace("$$", "$"), text)
    return " ".join(text.split())


def _without_tags(text: str) -> str:
    if "<" not in text:
        return text
    if heading := _HEADING.match(text):
        text = text[heading.end() :]
    if text.count("math") <= 4 * _MAX_FORMULAS and "</" in text:
        text = _ALTERNATIVES.sub(lambda match: match[1] or match[5], text)
        text = _MATH.sub(lambda match: _formula(match[2]), text)
    return _without_closed_tags(_INLINE.sub("", _BLOCK.sub(" ", text)))


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


def _formula(math: str) -> str:
    """Return MathML as text: its TeX annotation, else its characters with `/` for fractions and `^` for powers."""
    if annotation := _TEX_ANNOTATION.search(math):
        return f"${unescape(annotation[2]).strip().strip('$')}$"
    math = _ANNOTATION.sub("", math)
    math = re.sub(r">\s+<", "><", re.sub(r"(</?)\w+:", r"\1", math))
    element = r"(<(\w+)\b[^<>]*>(?:(?!<\2\b).)*?</\2>|<\w+[^<>]*/>)"
    math = re.sub(rf"<mfrac\b[^<>]*>{element}{element.replace('2', '4')}</mfrac>", r"\1/\3", math)
    math = re.sub(rf"<msup\b[^<>]*>{element}(<mn\b[^<>]*>\d+</mn>)</msup>", r"\1^\3", math)
    return re.sub(r"<[^<>]*>", "", math).strip()
