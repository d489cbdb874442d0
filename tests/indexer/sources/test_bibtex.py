from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from indexer.records import Work, parse_work
from indexer.sources import Item, SourceError, open_sources
from indexer.sources.bibtex_fields import MAX_STRING
from indexer.sources.latex import decode_latex

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


def records(tmp_path: Path, text: str) -> list[Item]:
    (tmp_path / "library.bib").write_text(text, encoding="utf-8")
    (source,) = open_sources([str(tmp_path / "library.bib")])
    return list(source)


def test_two_works_with_one_key_are_both_kept(tmp_path: Path) -> None:
    found = records(
        tmp_path,
        "@article{a, title={First}, author={A B}, doi={10.1000/1}}\n"
        "@article{a, title={Second}, author={A B}, doi={10.1000/2}}\n"
        "@article{a, title={Third}, author={A B}}",
    )
    ids = [item.value["id"] for item in found]
    assert ids[:2] == ["doi:10.1000/1", "doi:10.1000/2"]
    assert ids[2].startswith("local:third-")
    assert [[warning.kind for warning in item.warnings] for item in found] == [[], ["repeated key"], ["repeated key"]]


def test_entries_without_a_key_are_kept_and_give_nothing_to_others(tmp_path: Path) -> None:
    first, second, book = records(
        tmp_path,
        "@article{, title={First}, author={A B}, year=1987, journal={J}}\n"
        "@article{title={Second}, author={C D}}\n"
        "@book{key, title={Third}, author={E F}}",
    )
    assert (first.value["venue"], first.value["year"]) == ("J", 1987)
    assert (second.value["title"], second.value["venue"], second.value["year"]) == ("Second", None, None)
    assert (book.value["id"], book.value["venue"], book.value["year"]) == ("local:key", None, None)


def test_crossrefs_are_followed_in_a_chain_that_ends(tmp_path: Path) -> None:
    paper, volume, series = records(
        tmp_path,
        "@inproceedings{p, title={P}, author={A B}, crossref={v}}\n"
        "@proceedings{v, title={V}, author={C D}, crossref={s}}\n"
        "@proceedings{s, title={S}, author={E F}, year=2003, crossref={p}}",
    )
    assert (paper.value["venue"], paper.value["year"]) == ("V", 2003)
    assert (volume.value["venue"], volume.value["year"]) == ("S", 2003)
    assert series.value["year"] == 2003


def test_strings_that_double_each_other_are_bounded(tmp_path: Path) -> None:
    strings = ["@string{s0 = {0123456789}}"] + [f"@string{{s{n} = s{n - 1} # s{n - 1}}}" for n in range(1, 40)]
    (item,) = records(tmp_path, "\n".join([*strings, "@article{a, title={T}, author={A B}, journal=s39}"]))
    assert len(item.value["venue"]) <= MAX_STRING


@pytest.mark.parametrize(
    "entry",
    [
        "@article{a, title={T}, abstract={see\n@foo{bar} there}, author={A B}}",
        "@article{a, title={T}, author={A B}",
        "@article{a, title={T},, author={A B}}",
        "@article{a, title={T}, title={U}, author={A B}}",
    ],
)
def test_an_entry_in_bad_syntax_is_read_if_it_is_complete(tmp_path: Path, entry: str) -> None:
    first, second = records(tmp_path, f"{entry}\n@book{{b, title={{U}}, author={{C D}}}}")
    assert (first.value["id"], first.value["title"], first.value["authors"]) == ("local:a", "T", [{"name": "A B"}])
    assert second.value["id"] == "local:b"


def test_an_entry_that_is_not_complete_is_rejected(tmp_path: Path) -> None:
    first, second = records(tmp_path, "@article{a, author={A {B}, year=2001}\n@book{b, title={U}, author={C D}}")
    assert "not closed, or its syntax is invalid" in str(first.problem)
    assert second.problem is None


