"""Formulas that an export may contain as LaTeX: no record may make TeX read files or run programs.

Commands are allowed, not forbidden, because TeX has many ways to spell a command. What is not allowed is exported as
text, which our import reads back as the same formula.
"""

from __future__ import annotations

import re
from functools import cache

from latex2mathml import commands
from latex2mathml.symbols_parser import SYMBOLS

#: Commands that latex2mathml knows and that define something, refer to something, or are not mathematics.
_REFUSED = frozenset(
    (
        *("begin", "class", "color", "colorbox", "def", "DeclareMathOperator", "end", "fcolorbox", "hdashline", "href"),
        *("LaTeX", "newcommand", "operatorname", "require", "style", "tag", "TeX", "textcolor", "unicode", "verb"),
    )
)
#: Further commands of mathematics in LaTeX and amsmath.
_ALLOWED = frozenset(
    (
        *("arccos", "arcsin", "arctan", "arg", "bf", "big", "Big", "bigg", "Bigg", "biggl", "biggr", "Bigl", "bigl"),
        *("Bigr", "bigr", "binom", "bmod", "cal", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dfrac", "dim"),
        *("displaystyle", "ell", "ensuremath", "exp", "frac", "frak", "gcd", "hat", "hom", "inf", "it", "ker"),
        *("left", "lg", "lim", "liminf", "limits", "limsup", "ln", "log", "mathbb", "mathbf", "mathbin", "mathcal"),
        *("mathfrak", "mathit", "mathop", "mathrel", "mathrm", "mathscr", "mathsf", "mathtt", "max", "mbox"),
        *("middle", "min", "mod", "nolimits", "not", "operatorname", "over", "overbrace", "overline", "overset"),
        *("pmod", "Pr", "qquad", "quad", "right", "rm", "root", "sc", "scriptsize", "scriptstyle", "sec", "sin"),
        *("sinh", "sl", "sqrt", "stackrel", "substack", "sup", "tan", "tanh", "text", "textbf", "textit", "textrm"),
        *("textsf", "textstyle", "texttt", "tfrac", "tt", "underbrace", "underline", "underset", "widehat"),
        *("widetilde",),
    )
)
_ENVIRONMENTS = frozenset(
    (
        *("aligned", "array", "cases", "gathered", "split"),
        *("matrix", "bmatrix", "Bmatrix", "pmatrix", "smallmatrix", "vmatrix", "Vmatrix"),
    )
)
_COMMAND = re.compile(r"\\(?:([a-zA-Z@]+)(?:\s*+\{([^{}]*+)\})?|.)", re.DOTALL)
_COMMENT_OR_PARAMETER = re.compile(r"(?<!\\)(?:\\\\)*+[%#]")


@cache
def _known() -> frozenset[str]:
    names = {name.removeprefix("\\") for name in SYMBOLS if name.startswith("\\")}
    for variable, value in vars(commands).items():
        if variable.isupper():
            values = [value] if isinstance(value, str) else value
            names |= {str(name)[1:] for name in values if str(name).startswith("\\")}
    return frozenset((names - _REFUSED) | _ALLOWED)


def is_safe_formula(text: str) -> bool:
    """Return whether LaTeX between dollar signs has only commands of mathematics, and ends where it seems to end."""
    # ^^5c is another spelling of a backslash.
    if "^^" in text or _COMMENT_OR_PARAMETER.search(text):
        return False
    for command in _COMMAND.finditer(text):
        name, argument = command[1], command[2]
        is_environment = name in {"begin", "end"} and argument in _ENVIRONMENTS
        if name and not is_environment and name not in _known():
            return False
    return True
