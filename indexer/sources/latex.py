"""LaTeX in titles, abstracts and names as plain text: accents become letters, macros keep their text."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, SpecialsTextSpec, get_default_latex_context_db

from indexer.sources.budget import affordable
from indexer.sources.latex_symbols import LAYOUT, LETTERS, SYMBOLS, UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

# It reports broken LaTeX on the console, where it would disturb the progress bar.
logging.getLogger("pylatexenc").addHandler(logging.NullHandler())

#: A letter with an accent, or one that TeX writes as a macro, perhaps in braces.
_TEX_LETTER = re.compile(
    r"\{~[nN]\}|\\'\{\}(?=\w)"
    # Two accents on one letter: `\\~{\\^e}`, `\\d{\\u a}`.
    r"|\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*\{\s*\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))"
    r"\s*(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\s*\}"
    r"|\{\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\s*\}"
    r"|\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*"
    r"(?:\{\\?[a-zA-Z]\}|\\[ij](?![a-zA-Z])(?:\{\}| ?)|\\?[a-zA-Z](?![a-zA-Z]*\{))"
    r"|\{\\(?:ss|ae|AE|oe|OE|aa|AA|DJ|dj|NG|ng|TH|th|DH|dh|o|O|l|L|i|j)\s*\}"
    r"|\\(?:ss|ae|AE|oe|OE|aa|AA|DJ|dj|NG|ng|TH|th|DH|dh|o|O|l|L|i|j)(?:\{\}|(?![a-zA-Z_^]) ?)"
)
#: An accent on nothing, by which some write an apostrophe: `D\\'{}Angelo`.
_APOSTROPHE = r"\'{}"
#: A subscript or superscript whose text is a formula: `CH\\textsubscript{$4$}`.
_SCRIPT = re.compile(r"\\text(sub|super)script\s*\{\s*\$([^${}]*)\$\s*\}")
_FORMULA = re.compile(
    r"(\$\$.+?\$\$|(?<!\\)\$[^$]+(?<!\\)\$|(?<!\\)\\\((?:[^\\]|\\[^()])++\\\)|(?<!\\)\\\[(?:[^\\]|\\[^\[\]])++\\\])",
    re.DOTALL,
)

#: Levels of braces that are decoded; titles have two or three.
MAX_NESTING = 30
_BRACE = re.compile(r"(?<!\\)[{}]")

_GROUP = r"\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
_OPTIONS = r"(?:\s*\[[^\[\]]*\])*"
_TEX_NAMES = (
    r"(?:La|Xe|Xe?La|Lua(?:La)?|pdf(?:La)?|Bib(?:La)?|A[mM]S-?(?:La)?|MiK)?TeX|ConTeXt|KOMAScript|METAFONT|METAPOST"
)


def _units(text: str) -> str:
    # The power stands before its unit: `\per\cubic\metre` is /m³.
    text = re.sub(r"\\(square|cubic)\s*(\\[a-zA-Z]+)", r"\2\\\1", text)
    text = re.sub(r"\\([a-zA-Z]+)\s*", lambda match: UNITS.get(match[1], match[1]), text)
    return text.replace("~", " ").replace(".", " ")


#: Macros that pylatexenc drops together with their text, outside of formulas; applied in this order.
_MACROS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(
            rf"\\(?:footnote|thanks|cite[a-z]*|ref|eqref|label|index|noopsort|color|vspace|hspace|font(?:family|series"
            rf"|shape|encoding)|selectlanguage|hypersetup|pagestyle|phantom|[hv]phantom"
            rf"|hyperlink(?=\s*\{{[^{{}}]*\}}\s*\{{))\*?{_OPTIONS}{_GROUP}"
        ),
        "",
    ),
    (re.compile(rf"\\fontsize{_GROUP}{_GROUP}"), ""),
    (re.compile(rf"\\resizebox\*?{_GROUP}{_GROUP}(?=\s*\{{)"), ""),
    (re.compile(rf"\\(?:raisebox|scalebox|rotatebox|parbox){_OPTIONS}{_GROUP}{_OPTIONS}(?=\s*\{{)"), ""),
    (re.compile(rf"\\ce{_GROUP}"), lambda match: re.sub(r"[\^_{}]", "", match[1])),
    (re.compile(rf"\\EUR{_GROUP}"), "\u20ac\\1"),
    (
        re.compile(rf"\\(?:SIlist|qtylist){_OPTIONS}{_GROUP}{_OPTIONS}{_GROUP}"),
        lambda match: f"{', '.join(match[1].split(';'))} {_units(match[2])}",
    ),
    (re.compile(rf"\\numlist{_OPTIONS}{_GROUP}"), lambda match: ", ".join(match[1].split(";"))),
    (re.compile(rf"\\begin\s*\{{otherlanguage\*?\}}{_OPTIONS}{_GROUP}|\\end\s*\{{otherlanguage\*?\}}"), ""),
    (re.compile(rf"\\(?:href|textcolor|colorbox|foreignlanguage){_OPTIONS}{_GROUP}(?=\s*\{{)"), ""),
    (
        re.compile(rf"\\(?:SIrange|qtyrange){_OPTIONS}{_GROUP}{_OPTIONS}{_GROUP}{_OPTIONS}{_GROUP}"),
        lambda match: f"{match[1]}\u2013{match[2]} {_units(match[3])}",
    ),
    (re.compile(rf"\\numrange{_OPTIONS}{_GROUP}{_GROUP}"), "\\1\u2013\\2"),
    (re.compile(rf"\\ang{_OPTIONS}{_GROUP}"), "\\1°"),
    (re.compile(r"\\isotope\s*\[([^\[\]]*)\]\s*\{([^{}]*)\}"), r"\1\2"),
    (re.compile(rf"\\(?:SI|qty){_OPTIONS}{_GROUP}{_OPTIONS}{_GROUP}"), lambda match: f"{match[1]} {_units(match[2])}"),
    (re.compile(rf"\\(?:si|unit){_OPTIONS}{_GROUP}"), lambda match: _units(match[1])),
    (re.compile(rf"\\ensuremath{_GROUP}"), r"$\1$"),
    (re.compile(rf"\\(?:MakeUppercase|uppercase){_GROUP}"), lambda match: match[1].upper()),
    (re.compile(rf"\\(?:MakeLowercase|lowercase){_GROUP}"), lambda match: match[1].lower()),
    (re.compile(rf"\\enquote\*?{_GROUP}"), "\u201c\\1\u201d"),
    (re.compile(r"\\(?:verb|lstinline)\*?([^a-zA-Z\s{}*\[])(.*?)\1"), r"\2"),
    (re.compile(rf"\\({_TEX_NAMES})(?![a-zA-Z])(?:\{{\}})?"), r"\1"),
    (
        re.compile(rf"\\({'|'.join(sorted(SYMBOLS, key=len, reverse=True))})(?![a-zA-Z])(?:\{{\}}|\s+(?!\\))?"),
        lambda match: SYMBOLS[match[1]],
    ),
    (re.compile(r"\\t\s*\{([^\W\d_])([^\W\d_])\}"), "\\1\u0361\\2"),
    (re.compile(r"\\cyrchar(?![a-zA-Z])\s*"), ""),
    (re.compile(r"\\~\{\}"), r"\\textasciitilde{}"),
    (re.compile(r"\\\^\{\}"), "^"),
    (re.compile(re.escape(_APOSTROPHE)), "'"),
    (re.compile(r"\\-"), ""),
    (
        re.compile(
            r"\\[,;:]|\\\\(?:\[[^\[\]]*\])?|\\(?:par|newline|linebreak|pagebreak|quad|qquad)(?![a-zA-Z])(?:\[[^\[\]]*\])?"
        ),
        " ",
    ),
    (
        # The arguments of an unknown macro are separate words.
        re.compile(rf"\\([a-zA-Z]{{2,}})\*?{_OPTIONS}((?:{_GROUP}){{2,4}})"),
        lambda match: match[0] if _is_known(match[1]) else match[2].replace("}{", "} {"),
    ),
    (
        re.compile(
            rf"\\(?!(?:frac|sqrt|begin|end|ae|AE|oe|OE|aa|AA|ss|th|dh|dj|ng)\b)([a-zA-Z]{{2,}})\*?{_OPTIONS}\s*(?=\{{[^}}])"
        ),
        lambda match: match[0] if _is_symbol(match[1]) else "",
    ),
)


def decode_tex_accents(text: str | None) -> str | None:
    r"""Return text with letters instead of TeX macros (`Poincar\'e`, `Erd\H{o}s`); formulas and all else stay."""
    if text is None or ("\\" not in text and "{~" not in text):
        return text
    text = affordable(text, is_latex=True)
    return _outside_formulas(text, lambda part: _TEX_LETTER.sub(_decode_letter, part))


def _outside_formulas(text: str, convert: Callable[[str], str]) -> str:
    parts = _FORMULA.split(text)
    parts[::2] = map(convert, parts[::2])
    return "".join(parts)


def _decode_letter(match: re.Match[str]) -> str:
    if letter := LETTERS.get(match[0].strip("{}\\ ")):
        return letter
    if match[0] == _APOSTROPHE:
        return "'"
    return str(_letter_decoder().latex_to_text(match[0])).strip() or match[0]


@cache
def _letter_decoder() -> LatexNodes2Text:
    return LatexNodes2Text()


def decode_latex(text: str | None) -> str | None:
    """Return LaTeX as plain text with formulas unchanged; None when nothing is left.

    Macros that are not known keep their argument. An unescaped % is the sign, not a comment, and a single $ is not the
    start of a formula.
    """
    if not text:
        return None
    if re.search(r"[\\{}$~^%]|--|``|''", text):
        text = _SCRIPT.sub(lambda match: f"${'_' if match[1] == 'sub' else '^'}{{{match[2]}}}$", text)
        text = _outside_formulas(affordable(text, is_latex=True), _expand_macros)
        text = _outside_formulas(text, lambda part: re.sub(r"(?<!\\)([%$])", r"\\\1", part))
        text = _decoded(_flattened(text))
    return " ".join(text.split()) or None


def _flattened(text: str) -> str:
    """Return LaTeX without the braces that are nested too deeply for the decoder, which is recursive."""
    if text.count("{") <= MAX_NESTING:
        return text
    depth, end, parts = 0, 0, []
    for brace in _BRACE.finditer(text):
        depth += 1 if brace[0] == "{" else -1
        if max(depth, depth + (brace[0] == "}")) > MAX_NESTING:
            parts.append(text[end : brace.start()])
            end = brace.end()
        depth = max(depth, 0)
    return "".join([*parts, text[end:]])


def _decoded(text: str) -> str:
    """Return LaTeX as text; without its braces and backslashes if macros are nested too deeply for the decoder."""
    try:
        return str(_latex_decoder().latex_to_text(text))
    except RecursionError:
        return re.sub(r"[{}\\]", "", text)


def _expand_macros(text: str) -> str:
    if "\\" not in text:
        return text
    for pattern, replacement in _MACROS:
        text = pattern.sub(replacement, text)
    return text


def _is_known(macro: str) -> bool:
    return macro in LAYOUT or bool(getattr(_latex_decoder().latex_context.get_macro_spec(macro), "macroname", ""))


def _is_symbol(macro: str) -> bool:
    """Return whether the decoder knows a macro as a letter or sign, so that braces after it are not its argument."""
    spec = _latex_decoder().latex_context.get_macro_spec(macro)
    text = getattr(spec, "simplify_repl", None)
    return isinstance(text, str) and bool(text) and "%" not in text


def _unknown_macro(node: Any) -> str:
    r"""Return a macro without an argument unchanged (it may be a path, `C:\temp`), unless it changes the layout.

    One that begins with a capital letter is a name (`\MATLAB`).
    """
    if node.macroname in LAYOUT or not node.macroname.isalpha():
        return ""
    return f"{'' if node.macroname[0].isupper() else chr(92)}{node.macroname}{node.macro_post_space}"


@cache
def _latex_decoder() -> LatexNodes2Text:
    context = get_default_latex_context_db()
    # A field contains no table: outside of a formula an unescaped & is the sign.
    context.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=_unknown_macro))
    context.add_context_category("sign", specials=[SpecialsTextSpec("&", "&")], prepend=True)
    return LatexNodes2Text(latex_context=context, math_mode="verbatim", strict_latex_spaces=True)
