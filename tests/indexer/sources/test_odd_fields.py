"""Fields beside the title and the names that cannot be read, in all bibliographies: they do not cost the work."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from indexer.records import Author, RecordError, Work, parse_work
from indexer.records.parse import MAX_ABSTRACT, MAX_TEXT
from indexer.sources import open_sources
from indexer.sources.bibliography import date_and_year
from indexer.sources.text import with_subtitle

if TYPE_CHECKING:
    from pathlib import Path


def work_of(path: Path, content: str) -> Work:
    path.write_text(content, encoding="utf-8")
    (source,) = open_sources([str(path)])
    (item,) = source
    assert item.problem is None
    return parse_work(item.value)


def ris(tmp_path: Path, *lines: str) -> Work:
    return work_of(tmp_path / "a.ris", "\n".join(["TY  - JOUR", "AU  - B, A", "TI  - T", *lines, "ER  - ", ""]))


def bibtex(tmp_path: Path, **fields: str) -> Work:
    given = {"title": "T", "author": "A B", **fields}
    return work_of(
        tmp_path / "a.bib", f"@misc{{key, {', '.join(f'{key}={{{value}}}' for key, value in given.items())}}}"
    )


def csl(tmp_path: Path, **fields: Any) -> Work:
    item = {"id": "key", "type": "article-journal", "title": "T", "author": [{"literal": "A B"}], **fields}
    return work_of(tmp_path / "a.json", json.dumps([item]))


@pytest.mark.parametrize(
    ("lines", "day", "year"),
    [
        (["DA  - FEB", "PY  - 2024"], None, 2024),
        (["DA  - 20181231", "PY  - 2018"], "2018-12-31", 2018),
        (["DA  - 20180213"], "2018-02-13", 2018),
        (["DA  - 0213", "PY  - 2018"], None, 2018),
        (["PY  - in press", "Y1  - 2017///"], None, 2017),
        (["PY  - 9999"], None, None),
    ],
)
def test_the_year_comes_from_the_first_field_that_has_one(
    tmp_path: Path, lines: list[str], day: str | None, year: int | None
) -> None:
    work = ris(tmp_path, *lines)
    assert (work.date, work.year) == (day, year)


def test_bibtex_falls_back_on_its_year_too(tmp_path: Path) -> None:
    assert bibtex(tmp_path, date="forthcoming", year="2024").year == 2024
    assert bibtex(tmp_path, date="20240229", year="1999").date == "2024-02-29"
    assert date_and_year(None, "", "FEB") == (None, None)


def test_a_doi_is_taken_out_of_what_stands_around_it(tmp_path: Path) -> None:
    for work in (
        ris(tmp_path, "DO  - doi: 10.1002/pro.2421"),
        bibtex(tmp_path, doi="DOI: 10.1002/pro.2421."),
        csl(tmp_path, DOI="https://onlinelibrary.wiley.com/doi/10.1002/pro.2421/full"),
    ):
        assert (work.id, work.doi) == ("doi:10.1002/pro.2421", "10.1002/pro.2421")


def test_what_is_no_doi_leaves_the_work_its_other_id(tmp_path: Path) -> None:
    for work in (
        ris(tmp_path, "DO  - PMC123", "ID  - key"),
        bibtex(tmp_path, doi="to appear"),
        csl(tmp_path, DOI="10.5 / x"),
    ):
        assert (work.id, work.doi) == ("local:key", None)


def test_an_address_that_is_none_is_left_out(tmp_path: Path) -> None:
    for url in ("www.example.org/1", "javascript:alert(1)", "https://example.org/" + "x" * MAX_TEXT):
        for work in (ris(tmp_path, f"UR  - {url}"), bibtex(tmp_path, url=url), csl(tmp_path, URL=url)):
            assert work.url is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.bib", "@misc{{key, author={{A B}}, {}}}"),
        ("a.ris", "TY  - JOUR\nAU  - A B\n{}\nER  - \n"),
        ("a.json", '[{{"id": "key", "type": "book", "author": [{{"family": "B"}}]{}}}]'),
        ("a.csv", "title,authors,doi\n,A B,{}\n"),
    ],
)
def test_a_record_without_a_title_is_kept(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content.format(""), encoding="utf-8")
    (source,) = open_sources([str(path)])
    (item,) = source
    assert parse_work(item.value).title == "[Untitled]"
    assert [warning.kind for warning in item.warnings] == ["no title"]


@pytest.mark.parametrize("content", ["@misc{key, year=2001}", "@misc{key, note={x}}"])
def test_a_record_with_neither_title_nor_authors_nor_id_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.bib").write_text(content, encoding="utf-8")
    (source,) = open_sources([str(tmp_path / "a.bib")])
    with pytest.raises(RecordError, match="title is missing"):
        parse_work(next(iter(source)).value)


def test_works_without_a_title_differ(tmp_path: Path) -> None:
    records = [f"TY  - JOUR\nAU  - B, A\nPY  - 2001\nJO  - {journal}\nER  - \n" for journal in ("Ash", "Elm")]
    (tmp_path / "a.ris").write_text("".join(records), encoding="utf-8")
    (source,) = open_sources([str(tmp_path / "a.ris")])
    assert len({parse_work(item.value).id for item in source}) == 2


ODD_VALUES: list[Any] = [None, 5, "x", "", [], {}, [None], {"x": None}, True, [{}], [5]]


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
@pytest.mark.parametrize(
    "field", ["type", "author", "issued", "DOI", "URL", "container-title", "abstract", "language", "note", "editor"]
)
def test_any_value_in_an_optional_field_of_csl_keeps_the_work(tmp_path: Path, field: str, value: Any) -> None:
    assert csl(tmp_path, **{field: value}).title == "T"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ([None, {}, [], 5, {"family": "Ash", "given": "Ada"}], ["Ada Ash"]),
        ({"family": "Ash", "given": "Ada"}, ["Ada Ash"]),
        ([{"family": ["Ash"], "given": ["Ada"]}], ["Ada Ash"]),
        ([{"family": "Alembert", "given": "J.", "non-dropping-particle": "d'"}], ["J. d'Alembert"]),
        ([{"family": "Ash", "given": "A.", "non-dropping-particle": "al-"}], ["A. al-Ash"]),
        ([{"family": "Ash, Jr.", "given": "Ada"}], ["Ada Ash Jr."]),
        ([{"family": "Ash", "given": "A. et al."}], ["A. Ash"]),
        ([{"family": "Ash", "given": "Ada", "affiliation": "Seed Lab"}], ["Ada Ash"]),
        ([{"literal": "\u6a39\u6728 \u6797"}], ["\u6797\u6a39\u6728"]),
    ],
)
def test_authors_of_csl(tmp_path: Path, author: Any, expected: list[str]) -> None:
    assert [person.name for person in csl(tmp_path, author=author).authors] == expected


@pytest.mark.parametrize(
    ("fields", "day", "year"),
    [
        ({"issued": {"date-parts": [2018, 5]}}, None, 2018),
        ({"issued": 2017}, None, 2017),
        ({"issued": ["2016"]}, None, 2016),
        ({"issued": {"date-time": "2013-02-03T00:00:00Z"}}, "2013-02-03", 2013),
        ({"issued": {"date-parts": []}}, None, None),
        ({"published-print": {"date-parts": [[2012, 1]]}}, None, 2012),
    ],
)
def test_dates_of_csl(tmp_path: Path, fields: dict[str, Any], day: str | None, year: int | None) -> None:
    work = csl(tmp_path, **fields)
    assert (work.date, work.year) == (day, year)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["YR  - 2011"], {"year": 2011}),
        (["N1  - Accession 5. doi: 10.1234/in.note. Cited by 3."], {"doi": "10.1234/in.note"}),
        (["PM  - PUBMED 123456"], {"ids": ("pmid:123456",)}),
        (["C2  - PMC99"], {"ids": ("pmcid:PMC99",)}),
        (["C2  - 99"], {"ids": ()}),
        (["DB  - PubMed", "AN  - 123456"], {"ids": ("pmid:123456",)}),
    ],
)
def test_fields_of_ris_beside_the_usual_ones(tmp_path: Path, lines: list[str], expected: dict[str, Any]) -> None:
    work = ris(tmp_path, *lines)
    assert {key: getattr(work, key) for key in expected} == expected


def test_a_field_of_another_structure_is_ignored_with_a_warning(tmp_path: Path) -> None:
    work = {"paperId": "1", "title": "T", "authors": [{"name": "A B"}, 5], "externalIds": [1], "year": 2001}
    (tmp_path / "a.json").write_text(json.dumps([work]), encoding="utf-8")
    (source,) = open_sources([str(tmp_path / "a.json")])
    (item,) = source
    read = parse_work(item.value)
    assert ([author.name for author in read.authors], read.year) == (["A B"], 2001)
    messages = {warning.message for warning in item.warnings if warning.kind == "invalid field"}
    assert messages == {"authors[1] is 5; ignored", "externalIds[0] is 1; ignored"} or messages == {
        "authors[1] is 5; ignored",
        "externalIds is [1]; ignored",
    }


def test_authors_keep_what_can_be_read(tmp_path: Path) -> None:
    places = [{"name": "Lab, " * 300 + "A"}, {"name": "Lab, " * 300 + "B"}]
    authors = [
        {"family": ""},
        {"literal": "A B", "ORCID": "0000-0002-1825-0098"},
        {"literal": "C D", "ORCID": "orcid.org/0000-0002-1825-0097", "affiliation": places},
        {"ORCID": "0000-0002-1825-0097"},
    ]
    first, second = csl(tmp_path, author=authors).authors
    assert first == Author("A B")
    assert (second.orcid, second.affiliation) == ("0000-0002-1825-0097", places[0]["name"])
    assert ris(tmp_path, "AU  - ", "AU  - ,").authors == (Author("A B"),)


@pytest.mark.parametrize("text", ["word " * 30_000, "w" * 150_000])
def test_a_long_abstract_is_cut_at_a_word(tmp_path: Path, text: str) -> None:
    for work in (ris(tmp_path, f"AB  - {text}"), bibtex(tmp_path, abstract=text), csl(tmp_path, abstract=text)):
        assert work.abstract is not None
        assert MAX_ABSTRACT - 5 < len(work.abstract) <= MAX_ABSTRACT
        assert work.abstract.endswith(("word", "www"))


def test_markup_goes_from_all_texts(tmp_path: Path) -> None:
    venue, abstract = "Astronomy &amp;amp; Astrophysics", "&lt;i&gt;Planck&lt;/i&gt; at a < b"
    for work in (
        ris(tmp_path, f"T2  - {venue}", f"AB  - {abstract}"),
        bibtex(tmp_path, journal=venue, abstract=abstract),
        csl(tmp_path, abstract=abstract, **{"container-title": [venue]}),
    ):
        assert (work.venue, work.abstract) == ("Astronomy & Astrophysics", "Planck at a < b")


@pytest.mark.parametrize(
    ("note", "id_"),
    [
        ("arXiv:1706.03762 [cs]", "arxiv:1706.03762"),
        ("tex.ids= x\narXiv: hep-th/9901001v2", "arxiv:hep-th/9901001"),
        ("arXiv:1706.03762v5", "arxiv:1706.03762"),
        ("Comment on arXiv:1706.03762", "local:key"),
        ("arXiv:1706.03762 is where it began", "local:key"),
        ("", "local:key"),
    ],
)
def test_a_note_in_csl_names_the_work_only_in_a_line_of_its_own(tmp_path: Path, note: str, id_: str) -> None:
    assert csl(tmp_path, note=note).id == id_


DATES = {
    "a.bib": "@misc{{a, title={{T}}, author={{A B}}, date={{{}}}}}",
    "a.ris": "TY  - JOUR\nTI  - T\nAU  - A B\nPY  - {}\nER  - \n",
    "a.json": '[{{"id": "a", "type": "book", "title": "T", "author": [{{"family": "B"}}], "issued": "{}"}}]',
    "a.jsonl": '{{"id": "local:a", "title": "T", "authors": [{{"name": "A B"}}], "date": "{}"}}',
    "a.csv": "title,authors,year\nT,A B,{}\n",
    "a.enw": "%0 Book\n%T T\n%A A B\n%D {}\n",
}


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize("value", ["in press", "99", "801", "-0380", "20199"])
def test_a_date_without_a_year_is_reported_with_its_value(tmp_path: Path, name: str, value: str) -> None:
    path = tmp_path / name
    path.write_text(DATES[name].format(value), encoding="utf-8")
    ((item,),) = map(list, open_sources([str(path)]))
    warnings = list(item.warnings)
    work = parse_work(item.value, warnings)
    assert (work.title, work.year) == ("T", None)
    assert [value in warning.message for warning in warnings if warning.kind in {"invalid date", "invalid year"}] == [
        True
    ]


def test_of_a_day_that_does_not_exist_the_year_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.bib"
    path.write_text(DATES["a.bib"].format("2019-02-31"), encoding="utf-8")
    ((item,),) = map(list, open_sources([str(path)]))
    assert parse_work(item.value).year == 2019
    assert [warning.message for warning in item.warnings] == [
        "date '2019-02-31' does not exist; only its year 2019 is used"
    ]


DOIS = {
    "a.bib": "@misc{{a, title={{T}}, author={{A B}}, doi={{{}}}}}",
    "a.ris": "TY  - JOUR\nTI  - T\nAU  - A B\nDO  - {}\nER  - \n",
    "a.json": '[{{"id": "a", "type": "book", "title": "T", "author": [{{"family": "B"}}], "DOI": "{}"}}]',
    "a.csv": "title,authors,doi\nT,A B,{}\n",
    "a.enw": "%0 Book\n%T T\n%A A B\n%R {}\n",
}


@pytest.mark.parametrize("name", DOIS)
def test_what_is_no_doi_is_reported_with_its_value(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(DOIS[name].format("10.1/abc"), encoding="utf-8")
    ((item,),) = map(list, open_sources([str(path)]))
    warnings = list(item.warnings)
    assert parse_work(item.value, warnings).doi is None
    assert [warning.message for warning in warnings] == ["doi '10.1/abc' is not a DOI like 10.1000/xyz; ignored"]


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("a.bib", "@misc{a, title={T}, author={A B}, doi={10.1000/x}, eprint={2001.00001}, pmid={123}}",
         ("arxiv:2001.00001", "pmid:123")),
        ("a.bib", "@misc{DBLP:conf/x/AB20, title={T}, author={A B}, doi={10.1000/x}}", ("dblp:conf/x/AB20",)),
        ("a.bib", "@misc{a, title={T}, author={A B}, url={https://aclanthology.org/2020.x-1.1}, pmcid={PMC9}}",
         ("acl:2020.x-1.1", "pmcid:PMC9")),
        ("a.json", '[{"id": "a", "type": "book", "title": "T", "author": [], "PMID": "5", "PMCID": "PMC6"}]',
         ("pmcid:PMC6", "pmid:5")),
        ("a.ris", "TY  - JOUR\nTI  - T\nAU  - A B\nUR  - https://pubmed.ncbi.nlm.nih.gov/77/\nER  - \n", ("pmid:77",)),
        ("a.enw", "%0 Book\n%T T\n%A A B\n%R 10.1000/x\n%U https://openreview.net/forum?id=abc\n", ("openreview:abc",)),
    ],
)  # fmt: skip
def test_ids_of_catalogues_are_kept_beside_the_doi(tmp_path: Path, name: str, text: str, ids: tuple[str, ...]) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    ((item,),) = map(list, open_sources([str(path)]))
    assert parse_work(item.value).ids == ids


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Big data \\u0097 roles", "Big data \u2014 roles"),
        ("Oak\\u0002 trees\\u0092 age", "Oak trees\u2019 age"),
        ("A\\u0085", "A\u2026"),
    ],
)
def test_control_characters_are_windows_1252_or_nothing(tmp_path: Path, title: str, text: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"id": "local:a", "title": "{title}", "authors": [{{"name": "A B"}}]}}', encoding="utf-8")
    ((item,),) = map(list, open_sources([str(path)]))
    assert parse_work(item.value).title == text


def test_a_cell_may_contain_any_separator_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        'title,authors,year\nOak\u2028trees\x0band\x85bark,Ash A,2001\n"Two\nlines",Ash B,2002\n', encoding="utf-8"
    )
    (source,) = open_sources([str(path)])
    works = [parse_work(item.value) for item in source]
    assert [(work.title.split()[0], work.year) for work in works] == [("Oak", 2001), ("Two", 2002)]


@pytest.mark.parametrize(
    ("title", "subtitle", "text"),
    [
        ("Oaks", "A Life", "Oaks: A Life"),
        ("Oaks:", "A Life", "Oaks: A Life"),
        ("What Is an Oak?", "A Life", "What Is an Oak? A Life"),
        ("Oaks: A Life", "A Life", "Oaks: A Life"),
        ("Oaks", None, "Oaks"),
        (None, "A Life", None),
    ],
)
def test_title_and_subtitle(title: str | None, subtitle: str | None, text: str | None) -> None:
    assert with_subtitle(title, subtitle) == text


def test_pages_are_not_a_year(tmp_path: Path) -> None:
    text = "<1>\nAuthor\n  Ash, A.\nTitle\n  Oaks.\nSource\n  Trees.  8(6):1048-1064, {}\n"
    for day, year in (("September 2015.", 2015), ("2015 Sep.", 2015), ("in press.", None)):
        assert work_of(tmp_path / "a.txt", text.format(day)).year == year


def test_a_title_has_no_footnote_marks(tmp_path: Path) -> None:
    text = (
        "<article><front><article-meta><article-id pub-id-type='doi'>10.1000/x</article-id><title-group>"
        "<article-title>Oaks<xref ref-type='fn' rid='f'>*</xref> and CO<sub>2</sub><fn><p>Note</p></fn></article-title>"
        "</title-group><contrib-group><contrib contrib-type='author'><name><surname>Ash</surname></name></contrib>"
        "</contrib-group></article-meta></front></article>"
    )
    assert work_of(tmp_path / "a.xml", text).title == "Oaks and CO2"
