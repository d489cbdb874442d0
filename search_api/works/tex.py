r"""LaTeX in titles and abstracts, as HTML: formulas as MathML, accents and emphasis as what they stand for.

A browser draws MathML itself, so no script is needed. What is broken stays as it was written. Nothing that a source
holds becomes markup: the library's tree is written anew from the tags and attributes named here, and text is escaped
(it lets `\text{a<b}`, `\href` and `\style` through).
"""

from __future__ import annotations

import html
import logging
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape
from pylatexenc.latex2text import LatexNodes2Text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Characters of a formula at the most; what is longer is a table or an accident, and would nest without end.
LONGEST = 600
#: Texts kept ready: the titles and abstracts of some hundred pages.
KEPT = 8_192
#: Stand for <mark> and </mark> while a text is converted; from the private use area, and taken out of what comes in.
MARKS = ("\ue000", "\ue001")

#: A formula between dollars as Pandoc reads them, so that "$5 and $10" is money; or between \( \), \[ \], $$ $$.
_MATH = re.compile(
    r"\$\$(?P<a>[^$]+?)\$\$"
    r"|\\\((?P<b>.{1,600}?)\\\)|\\\[(?P<c>.{1,600}?)\\\]"
    r"|(?<![\\$])\$(?P<d>[^\s$](?:[^$]*[^\s$\\])?)\$(?!\d)",
    re.DOTALL,
)
_EMPHASIS = re.compile(
    r"\\(?P<macro>emph|textit|textsl|textbf|texttt|textsc|textrm|text|mbox|url)\s*\{(?P<inside>[^{}]*)\}"
    r"|\{\\(?P<switch>it|em|sl|bf|tt|sc|rm)\b\s*(?P<rest>[^{}]*)\}"
)
_TAGS = {
    **dict.fromkeys(("emph", "textit", "textsl", "it", "em", "sl"), "em"),
    **dict.fromkeys(("textbf", "bf"), "strong"),
    **dict.fromkeys(("texttt", "tt", "url"), "code"),
}
#: A macro in text: with its argument in braces, in braces itself, or an accent with the letter after it.
_MACRO = re.compile(
    r"\{\\[a-zA-Z]+\}"
    r"|\{\\(?:[\"'`^~=.]\s?|[Hbcdkruv](?:\s|(?=\{)))(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\}"
    r"|\\(?:tilde|hat|bar|vec|dot|ddot|widetilde|widehat)\s[a-zA-Z]"
    r"|\\[a-zA-Z]+(?:\s?\{[^{}\\]*\})?"
    r"|\\[\"'`^~=.](?:\{\\?[^{}]{1,2}\}|\\?[a-zA-Z])"
    r"|\\[%&#_$ {}]"
)
_CITATION = re.compile(r"\\cite\w*\s?\{([^{}]*)\}")
_SAFE_TAGS = {
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded", "mphantom", "mprescripts",
    "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr",
    "munder", "munderover", "none",
}  # fmt: skip
_SAFE_ATTRIBUTES = {
    "accent", "columnalign", "columnspacing", "depth", "display", "displaystyle", "fence", "form", "height", "largeop",
    "linethickness", "lspace", "mathsize", "mathvariant", "maxsize", "minsize", "movablelimits", "notation",
    "rowspacing", "rspace", "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width",
}  # fmt: skip
#: Parts that these must have; a browser shows a fraction of one part as an error.
_PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "msubsup": 3, "munderover": 3}
# What broken LaTeX makes it warn of is shown as it was written.
logging.getLogger("pylatexenc").addHandler(logging.NullHandler())
logging.getLogger("pylatexenc").propagate = False
_PLAIN = LatexNodes2Text(math_mode="text", keep_comments=True, strict_latex_spaces=True)


@lru_cache(maxsize=KEPT)
def tex(text: str) -> Markup:
    """Return a text with LaTeX as HTML."""
    if not _has_latex(text):
        return escape(text)
    found, at = Markup(), 0
    for match in _MATH.finditer(text):
        found += _prose(text[at : match.start()]) + _formula(match)
        at = match.end()
    return found + _prose(text[at:])


@lru_cache(maxsize=KEPT)
def plain(text: str) -> str:
    """Return a text with LaTeX as plain words, for where markup cannot be: the title of a page, a label."""
    if not _has_latex(text):
        return text
    found, at = [], 0
    for match in _MATH.finditer(text):
        found += [_plain_prose(text[at : match.start()]), _said_formula(match)]
        at = match.end()
    return re.sub(r"\s+", " ", "".join([*found, _plain_prose(text[at:])])).strip()


