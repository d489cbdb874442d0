from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.records import Work, parse_work
from indexer.sources import open_sources
from indexer.sources.text import decode_latex

if TYPE_CHECKING:
    from pathlib import Path


def works(tmp_path: Path, content: str) -> list[Work]:
    path = tmp_path / "a.bib"
    path.write_text(content, encoding="utf-8")
    (source,) = open_sources([str(path)])
    items = list(source)
    assert [item.problem for item in items if item.problem] == []
    return [parse_work(item.value) for item in items]


def work(tmp_path: Path, fields: str, before: str = "") -> Work:
    return works(tmp_path, f"{before}\n@misc{{key, title={{T}}, author={{A B}}, {fields}}}")[-1]


STRINGS = """@string{acl = "Meeting of the ACL"}
@string{Long = acl # { in } # place}
@string{place = "Vienna"}
"""


@pytest.mark.parametrize(
    ("venue", "name"),
    [
        ('acl # " 2020"', "Meeting of the ACL 2020"),
        ('"The " # ACL', "The Meeting of the ACL"),
        ('"The " # acl # ", 2020"', "The Meeting of the ACL, 2020"),
        ("{The } # {Meeting}", "The Meeting"),
        ("acl", "Meeting of the ACL"),
        ("long", "Meeting of the ACL in place"),
        ("unknown", "unknown"),
        (r"{Number {#}1 of C\#}", "Number #1 of C#"),
        ('"Number #1"', "Number #1"),
        ('"The {"}Best{"} # One"', 'The "Best" # One'),
        ('""', None),
    ],
)
def test_strings_and_parts(tmp_path: Path, venue: str, name: str | None) -> None:
    assert work(tmp_path, f"booktitle = {venue}", STRINGS).venue == name


def test_of_a_repeated_field_the_first_counts(tmp_path: Path) -> None:
    twice = work(tmp_path, "year = 2019, abstract = {One}, year = 2020, Abstract = {Two}, booktitle = acl", STRINGS)
    assert (twice.id, twice.year, twice.abstract, twice.venue) == ("local:key", 2019, "One", "Meeting of the ACL")


WHOLE = """
@proceedings{Acl20, title={Proc. of {ACL}}, author={Ed Itor}, date={2020-07-05}, publisher={ACL}}
@book{book, title={The Book}, booktitle={The Book, Part 1}, author={Ed Itor}, year=1999, journal={Notes}}
"""


@pytest.mark.parametrize(
    ("fields", "venue", "day", "year"),
    [
        ("crossref = {acl20}", "Proc. of ACL", "2020-07-05", 2020),
        ("crossref = {acl20}, year = 2021", "Proc. of ACL", None, 2021),
        ("crossref = {acl20}, booktitle = {Mine}", "Mine", "2020-07-05", 2020),
        ("crossref = {acl20}, journal = {Mine}, date = {}", "Mine", "2020-07-05", 2020),
        ("crossref = {book}", "Notes", None, 1999),
        ("crossref = {book}, journaltitle = {}", "Notes", None, 1999),
        ("crossref = {nowhere}", None, None, None),
    ],
)
def test_a_part_has_venue_and_year_from_the_whole(
    tmp_path: Path, fields: str, venue: str | None, day: str | None, year: int | None
) -> None:
    part = work(tmp_path, fields, WHOLE)
    assert (part.title, part.venue, part.date, part.year) == ("T", venue, day, year)
    assert [author.name for author in part.authors] == ["A B"]


def test_the_whole_may_follow_its_part(tmp_path: Path) -> None:
    part, *_ = works(tmp_path, "@inproceedings{p, title={T}, author={A B}, crossref={BOOK}}" + WHOLE)
    assert part.year == 1999


@pytest.mark.parametrize(
    ("journal", "venue"),
    [
        (r"{\apj}", "The Astrophysical Journal"),
        (r'"{\mnras}"', "Monthly Notices of the Royal Astronomical Society"),
        (r"{{\aap} }", "Astronomy and Astrophysics"),
        (r"{\emph{Nature}}", "Nature"),
        ("{apj}", "apj"),
    ],
)
def test_journals_by_their_macros(tmp_path: Path, journal: str, venue: str) -> None:
    assert work(tmp_path, f"journal = {journal}").venue == venue


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("{CRISPR} & Cas9", "CRISPR & Cas9"),
        (r"R\&D & \emph{more}", "R&D & more"),
        (r"$\begin{matrix}a & b\end{matrix}$ & c", r"$\begin{matrix}a & b\end{matrix}$ & c"),
        ("a & b", "a & b"),
    ],
)
def test_a_bare_ampersand_stays(latex: str, text: str) -> None:
    assert decode_latex(latex) == text


@pytest.mark.parametrize(
    ("fields", "id_"),
    [
        ("eprint = {astro-ph/0509240}", "arxiv:astro-ph/0509240"),
        ("eprint = {0901.1234}", "arxiv:0901.1234"),
        ("eprint = {arXiv:0901.1234v2}", "arxiv:0901.1234"),
        ("eprint = {0901.1234}, eprinttype = {jstor}", "local:key"),
        ("eprint = {https://example.org/article-pdf/12/3/1234567.pdf}", "local:key"),
        ("eprint = {0901.1234}, doi = {10.1000/x}", "doi:10.1000/x"),
    ],
)
def test_an_eprint_is_of_arxiv_unless_it_says_otherwise(tmp_path: Path, fields: str, id_: str) -> None:
    assert work(tmp_path, fields).id == id_