@pytest.mark.parametrize(
    ("entry", "title", "year"),
    [
        ("@article{a, title = {50% off {x}, author={A B}, year=2001}", "50% off x", 2001),
        ('@article{a, title = "Oak {trees", author="A B", year="2001"}', "Oak trees", 2001),
        ("@article{a,\n title={Oak \\textit{trees},\n author={A B},\n year=2001\n}", "Oak trees", 2001),
        ("@article{a, title={Oak trees} author={A B} year={2001}}", "Oak trees", 2001),
        ('@article{a, author = "A B" title = {Oak {trees}},\n year = {2001}}', "Oak trees", 2001),
    ],
)
def test_a_missing_brace_or_comma_costs_nothing(tmp_path: Path, entry: str, title: str, year: int) -> None:
    first, second = records(tmp_path, f"{entry}\n@book{{b, title={{U}}, author={{C D}}}}")
    work = parse_work(first.value)
    assert (work.title, work.year, [author.name for author in work.authors]) == (title, year, ["A B"])
    assert second.value["title"] == "U"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("subtitle={Their roots}", {"title": "T: Their roots"}),
        ("booktitle={Oaks}, booksubtitle={An atlas}", {"venue": "Oaks: An atlas"}),
        ("journal={arXiv preprint arXiv:2002.01234}", {"venue": "arXiv", "type": "preprint"}),
        ("eprint={123456}, eprinttype={pubmed}", {"ids": ("pmid:123456",)}),
        ("pmid={PMID: 123456}", {"ids": ("pmid:123456",)}),
        ("note={PMID: 123456; PMCID: PMC99}", {"ids": ("pmcid:PMC99", "pmid:123456")}),
        ("year=2010, month=feb, day=3", {"date": "2010-02-03"}),
        ("year={2010}, month={02}, day={03}", {"date": "2010-02-03"}),
        ("year={2010}, month={02}", {"date": None, "year": 2010}),
    ],
)
def test_fields_beside_the_usual_ones(tmp_path: Path, fields: str, expected: dict[str, object]) -> None:
    (item,) = records(tmp_path, f"@misc{{a, title={{T}}, author={{A B}}, {fields}}}")
    work = parse_work(item.value)
    assert {key: getattr(work, key) for key in expected} == expected


@pytest.mark.parametrize("field", ["howpublished", "eventtitle"])
def test_other_fields_may_have_the_venue(tmp_path: Path, field: str) -> None:
    (item,) = records(tmp_path, f"@misc{{a, title={{T}}, author={{A B}}, {field}={{Forest Days}}}}")
    assert item.value["venue"] == "Forest Days"


@pytest.mark.parametrize(
    ("doi", "expected"),
    [
        (
            r"10.1002/(SICI)1097(1998)17:15$<$16::AID-X$>$3.0.CO;2-2",
            "10.1002/(sici)1097(1998)17:15<16::aid-x>3.0.co;2-2",
        ),
        (r"10.1002/(SICI)1097{\textless}16{\textgreater}3", "10.1002/(sici)1097<16>3"),
        (r"10.1002/(SICI)1097&lt;16&gt;3", "10.1002/(sici)1097<16>3"),
        (r"10.1007/978-0{\_}12", "10.1007/978-0_12"),
        (r"10.1007/978-0\_12", "10.1007/978-0_12"),
    ],
)
def test_dois_in_all_spellings(tmp_path: Path, doi: str, expected: str) -> None:
    (item,) = records(tmp_path, f"@misc{{a, title={{T}}, author={{A B}}, doi={{{doi}}}}}")
    assert item.value["doi"] == expected


def test_a_year_before_christ_is_not_a_year_after(tmp_path: Path) -> None:
    (item,) = records(tmp_path, "@misc{a, title={T}, author={A B}, year={-1500}}")
    assert item.value["year"] is None


def test_unbalanced_braces_in_one_field_cost_only_that_field(tmp_path: Path) -> None:
    keywords = "Keywords = {x, @type:Person}, y, author:{z, q},"
    text = f"@article{{a,\nAuthor = {{Ash, Ada}},\n{keywords}\nTitle = {{Prices}},\nYear = {{2018}},\n}}"
    (tmp_path / "a.bib").write_text(
        f"{text}\n\n{text.replace('Prices', 'Tides').replace('{a,', '{b,')}", encoding="utf-8"
    )
    (source,) = open_sources([str(tmp_path / "a.bib")])
    records = [item.value for item in source if not item.problem]
    assert [(record["title"], record["year"]) for record in records] == [("Prices", 2018), ("Tides", 2018)]


def test_a_text_that_is_not_bibtex_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bib"
    for text in ("<html>Log in as ada@example.org</html>", "not a library"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(SourceError, match="no entries found"):
            list(*open_sources([str(path)]))
    for text in ("", "  \n", "@comment{nothing yet}", '@string{a = "b"}'):
        path.write_text(text, encoding="utf-8")
        assert list(*open_sources([str(path)])) == []


@pytest.mark.parametrize("entry", ["@article{a, {", "@article{", "@article{a {b"])
def test_an_entry_without_any_field_costs_only_itself(tmp_path: Path, entry: str) -> None:
    first, second = records(tmp_path, f"{entry}\n@book{{b, title={{U}}, author={{C D}}}}")
    assert first.problem
    assert second.value["title"] == "U"
