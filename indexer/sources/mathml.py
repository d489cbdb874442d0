"""Formulas in marked-up texts: MathML as plain characters, and one of the alternatives where a text has both.

Tags are paired in one pass, so the time is proportional to the length of the text, whatever it contains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Start or end of a formula, in MathML or in TeX; groups: `/`, the name, its part after the prefix.
_FORMULA_TAG = re.compile(r"<(/?)((?:\w++:)?((?:tex-)?math))(?![\w-])[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(r"<(/?)(?:\w++:)?([a-z][\w-]*+)([^<>]*+)>", re.IGNORECASE)
_SOURCE = re.compile(r"<(/?)EquationSource\b([^<>]*+)>", re.IGNORECASE)
_TEX_ENCODING = re.compile(r"encoding\s*+=\s*+[\"']application/x-tex[\"']", re.IGNORECASE)
_ANNOTATIONS = {"annotation", "annotation-xml"}
#: Elements whose place counts even if they are empty.
_EMPTY = {"mprescripts", "none", "mrow", "mi", "mn", "mtext"}
#: The scripts of an element after its base.
_SCRIPTS = {"msup": ("high",), "msub": ("low",), "msubsup": ("low", "high")}
_RAISED = str.maketrans("0123456789+-\u2212m", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ᵐ")
_LOWERED = str.maketrans("0123456789+-\u2212", "₀₁₂₃₄₅₆₇₈₉₊₋₋")
#: Deeper elements are read as part of the one around them.
MAX_DEPTH = 60


class _Formula(NamedTuple):
    start: int
    end: int
    inside: str
    is_tex: bool


def replace_formulas(text: str) -> str:
    """Return a text with MathML as characters; next to the same formula in TeX it is dropped, and the TeX stays."""
    text = _with_tex_of_springer(text)
    formulas = list(_formulas(text))
    parts, end = [], 0
    for n, formula in enumerate(formulas):
        other = [*formulas[n + 1 : n + 2], *(formulas[n - 1 : n] if n else ())]
        if formula.is_tex:
            continue
        is_repeated = any(near.is_tex and not _between(text, near, formula).strip() for near in other)
        parts += [text[end : formula.start], "" if is_repeated else formula_text(formula.inside)]
        end = formula.end
    return "".join([*parts, text[end:]])


def _with_tex_of_springer(text: str) -> str:
    """Return a text in which the sources of equations, as Springer writes them, are TeX formulas or MathML alone."""
    parts, end, is_tex = [], 0, False
    for tag in _SOURCE.finditer(text):
        is_tex = "TEX" in tag[2].upper() if not tag[1] else is_tex
        parts += [text[end : tag.start()], f"<{tag[1]}tex-math>" if is_tex else ""]
        end = tag.end()
    return "".join([*parts, text[end:]])


def _between(text: str, one: _Formula, other: _Formula) -> str:
    first, second = sorted((one, other))
    return text[first.end : second.start]


def _formulas(text: str) -> Iterator[_Formula]:
    """Yield the formulas of a text, each up to the first end tag of its name."""
    opened: re.Match[str] | None = None
    for tag in _FORMULA_TAG.finditer(text):
        if opened is None:
            opened = None if tag[1] or tag[0].endswith("/>") else tag
        elif tag[1] and tag[2].lower() == opened[2].lower():
            is_tex = tag[3].lower() == "tex-math"
            yield _Formula(opened.start(), tag.end(), text[opened.end() : tag.start()], is_tex)
            opened = None


@dataclass
class _Element:
    """An element that is not closed yet; `children` are the names and texts of what it contains."""

    name: str = ""
    is_tex: bool = False
    children: list[tuple[str, str]] = field(default_factory=list)

    def text(self) -> str:
        """Return the text of the element: `a/b` for a fraction, `x^2` for a power, `√2` for a root."""
        parts = [(name, text) for name, text in self.children if name or text.strip()]
        if self.name == "mfrac" and len(parts) == 2:
            return f"{parts[0][1]}/{parts[1][1]}"
        texts = [text for _, text in parts]
        if self.name == "mmultiscripts" and parts:
            return _with_scripts(parts)
        if self.name in _SCRIPTS and len(parts) == len(_SCRIPTS[self.name]) + 1 and not texts[0]:
            # The scripts before the next element, as in isotopes.
            return _before(**dict(zip(_SCRIPTS[self.name], texts[1:], strict=True)))
        if self.name == "msup" and len(parts) == 2 and parts[1][0] == "mn" and parts[1][1].isdecimal():
            return f"{parts[0][1]}^{parts[1][1]}"
        text = "".join(text for _, text in self.children)
        if self.name == "msqrt":
            return f"\u221a{text}" if len(text) == 1 or text.isdecimal() else f"\u221a({text})"
        return text


def _with_scripts(parts: list[tuple[str, str]]) -> str:
    """Return the text of a base with scripts on both sides, `¹⁴C`: base, pairs, a separator, pairs before the base.

    Each pair is a lower and an upper script.
    """
    separator = next((n for n, (name, _) in enumerate(parts) if name == "mprescripts"), len(parts))
    after, before = ([text for _, text in part] for part in (parts[1:separator], parts[separator + 1 :]))
    left = "".join(_before(low, high) for low, high in zip_longest(before[::2], before[1::2], fillvalue=""))
    right = "".join(
        low + (f"^{high}" if high.isdecimal() else high)
        for low, high in zip_longest(after[::2], after[1::2], fillvalue="")
    )
    return f"{left}{parts[0][1]}{right}"


def _before(low: str = "", high: str = "") -> str:
    """Return scripts before a symbol as raised and lowered characters, which do not run into a text in front of it."""
    return high.translate(_RAISED) + low.translate(_LOWERED)


def formula_text(math: str) -> str:
    """Return the content of a MathML element as text: its TeX annotation in dollar signs, else its characters."""
    stack, end = [_Element()], 0
    for tag in _TAG.finditer(math):
        _add_text(stack[-1], math[end : tag.start()])
        end = tag.end()
        name = tag[2].lower()
        if not tag[1]:
            if tag[3].endswith("/"):
                if name in _EMPTY:
                    stack[-1].children.append((name, ""))
            elif len(stack) < MAX_DEPTH:
                stack.append(_Element(name, name == "annotation" and bool(_TEX_ENCODING.search(tag[3]))))
        elif stack[-1].name == name:
            element = stack.pop()
            if element.is_tex:
                return f"${unescape(element.text()).strip().strip('$')}$"
            stack[-1].children.append((name, "" if name in _ANNOTATIONS else element.text()))
    _add_text(stack[-1], math[end:])
    return "".join(element.text() for element in stack).strip()


def _add_text(element: _Element, text: str) -> None:
    """Add the text between two tags; white space alone only separates them."""
    if text.strip():
        element.children.append(("", text))
