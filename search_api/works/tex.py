r"""LaTeX in titles and abstracts -> HTML: formulas become MathML, accents and emphasis become characters and tags.

Browsers draw MathML themselves, so no script is needed. LaTeX that cannot be converted is shown as written. Nothing in
a record becomes markup: the library's tree is serialized again with only the tags and attributes listed here, and text
is escaped (the library lets `\text{a<b}`, `\href` and `\style` through).
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

#: Maximum length of a formula in characters; a longer one is a table or an accident, and may be nested very deeply.
LONGEST = 600
#: Characters of LaTeX that one page converts. Nested formulas take up to 60 us a character, so a page takes at most
#: 0.7 s; 150 formulas of 560 characters took 4 to 11 s. Of 20,000 abstracts from arXiv, 99.9% have fewer than 240.
PAGE_BUDGET = 12_000
#: Characters that a macro outside formulas counts as.
MACRO = 5
#: Cached texts: the titles and abstracts of several hundred pages.
CACHED = 8_192
#: Placeholders for <mark> and </mark> during conversion: private use characters, removed from the input.
MARKS = ("\ue000", "\ue001")
_WITHOUT_MARKS = dict.fromkeys(map(ord, MARKS))

#: A formula between dollar signs by Pandoc's rules, so that "$5 and $10" is money; or in \( \), \[ \] or $$ $$.
_MATH = re.compile(
    r"\$\$(?P<a>[^$]+?)\$\$"
    r"|\\\((?P<b>.{1,600}?)\\\)|\\\[(?P<c>.{1,600}?)\\\]"
    r"|(?<![\\$])\$(?P<d>[^\s$](?:[^$]*[^\s$\\])?)\$(?!\d)",
    re.DOTALL,
)
_EMPHASIS = re.compile(
    r"\\(?P<macro>emph|textit|textsl|textbf|texttt|textsc|textrm|text|mbox|url)\s*+\{(?P<inside>[^{}]*+)\}"
    r"|\{\\(?P<switch>it|em|sl|bf|tt|sc|rm)\b\s*+(?P<rest>[^{}]*+)\}"
)
_TAGS = {
    **dict.fromkeys(("emph", "textit", "textsl", "it", "em", "sl"), "em"),
    **dict.fromkeys(("textbf", "bf"), "strong"),
    **dict.fromkeys(("texttt", "tt", "url"), "code"),
}
#: A macro in text: with an argument in braces, in braces itself, or an accent and its letter.
_MACRO = re.compile(
    r"\{\\[a-zA-Z]+\}"
    r"|\{\\(?:[\"'`^~=.]\s?|[Hbcdkruv](?:\s|(?=\{)))(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\}"
    r"|\\(?:tilde|hat|bar|vec|dot|ddot|widetilde|widehat)\s[a-zA-Z]"
    r"|\\[a-zA-Z]+(?:\s?\{[^{}\\]*\})?"
    r"|\\[\"'`^~=.](?:\{\\?[^{}]{1,2}\}|\\?[a-zA-Z])"
    r"|\\[%&#_$ {}]"
)
#: A degree sign outside of a formula, as in `360^\circ`, also where a word follows at once.
_DEGREE = re.compile(r"(?<=\d)\^(?:\{ ?(?:\\circ|∘) ?\}|\\circ|∘)")
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
#: Number of children that these elements must have; browsers show a fraction with one child as an error.
_PARTS = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "mover": 2, "munder": 2, "msubsup": 3, "munderover": 3}
# It warns about broken LaTeX, which is shown as written.
logging.getLogger("pylatexenc").addHandler(logging.NullHandler())
logging.getLogger("pylatexenc").propagate = False
_PLAIN = LatexNodes2Text(math_mode="text", keep_comments=True, strict_latex_spaces=True)


class Budget:
    """How much LaTeX one page may still convert, in characters; the rest of its texts is shown as written."""

    def __init__(self, characters: int = PAGE_BUDGET) -> None:
        """Start with a number of characters."""
        self._left = characters
        self._ends: dict[str, int] = {}

    def take(self, text: str) -> int:
        """Charge the LaTeX of a text, once a page, and return the position up to which it may be converted."""
        if text not in self._ends:
            self._ends[text] = self._charge(text)
        return self._ends[text]

    def _charge(self, text: str) -> int:
        for position, cost in _costs(text):
            if cost > self._left:
                self._left = 0
                return position
            self._left -= cost
        return len(text)


@lru_cache(maxsize=CACHED)
def _costs(text: str) -> tuple[tuple[int, int], ...]:
    """Return the position and the cost, in characters, of each part of a text that has LaTeX."""
    costs, at = [], 0
    for match in _MATH.finditer(text):
        costs += [(at, MACRO * text.count("\\", at, match.start())), (match.start(), min(len(match[0]), LONGEST))]
        at = match.end()
    return (*costs, (at, MACRO * text.count("\\", at)))


def tex(text: str, budget: Budget | None = None) -> Markup:
    """Return a text with LaTeX as HTML; `budget` limits how much of it is converted."""
    if not _has_latex(text):
        return escape(text)
    end = budget.take(text) if budget else len(text)
    return _html(text[:end]) + escape(text[end:])


def plain(text: str, budget: Budget | None = None) -> str:
    """Return a text with LaTeX as plain text, for places without markup: a page's title, a label."""
    if not _has_latex(text):
        return text
    end = budget.take(text) if budget else len(text)
    return re.sub(r"\s+", " ", _plain(text[:end]) + text[end:]).strip()


