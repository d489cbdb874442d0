"""LaTeX on the pages: what is drawn, what stays as it was written, and that nothing in it becomes markup."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
import time

import pytest

from search_api.works.tex import LONGEST, Budget, cut, marked, plain, tex

#: What `tex` may write itself; anything else with a bracket came from a record.
OURS = re.compile(r"</?(?:em|strong|code|math|m\w+)(?: [a-z]+=\"[^\"<>]*\")*>")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("plain words", "plain words"),
        (r"Kurt G\"odel and Poincar\'e", "Kurt Gödel and Poincaré"),
        (
            r"Schr{\"o}dinger, {\"O}zg{\"u}r, Erd{\H o}s, {\c{c}}a, na{\"\i}ve, {NP}",
            "Schrödinger, Özgür, Erdős, ça, naïve, {NP}",
        ),
        (r"Schr\"{o}dinger, Cerin\v{s}ek, {\OE}uvre, {\L}ukasz", "Schrödinger, Cerinšek, Œuvre, Łukasz"),
        (r"{\alpha}-bungarotoxin, 7\times, \tilde O(n)", "α-bungarotoxin, 7×, Õ(n)"),
        (r"2.57\% of \textit{actors}, {\it C. elegans}", "2.57% of <em>actors</em>, <em>C. elegans</em>"),
        (r"\textbf{Co}llinear, see \citep{low2001}", "<strong>Co</strong>llinear, see [low2001]"),
        ("costs $5 and $10", "costs $5 and $10"),
        (r"C:\new\table", r"C:\new\table"),
        (r"\ETD, a method", r"\ETD, a method"),
        (r"360^\circREA at 90^{\circ} and 45^∘", "360°REA at 90° and 45°"),
        ("Towards 360^∘ views", "Towards 360° views"),
    ],
)
def test_text_is_shown_as_its_author_meant_it(source: str, shown: str) -> None:
    assert str(tex(source)) == shown


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        (r"an $\ell_1$ penalty", ("an <math", "<msub><mi>ℓ</mi><mn>1</mn></msub>", "</math> penalty")),
        (r"\(a<b\) and \[c\]", ("<mo>&lt;</mo>", "</math> and <math")),
        (r"$$\frac{1}{2}$$", ("<mfrac>",)),
        (r"$\mathbf{x} \in \mathbb{R}$", ("<mi>𝐱</mi>", "ℝ")),
    ],
)
def test_a_formula_is_drawn_as_mathml(source: str, parts: tuple[str, ...]) -> None:
    shown = str(tex(source))
    for part in parts:
        assert part in shown
    assert "$" not in shown


@pytest.mark.parametrize(
    "source",
    [
        r"$\frac{1$",
        r"$x_$",
        r"$\left( x$",
        r"$\unknown{x}$",
        "${$",
        "$" + "{" * 400 + "$",
        f"${'x' * LONGEST}y$",
        "a\\",
    ],
)
def test_a_broken_formula_stays_as_it_was_written(source: str) -> None:
    assert str(tex(source)) == source
    assert plain(source) == source


@pytest.mark.parametrize(
    "source",
    [
        r"<script>alert(1)</script> $\ell$",
        r"$\text{<script>alert(1)</script>}$",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\style{background:url(//x.example)}{x}$",
        r'$\class{" onclick="alert(1)}{x}$',
        r"$\color{red\" onclick=\"x}{x}$",
        r"\textit{<img src=x onerror=y>}",
        r"\url{javascript:x} {\it <b>}",
        r"<img src=x onerror=y> \emph{a}",
    ],
)
def test_nothing_in_a_record_becomes_markup(source: str) -> None:
    rest = OURS.sub("", str(tex(source)))
    assert not re.search("[<>]", rest), rest
    assert not re.search(r"<[^>]*(?:href|style|class|on\w+)=", str(tex(source)))


def test_a_highlight_keeps_its_marks_and_no_other_tag() -> None:
    fragment = "a <mark>rate</mark> of $\\ell_<mark>1</mark>$, G\\&quot;odel &lt;b&gt; <i>x</i>"
    shown = str(marked(fragment))
    assert shown.startswith("a <mark>rate</mark> of <math")
    assert "Gödel &lt;b&gt; &lt;i&gt;x&lt;/i&gt;" in shown
    assert shown.count("<mark>") == shown.count("</mark>") == 1


def test_plain_words_for_where_markup_cannot_be() -> None:
    assert plain(r"On the $\alpha$-stability of \emph{Poincar\'e} maps") == "On the α-stability of Poincaré maps"


def test_degrees_are_plain_characters() -> None:
    assert plain(r"360^\circREA with 360^∘") == "360°REA with 360°"


def test_a_text_is_cut_at_a_word_and_outside_formulas() -> None:
    assert cut("short", 10) == "short"
    assert cut("one two three", 8) == "one two …"
    assert cut("one two $a + b$ three", 11) == "one two …"


def test_what_exceeds_the_budget_stays_as_written() -> None:
    text = r"$a_1$ and $b_1$, $c_1$ for G\"odel <b>"
    assert tex(text, Budget()) == tex(text)
    assert plain(text, Budget()) == plain(text)
    within = str(tex(text, Budget(12)))
    assert within.count("<math") == 2
    assert within.endswith("$c_1$ for G\\&#34;odel &lt;b&gt;")
    assert plain(text, Budget(12)).endswith(r"$c_1$ for G\"odel <b>")
    assert tex("no LaTeX & more", Budget(0)) == "no LaTeX &amp; more"
    assert marked("<mark>a</mark> $b_1$ <i>", Budget(0)) == "<mark>a</mark> $b_1$ &lt;i&gt;"


def test_one_budget_covers_several_texts() -> None:
    budget = Budget(12)
    shown = [str(tex(text, budget)).startswith("<math") for text in ("$a_1$", "$b_1$", "$c_1$")]
    assert shown == [True, True, False]


def test_a_budget_does_not_depend_on_what_is_cached() -> None:
    text = "$x_7$ $y_7$"
    assert tex(text) != tex(text, Budget(6)) == tex(text, Budget(6))


def test_hostile_length_takes_no_time() -> None:
    started = time.monotonic()
    for source in (r"\(" * 3_000, "$" * 10_000, r"\emph{" * 2_000, "{\\it " * 2_000, r"\'" * 5_000):
        tex(source)
    assert time.monotonic() - started < 5
