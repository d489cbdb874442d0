"""The budget of one record: what exceeds it is cut and reported, and the record is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.sources import budget
from indexer.sources.base import convert_record
from indexer.sources.bibtex import BibtexFile
from indexer.sources.budget import affordable, record_budget
from indexer.sources.latex import decode_latex
from indexer.sources.text import strip_markup

if TYPE_CHECKING:
    from pathlib import Path


def test_what_exceeds_the_budget_is_cut_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget.Budget, "__init__", lambda self: self.__dict__.update(left=1_000, cut=0))

    def convert(text: str) -> dict[str, object]:
        return {"title": strip_markup(text), "abstract": strip_markup("b" * 600)}

    item = convert_record("file", 1, convert, "a" * 600)
    assert item.value == {"title": "a" * 600, "abstract": "b" * 400}
    assert [warning.kind for warning in item.warnings] == ["shortened record"]
    assert "200 characters" in item.warnings[0].message


def test_latex_costs_more_than_text() -> None:
    with record_budget() as left:
        assert affordable("$x$" * 100, is_latex=True) == "$x$" * 100
    assert left.left == budget.CHARACTERS - 300 - 200 * (budget.LATEX - 1)


def test_each_record_has_a_budget_and_text_outside_of_records_none() -> None:
    for _ in range(2):
        with record_budget() as left:
            affordable("a" * budget.CHARACTERS)
            assert (affordable("a"), left.cut) == ("", 1)
    assert affordable("a" * (budget.CHARACTERS + 1)) == "a" * (budget.CHARACTERS + 1)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("{" * 2_000 + "Oak" + "}" * 2_000, "Oak"),
        ("Oak" + "{" * 2_000, "Oak"),
        ("}" * 2_000 + "Oak", "Oak"),
        ("Leaf {of {an}} " + "{\\em " * 500 + "oak" + "}" * 500, "Leaf of an oak"),
    ],
)
def test_deep_braces_are_decoded(text: str, plain: str) -> None:
    assert decode_latex(text) == plain


@pytest.mark.parametrize("macro", ["\\begin{a}", "\\left(", "\\frac", "\\sqrt[", "\\textbf"])
def test_deep_macros_do_not_reject_a_record(macro: str, tmp_path: Path) -> None:
    file = tmp_path / "a.bib"
    file.write_text(f"@article{{a, title = {{Oak {macro * 2_000}}}, author = {{Eva Alder}}}}")
    (item,) = BibtexFile(str(file))
    assert item.problem is None
    assert item.value["title"].startswith("Oak")


def test_strings_that_double_and_chains_of_entries_are_bounded(tmp_path: Path) -> None:
    strings = ['@string{s0 = "oak "}', *(f"@string{{s{n} = s{n - 1} # s{n - 1}}}" for n in range(1, 40))]
    chain = [f"@book{{b{n}, title = {{B{n}}}, crossref = {{b{n - 1}}}}}" for n in range(1, 400)]
    file = tmp_path / "a.bib"
    work = "@article{a, title = s39, author = {Eva Alder}, crossref = {b399}, abstract = s39 # s39 # s39 # s39}"
    file.write_text("\n".join([*strings, "@book{b0, title = {B}, year = 2001, crossref = {b399}}", *chain, work]))
    items = list(BibtexFile(str(file)))
    assert len(items) == 401
    work_item = items[-1]
    assert len(work_item.value["title"]) <= 100_000
    assert len(work_item.value["abstract"]) <= 400_000
