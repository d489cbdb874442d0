from __future__ import annotations

import pytest

from indexer.sources.text import strip_markup


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        ("<jats:title>Abstract</jats:title><jats:p>Reaction rates</jats:p>", "Reaction rates"),
        ("<jats:sec><jats:title>Abstract</jats:title>\n<jats:p>Reaction</jats:p></jats:sec>", "Reaction"),
        ("&lt;h3&gt;ABSTRACT:&lt;/h3&gt; Reaction", "Reaction"),
        ('<p class="x"><b>Abstract.</b> Reaction</p>', "Reaction"),
        ("<jats:title>Aims</jats:title><jats:p>We ask.</jats:p><jats:p>We answer.</jats:p>", "Aims We ask. We answer."),
        ("<jats:p>Abstract interpretation</jats:p>", "Abstract interpretation"),
        ("Abstract art", "Abstract art"),
        ("one<br/>two<BR>three<br clear='all' />four", "one two three four"),
        ("H<sub>2</sub>O, <jats:italic>C. elegans</jats:italic>, <i>E.</i>coli", "H2O, C. elegans, E.coli"),
        ("&lt;i&gt;Planck&lt;/i&gt; 2018", "Planck 2018"),
        ("&amp;lt;i&amp;gt;Planck&amp;lt;/i&amp;gt;", "Planck"),
        ("Astronomy &amp;amp; Astrophysics", "Astronomy & Astrophysics"),
        ("Research &amp; Development, AT&T", "Research & Development, AT&T"),
        ('<mml:math xmlns:mml="http://x.org/m" display="inline"><mml:mi>x</mml:mi></mml:math>-rays', "x-rays"),
        ("the state of a < b", "the state of a < b"),
        ("p<0.05 and q>3", "p<0.05 and q>3"),
        ("p&lt;0.05 and q&gt;3", "p<0.05 and q>3"),
        ("a<b and c>d", "a<b and c>d"),
        ("<unknown>is removed</unknown>", "is removed"),
        (" white\n\n space ", "white space"),
        ("", ""),
        (None, None),
    ],
)
def test_strip_markup(marked: str | None, text: str | None) -> None:
    assert strip_markup(marked) == text


MATHML = '<mml:math xmlns:mml="x"><mml:mi>β</mml:mi><mml:mo>&lt;</mml:mo><mml:mn>1</mml:mn></mml:math>'
TEX = "\\documentclass[12pt]{minimal}\n\\usepackage{amsmath}\n\\begin{document}$$\\beta < 1$$\\end{document}"


TEX_DOCUMENT = r"\documentclass[12pt]{minimal} \usepackage{amsmath} \begin{document}$$\beta < 1$$\end{document}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Root <math><msqrt><mn>2</mn></msqrt></math> and <math><msqrt><mi>x</mi><mi>y</mi></msqrt></math>",
            "Root \u221a2 and \u221a(xy)",
        ),
        ("A <bar/>foo <e a='1'/> List<T>", "A foo List<T>"),
        (
            r"For <InlineEquation><EquationSource Format='TEX'>$k$</EquationSource><EquationSource Format='MATHML'>"
            "<math><mi>k</mi></math></EquationSource></InlineEquation>-graphs",
            "For $k$-graphs",
        ),
        (rf"In {TEX_DOCUMENT} {MATHML} space", "In $\\beta < 1$ space"),
        ("Burning <math><msub><mi>C</mi><mn>4</mn></msub></math> leaves", "Burning C4 leaves"),
        (f"A bound {MATHML} on growth", "A bound β<1 on growth"),
        (f"<jats:alternatives><jats:tex-math>{TEX}</jats:tex-math>{MATHML}</jats:alternatives>", "$\\beta < 1$"),
        (f"<alternatives>{MATHML}<tex-math>{TEX}</tex-math></alternatives> of", "$\\beta < 1$ of"),
        (f"We show {TEX} for oaks", "We show $\\beta < 1$ for oaks"),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x_1</annotation></semantics></math>",
            "$x_1$",
        ),
        ("<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>", "a/b"),
        ("<math><msup><mi>x</mi><mn>2</mn></msup></math>", "x^2"),
        ("<math><msup><mrow/><mn>14</mn></msup><mi>C</mi></math> dating", "¹⁴C dating"),
        (
            "of <math><mrow><msup><mrow></mrow><mrow><mn>99</mn><mi>m</mi></mrow></msup><mi>Tc</mi></mrow></math>",
            "of ⁹⁹ᵐTc",
        ),
        ("<math><msubsup><mi/><mn>92</mn><mn>235</mn></msubsup><mi>U</mi></math>", "²³⁵₉₂U"),
        ("<math><mmultiscripts><mi>C</mi><mprescripts/><none/><mn>13</mn></mmultiscripts></math>", "¹³C"),
        (
            "<mml:math><mml:mmultiscripts><mml:mi>O</mml:mi><mml:mn>2</mml:mn><mml:none/><mml:mprescripts/><mml:none/>"
            "<mml:mn>18</mml:mn></mml:mmultiscripts></mml:math> uptake",
            "¹⁸O2 uptake",
        ),
        (
            "<math><mmultiscripts><mi>x</mi><none/><mn>2</mn></mmultiscripts></math>",
            "x^2",
        ),
        ("<math><mmultiscripts></mmultiscripts><mmultiscripts/></math>stable", "stable"),
        (
            '<font color=green>Oak</font> <a href="x">leaf</a> CO<inf>2</inf> <x:deep><y>bark</y></x:deep>',
            "Oak leaf CO2 bark",
        ),
        ("List<String> and a<b and c>d", "List<String> and a<b and c>d"),
        ('<ext-link xlink:href="x">e</ext-link><xref ref-type="bibr">1</xref>', "e1"),
    ],
)
def test_formulas_are_kept_once_and_unknown_tags_removed(text: str, expected: str) -> None:
    assert strip_markup(text) == expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["<a>" * 30_000, "<math>" * 15_000, "".join(f"<t{n}>" for n in range(20_000))])
def test_hostile_markup_is_read_in_linear_time(text: str) -> None:
    assert strip_markup(text) is not None