def cut(text: str, length: int) -> str:
    """Shorten a text at a word, to about `length` characters, and never inside a formula."""
    if len(text) <= length:
        return text
    for match in _MATH.finditer(text):
        if match.start() < length < match.end():
            length = match.start()
            break
    return text[: length + 1].rpartition(" ")[0].rstrip(" ,;:") + " …"


def marked(fragment: str) -> Markup:
    """Make a highlight fragment ready for the page: OpenSearch's own <mark> stays, all the rest is text.

    The fragment comes HTML-encoded. It is decoded and escaped once more, so that nothing but the mark can be markup
    whatever comes.
    """
    text = fragment.translate(dict.fromkeys(map(ord, MARKS)))
    for tag, sign in zip(("<mark>", "</mark>"), MARKS, strict=True):
        text = text.replace(tag, sign)
    page = str(tex(html.unescape(text))).replace(MARKS[0], "<mark>").replace(MARKS[1], "</mark>")
    return Markup(page)  # noqa: S704 (escaped by `tex`; only the two tags are added)


def _has_latex(text: str) -> bool:
    return "\\" in text or text.count("$") > 1


def _formula(match: re.Match[str]) -> Markup:
    """Return a formula as MathML, or as it was written where it cannot be read."""
    source = next(part for part in match.groups() if part is not None).translate(dict.fromkeys(map(ord, MARKS)))
    written = escape(match[0].translate(dict.fromkeys(map(ord, MARKS))))
    if len(source) > LONGEST or not source.strip():
        return written
    try:
        tree = convert_to_element(source)
    except Exception:
        return written
    drawn = _written(tree)
    return written if drawn is None else drawn


def _said_formula(match: re.Match[str]) -> str:
    return _said(match[0]) if _formula(match).startswith("<math") else match[0]


def _written(element: Element) -> Markup | None:
    """Write a tree of MathML, escaped; None when a command in it was not understood."""
    text = html.unescape(element.text or "")
    if element.tag not in _SAFE_TAGS or text.startswith("\\") or len(element) != _PARTS.get(element.tag, len(element)):
        return None
    inside = Markup()
    for child in element:
        if (part := _written(child)) is None:
            return None
        inside += part
    attributes = {name: value for name, value in element.attrib.items() if name in _SAFE_ATTRIBUTES}
    if attributes.get("mathvariant") == "bold":
        text = _bold(text)
        del attributes["mathvariant"]
    listed = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in attributes.items())
    return Markup("<{0}{1}>{2}{3}</{0}>").format(Markup(element.tag), listed, text, inside)  # noqa: S704 (a safe tag)


def _bold(text: str) -> str:
    """Return bold letters of mathematics: of `mathvariant` browsers read only `normal` (MathML Core)."""
    bases = {"A": 0x1D400, "a": 0x1D41A, "0": 0x1D7CE}
    found = []
    for sign in text:
        first = next((first for first, last in (("A", "Z"), ("a", "z"), ("0", "9")) if first <= sign <= last), None)
        found.append(chr(bases[first] + ord(sign) - ord(first)) if first else sign)
    return "".join(found)


def _prose(text: str) -> Markup:
    """Return text outside formulas: emphasis as tags, accents and symbols as characters."""
    if "\\" not in text:
        return escape(text)
    found, at = Markup(), 0
    for match in _EMPHASIS.finditer(text):
        inside = _characters(match["inside"] if match["macro"] else match["rest"])
        tag = _TAGS.get(match["macro"] or match["switch"])
        found += escape(_characters(text[at : match.start()]))
        found += Markup(f"<{tag}>{{}}</{tag}>").format(inside) if tag else escape(inside)  # noqa: S704 (a tag of ours)
        at = match.end()
    return found + escape(_characters(text[at:]))


def _plain_prose(text: str) -> str:
    return _characters(_EMPHASIS.sub(lambda match: match["inside"] or match["rest"] or "", text))


def _characters(text: str) -> str:
    return _MACRO.sub(lambda match: _said(match[0]), text)


def _said(source: str) -> str:
    """Return the characters that LaTeX stands for; the source itself where nothing is known of it."""
    if citation := _CITATION.fullmatch(source):
        return f"[{citation[1]}]"
    try:
        said: str = _PLAIN.latex_to_text(source)
    except Exception:
        return source
    return said if said.strip() or source in {"\\ "} else source