@lru_cache(maxsize=CACHED)
def _html(text: str) -> Markup:
    parts, at = Markup(), 0
    for match in _MATH.finditer(text):
        parts += _prose(text[at : match.start()]) + _formula(match)
        at = match.end()
    return parts + _prose(text[at:])


@lru_cache(maxsize=CACHED)
def _plain(text: str) -> str:
    parts, at = [], 0
    for match in _MATH.finditer(text):
        parts += [_plain_prose(text[at : match.start()]), _plain_formula(match)]
        at = match.end()
    return "".join([*parts, _plain_prose(text[at:])])


def cut(text: str, length: int) -> str:
    """Return a text shortened to about `length` characters, at a space and never inside a formula."""
    if len(text) <= length:
        return text
    for match in _MATH.finditer(text):
        if match.start() < length < match.end():
            length = match.start()
            break
    return text[: length + 1].rpartition(" ")[0].rstrip(" ,;:") + " …"


def marked(fragment: str, budget: Budget | None = None) -> Markup:
    """Return a highlighted fragment as HTML: OpenSearch's <mark> stays, everything else is text.

    The fragment is HTML-encoded. It is decoded and escaped again, so that nothing but the mark can be markup.
    """
    text = fragment.translate(_WITHOUT_MARKS)
    for tag, sign in zip(("<mark>", "</mark>"), MARKS, strict=True):
        text = text.replace(tag, sign)
    page = str(tex(html.unescape(text), budget)).replace(MARKS[0], "<mark>").replace(MARKS[1], "</mark>")
    return Markup(page)  # noqa: S704 (escaped by `tex`; only the two tags are added)


def _has_latex(text: str) -> bool:
    return "\\" in text or text.count("$") > 1 or "^∘" in text


def _formula(match: re.Match[str]) -> Markup:
    """Return a formula as MathML, or as written if it cannot be converted."""
    source = next(part for part in match.groups() if part is not None).translate(_WITHOUT_MARKS)
    written = escape(match[0].translate(_WITHOUT_MARKS))
    if len(source) > LONGEST or not source.strip():
        return written
    try:
        tree = convert_to_element(source)
    except Exception:
        return written
    markup = _serialize(tree)
    return written if markup is None else markup


def _plain_formula(match: re.Match[str]) -> str:
    return _decode(match[0]) if _formula(match).startswith("<math") else match[0]


def _serialize(element: Element) -> Markup | None:
    """Return a tree of MathML as escaped markup; None if the library did not understand a command in it."""
    text = html.unescape(element.text or "")
    if element.tag not in _SAFE_TAGS or text.startswith("\\") or len(element) != _PARTS.get(element.tag, len(element)):
        return None
    children = Markup()
    for child in element:
        if (markup := _serialize(child)) is None:
            return None
        children += markup
    attributes = {name: value for name, value in element.attrib.items() if name in _SAFE_ATTRIBUTES}
    if attributes.get("mathvariant") == "bold":
        text = _bold(text)
        del attributes["mathvariant"]
    pairs = Markup("").join(Markup(' {}="{}"').format(name, value) for name, value in attributes.items())
    return Markup("<{0}{1}>{2}{3}</{0}>").format(Markup(element.tag), pairs, text, children)  # noqa: S704 (a safe tag)


def _bold(text: str) -> str:
    """Return mathematical bold letters: MathML Core supports no `mathvariant` but `normal`."""
    bases = {"A": 0x1D400, "a": 0x1D41A, "0": 0x1D7CE}
    letters = []
    for letter in text:
        first = next((first for first, last in (("A", "Z"), ("a", "z"), ("0", "9")) if first <= letter <= last), None)
        letters.append(chr(bases[first] + ord(letter) - ord(first)) if first else letter)
    return "".join(letters)


def _prose(text: str) -> Markup:
    """Return text outside formulas: emphasis as tags, accents and symbols as characters."""
    text = _DEGREE.sub("°", text)
    if "\\" not in text:
        return escape(text)
    parts, at = Markup(), 0
    for match in _EMPHASIS.finditer(text):
        inside = _decode_macros(match["inside"] if match["macro"] else match["rest"])
        tag = _TAGS.get(match["macro"] or match["switch"])
        parts += escape(_decode_macros(text[at : match.start()]))
        parts += Markup(f"<{tag}>{{}}</{tag}>").format(inside) if tag else escape(inside)  # noqa: S704 (from _TAGS)
        at = match.end()
    return parts + escape(_decode_macros(text[at:]))


def _plain_prose(text: str) -> str:
    text = _DEGREE.sub("°", text)
    return _decode_macros(_EMPHASIS.sub(lambda match: match["inside"] or match["rest"] or "", text))


def _decode_macros(text: str) -> str:
    return _MACRO.sub(lambda match: _decode(match[0]), text)


@lru_cache(maxsize=CACHED)
def _decode(source: str) -> str:
    """Return the characters that LaTeX stands for; the source itself if it is unknown."""
    if citation := _CITATION.fullmatch(source):
        return f"[{citation[1]}]"
    try:
        decoded: str = _PLAIN.latex_to_text(source)
    except Exception:
        return source
    return decoded if decoded.strip() or source in {"\\ "} else source
