"""LaTeX in titles: no word is lost."""

from __future__ import annotations

import pytest

from indexer.sources.latex import decode_latex, decode_tex_accents


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\texttt{oaktools}: a \textsf{fast} \mbox{TREE-2} kit", "oaktools: a fast TREE-2 kit"),
        (r"Typing in \LaTeX{} and \TeX", "Typing in LaTeX and TeX"),
        (r"{\TeX}'s \BibTeX{} styles", "TeX's BibTeX styles"),
        (r"\href{https://oak.example/a_b}{An oak}", "An oak"),
        (r"\textcolor{green}{Leaves} and \color{red}{bark}", "Leaves and bark"),
        (r"\unknown{Roots} and \another{more}", "Roots and more"),
        (
            r"Cold at \SI{77}{\kelvin} and \SI{3}{\micro\meter} or \SI{5}{\meter\per\second}",
            "Cold at 77 K and 3 µm or 5 m/s",
        ),
        (
            r"The \textbeta-sheet, p\,\textless\,0.01, 20{\textdegree}C, 15\degree\ tilt",
            "The β-sheet, p < 0.01, 20°C, 15° tilt",
        ),
        (r"The \ensuremath{\beta}-test", r"The $\beta$-test"),
        (r"\ce{CO2} and H\textsubscript{2}O", "CO2 and H2O"),
        (r"for\-est\-ry and\slash or wood", "forestry and/or wood"),
        (r"Oaks\footnote{Thanks} by \cite{key} \noopsort{b}trees", "Oaks by trees"),
        (r"\uppercase{o}ak \lowercase{O}AK \protect\footnotesize{leaf}", "Oak oAK leaf"),
        (r"A \emph{very \textbf{old}} {\it tree}", "A very old tree"),
        (r"\enquote{Old} trees", "\u201cOld\u201d trees"),
        ("A tree of $5 and more", "A tree of $5 and more"),
        (r"C\# and F\#: \verb|x_1| in C:\temp\oak", r"C# and F#: x_1 in C:\temp\oak"),
        (r"$\mathbb{Z}_n$ and \(x^2\)", r"$\mathbb{Z}_n$ and \(x^2\)"),
        (r"{\relax Ch}estnut", "Chestnut"),
        (
            r"\SIrange{1}{2}{\metre}, \numrange{3}{4}, \ang{30}, \SI{5}{\kilo\gram\per\cubic\metre}",
            "1\u20132 m, 3\u20134, 30°, 5 kg/m³",
        ),
        (r"\isotope[14]{C} dating of \unknown[x=1]{roots}", "14C dating of roots"),
        (r"{\fontfamily{ptm}\fontsize{9}{10}\selectfont Bark} and \hyperref[sec]{sap}", "Bark and sap"),
        (r"\hyperlink{oak}{An oak} \begin{otherlanguage}{french}\'et\'e\end{otherlanguage}", "An oak été"),
        (r"\S 6, \P 7, \ddag, \textbraceleft x\textbraceright, \LaTeXe", "§6, ¶7, ‡, {x}, LaTeX2e"),
        (r"\og Arbres\fg{} \lq a\rq", "«Arbres» \u2018a\u2019"),
        (r"The \alpha {test} of \ldots {\em trees}", "The \u03b1test of …trees"),
        (r"\t{oo} {\cyrchar\CYRA} one\\\\[2pt]two\linebreak[4]three", "o\u0361o \u0410 one two three"),
        (r"\XeLaTeX{}, \ConTeXt{} and \MiKTeX, or \MATLAB", "XeLaTeX, ConTeXt and MiKTeX, or MATLAB"),
        (r"\ce{^{14}C} and \ce{Fe^{3+}} in \ce{H2SO4}", "14C and Fe3+ in H2SO4"),
        (r"CH\textsubscript{$4$} and 10\textsuperscript{$-5$}", "CH$_{4}$ and 10$^{-5}$"),
        (r"\raisebox{1pt}{An} \resizebox{1cm}{!}{old} \scalebox{2}{oak}", "An old oak"),
        (r"\unknown{one}{two} \another[x]{three}{four}{five}", "one two three four five"),
        (r"\SIlist{1;2;3}{\metre} and \numlist{4;5} for \EUR{6}", "1, 2, 3 m and 4, 5 for €6"),
        (r"\lstinline|oak_1| \selectlanguage{english}in {\greektext b}", "oak_1 in b"),
        (r"D\'{}Oak \^{} x", "D'Oak ^ x"),
        (r"for\textasciitilde{}oak 360\textasciicircum{}x", "for~oak 360^x"),
    ],
)
def test_no_word_is_lost_with_its_macro(latex: str, text: str) -> None:
    assert decode_latex(latex) == text


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"Mu\~noz, {\~n}, {~n}", "Muñoz, ñ, ñ"),
        (r"\DJ uri\'c and \dj{}a", "Đurić and đa"),
        (r"Bod\'\i k, Bod\'{\i}k", "Bodík, Bodík"),
        (r"\O degaard, Stra\ss e", "Ødegaard, Straße"),
        (r"$\O(n)$ \alpha", r"$\O(n)$ \alpha"),
    ],
)
def test_accents_become_letters_and_all_else_stays(latex: str, text: str) -> None:
    assert decode_tex_accents(latex) == text
