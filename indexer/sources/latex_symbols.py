"""Letters, symbols and units of LaTeX that the decoder does not know."""

from __future__ import annotations

import unicodedata


def _table(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


#: Letters that pylatexenc does not know; those with a tilde have lost a backslash in exports of NASA ADS.
LETTERS = _table("DJ Đ dj đ NG Ŋ ng ŋ TH Þ th þ DH Ð dh ð ~n ñ ~N Ñ")
_GREEK = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi psi
omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""


def _greek(name: str) -> str:
    size = "SMALL" if name.islower() else "CAPITAL"
    return unicodedata.lookup(f"GREEK {size} LETTER {name.upper().replace('LAMBDA', 'LAMDA')}")


#: Macros of text symbols.
SYMBOLS = {f"text{name}": _greek(name) for name in _GREEK.split()} | _table(r"""
degree ° textdegree ° textpm ± textmu µ texteuro € euro € pounds £ copyright © textless < textgreater > slash /
textbar | textminus - textunderscore _ textasciicircum ^ textbraceleft \{ textbraceright \} LaTeXe LaTeX2e
textperiodcentered · S § P ¶ ddag ‡ textohm Ω ohm Ω celsius °C permil ‰ numero № No № trademark ™ middot ·
og « fg » flqq « frqq » glqq „ grqq “ textquotesingle '
""")
SYMBOLS |= {"texttimes": "\u00d7", "nobreakdash": "", "lq": "\u2018", "rq": "\u2019", "grq": "\u2018", "glq": "\u201a"}
SYMBOLS |= {"flq": "\u2039", "frq": "\u203a"}
#: Macros of the package siunitx, prefixes and units.
UNITS = _table("""
femto f pico p nano n micro µ milli m centi c deci d kilo k mega M giga G tera T metre m meter m second s gram g
kilogram kg kelvin K ampere A mole mol candela cd hertz Hz newton N pascal Pa joule J watt W volt V ohm Ω tesla T
celsius °C degreeCelsius °C degree ° percent % litre L liter L minute min hour h day d year yr electronvolt eV bar bar
angstrom Å parsec pc dalton Da decibel dB per / square ² squared ² cubic ³ cubed ³
""")
#: Macros that change only the layout.
_LAYOUT = """
greektext latintext cyrillictext cyrillic latin
allowbreak bf bfseries break centering cyr displaystyle em footnotesize hfill it itshape large linebreak newblock
nobreak noindent normalfont protect raggedright relax rm scriptsize sc scshape selectfont sf sffamily sl slshape small
smallskip tiny tt ttfamily unskip upshape xspace
"""
LAYOUT = frozenset(_LAYOUT.split())
