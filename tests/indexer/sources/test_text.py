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
        ("<unknown>stays</unknown>", "<unknown>stays</unknown>"),
        (" white\n\n space ", "white space"),
        ("", ""),
        (None, None),
    ],
)
def test_strip_markup(marked: str | None, text: str | None) -> None:
    assert strip_markup(marked) == text
