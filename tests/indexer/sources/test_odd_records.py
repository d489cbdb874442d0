"""Records of user exports that differ from the usual ones, in all formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from indexer.records import Work, parse_work
from indexer.sources import open_sources

if TYPE_CHECKING:
    from pathlib import Path


def works(path: Path, content: str, columns: dict[str, str] | None = None) -> list[Work]:
    path.write_text(content, encoding="utf-8")
    (source,) = open_sources([str(path)], columns)
    items = list(source)
    assert [item.problem for item in items if item.problem] == []
    return [parse_work(item.value) for item in items]


def names(work: Work) -> list[str]:
    return [author.name for author in work.authors]


RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:z="http://www.zotero.org/namespaces/export#"
 xmlns:bib="http://purl.org/net/biblio#" xmlns:foaf="http://xmlns.com/foaf/0.1/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<bib:Article rdf:about="#1"><z:itemType>journalArticle</z:itemType>
 <bib:authors><rdf:Seq><rdf:li><foaf:Person><foaf:surname>O&apos;Ash</foaf:surname>
 <foaf:givenName>Ada</foaf:givenName></foaf:Person></rdf:li></rdf:Seq></bib:authors>
 {}<dc:description>PMID: 123456</dc:description></bib:Article>
<z:Attachment rdf:about="#2"><dc:title>PDF</dc:title></z:Attachment>
<bib:Memo rdf:about="#3"><rdf:value>a note</rdf:value></bib:Memo></rdf:RDF>"""


@pytest.mark.parametrize(("title", "expected"), [("<dc:title>Roots</dc:title>", "Roots"), ("", "[Untitled]")])
def test_rdf(tmp_path: Path, title: str, expected: str) -> None:
    (work,) = works(tmp_path / "a.rdf", RDF.format(title))
    assert (work.title, names(work), work.id) == (expected, ["Ada O'Ash"], "pmid:123456")


def test_ovid_full_names(tmp_path: Path) -> None:
    text = "<1>\nAuthors\n  Ash A; Beech BC.\nAuthors Full Name\n  Ash, Ada; Beech, Bo C.\nTitle\n  Dunes.\n"
    (work,) = works(tmp_path / "a.ovd", text)
    assert names(work) == ["Ada Ash", "Bo C Beech"]
    (work,) = works(tmp_path / "a.ovd", text.replace("; Beech, Bo C.", "."))
    assert names(work) == ["A. Ash", "B. C. Beech"]


REFER = """%0 Journal Article
%A Ash, Ada
%T Dunes
%X First paragraph.

Second paragraph.
%Z PMID: 123456

%0 Book
%A Elm, E.
%T Rain

%A Fir, F.
%T Without a kind
"""


def test_a_blank_line_inside_an_abstract_of_refer(tmp_path: Path) -> None:
    dunes, rain, last = works(tmp_path / "a.enw", REFER)
    assert (dunes.abstract, dunes.id) == ("First paragraph. Second paragraph.", "pmid:123456")
    assert (rain.title, names(rain), last.title, names(last)) == ("Rain", ["E. Elm"], "Without a kind", ["F. Fir"])


def test_web_of_science_in_columns(tmp_path: Path) -> None:
    rows = ["PT\tAU\tTI\tPY\tUT", 'J\tAsh, A\t"Of ""old"" dunes"\t2014\tWOS:1', "J\tElm, E\tA \u2028line\t2015\tWOS:2"]
    first, second = works(tmp_path / "a.txt", "\n".join(rows))
    assert (first.title, second.title, second.year) == ('Of "old" dunes', "A line", 2015)


NBIB = "PMID- 1\nTI  - {}\nFAU - Beech, Bo Jr\nAU  - Beech B Jr\nCN  - Seed Study Group\nPT  - Journal Article\n"


def test_nbib(tmp_path: Path) -> None:
    article, chapter = works(
        tmp_path / "a.nbib",
        NBIB.format("Dunes.") + "\n" + NBIB.format("Rain.").replace("- 1", "- 2") + "BTI - A book\n",
    )
    assert (names(article), article.type) == (["Bo Beech Jr", "Seed Study Group"], "article")
    assert (chapter.type, chapter.venue) == ("book-chapter", "A book")


ENDNOTE = """<xml><records><record><ref-type name="Journal Article">17</ref-type><contributors><authors>
<author>Beech B C</author><author>Seed Group,</author></authors></contributors><titles><title>Dunes</title></titles>
<accession-num>123456</accession-num><remote-database-name>{}</remote-database-name></record></records></xml>"""


@pytest.mark.parametrize(("database", "ids"), [("PubMed", ("pmid:123456",)), ("Scopus", ())])
def test_endnote(tmp_path: Path, database: str, ids: tuple[str, ...]) -> None:
    (work,) = works(tmp_path / "a.xml", ENDNOTE.format(database))
    assert names(work) == ["B C Beech", "Seed Group"]
    assert tuple(id_ for id_ in (work.id, *work.ids) if id_.startswith("pmid")) == ids


@pytest.mark.parametrize(
    ("content", "columns", "expected"),
    [
        ('sep=;\nTitre;Auteurs\n"Vent, pluie";Ash A., Elm B.\n', None, ("Vent, pluie", ["A. Ash", "B. Elm"])),
        ("Paper Title|Author Names|Pub Year\nRain|Elm, Eva; Fir, Fay|n.d.\n", None, ("Rain", ["Eva Elm", "Fay Fir"])),
        ("id,name of work,people\n1,Wind,Ada Ash; Bo Elm\n", {"title": "name of work", "authors": "people"},
         ("Wind", ["Ada Ash", "Bo Elm"])),
        ("\ufeffTITLE\tAuthor(s)\nOne\tAsh, A. & Elm, B.\n", {"authors": "Author(s)"}, ("One", ["A. Ash", "B. Elm"])),
        ("Authors,Title\n[No author name available],Proceedings\n", None, ("Proceedings", [])),
    ],
)  # fmt: skip
def test_tables(tmp_path: Path, content: str, columns: dict[str, str] | None, expected: tuple[str, list[str]]) -> None:
    (work,) = works(tmp_path / "a.csv", content, columns)
    assert (work.title, names(work)) == expected


@pytest.mark.parametrize("entry", ["Ash A.B., Uni X, Town", "Ash, A.B., Uni X, Town"])
def test_affiliations_of_authors_in_scopus(tmp_path: Path, entry: str) -> None:
    header = "Authors,Title,Journal/Book,PMCID,Authors with affiliations"
    (work,) = works(tmp_path / "a.csv", f'{header}\n"Ash A.B.; Elm B.",T,J,PMC9,"{entry}; Elm B., Lab Y"\n')
    assert [author.affiliation for author in work.authors] == ["Uni X, Town", "Lab Y"]
    assert (work.venue, work.id) == ("J", "pmcid:PMC9")


DATACITE = {
    "doi": "10.1000/dunes",
    "titles": [{"title": "D\u00fcnen"}],
    "creators": [{"name": "Ash, Ada", "givenName": "Ada", "familyName": "Ash"}],
    "publisher": "Seed Press",
    "language": "de",
    "relatedItems": [{"relationType": "IsPublishedIn", "titles": [{"title": "Journal of Dunes"}]}],
    "descriptions": [
        {"descriptionType": "Abstract", "description": "Wind blows.", "lang": "en"},
        {"descriptionType": "Abstract", "description": "Wind weht.", "lang": "de"},
    ],
}


def test_datacite(tmp_path: Path) -> None:
    (work,) = works(tmp_path / "a.json", json.dumps(DATACITE))
    assert (work.venue, work.abstract) == ("Journal of Dunes", "Wind weht.")
    (work,) = works(tmp_path / "a.json", json.dumps({**DATACITE, "language": "fr", "relatedItems": None}))
    assert (work.venue, work.abstract) == ("Seed Press", "Wind blows.")


CROSSREF = """<doi_records><doi_record><crossref><journal><journal_metadata>
<full_title>J</full_title></journal_metadata><journal_issue><publication_date><year>2001</year></publication_date></journal_issue><journal_article>
<titles><title>Dunes</title></titles>
<publication_date media_type="online"><year>2013</year></publication_date>
<publication_date media_type="print"><month>03</month><year>2009</year></publication_date>
<doi_data><doi>10.1000/dunes</doi></doi_data></journal_article></journal></crossref></doi_record></doi_records>"""


def test_the_printed_edition_dates_a_work_of_crossref(tmp_path: Path) -> None:
    (work,) = works(tmp_path / "a.xml", CROSSREF)
    assert (work.title, work.year) == ("Dunes", 2009)


MODS = """<mods xmlns="http://www.loc.gov/mods/v3"><titleInfo><title>Dunes</title></titleInfo><name type="personal">
<namePart type="family">Ash</namePart><namePart type="given">Ada</namePart><role><roleTerm>{}</roleTerm></role></name>
</mods>"""


@pytest.mark.parametrize(("role", "expected"), [("Photographer", ["Ada Ash"]), ("aut", ["Ada Ash"]), ("ths", [])])
def test_creators_of_mods(tmp_path: Path, role: str, expected: list[str]) -> None:
    (work,) = works(tmp_path / "a.xml", MODS.format(role))
    assert names(work) == expected


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ("<title>Dunes</title><partNumber>Part 2</partNumber>", "Dunes. Part 2"),
        ("<title>Dunes</title><partName>Sand</partName>", "Dunes. Sand"),
        (
            "<partNumber>Vol. 3.</partNumber><title>Dunes :</title><subTitle>A Study</subTitle>"
            "<partName>Sand</partName>",
            "Dunes: A Study. Vol. 3, Sand",
        ),
        ("<title>What Moves?</title><partNumber>1</partNumber><partNumber>B</partNumber>", "What Moves? 1, B"),
        ("<nonSort>The</nonSort><title>Dunes</title><partNumber/>", "The Dunes"),
    ],
)
def test_parts_in_titles_of_mods(tmp_path: Path, fields: str, title: str) -> None:
    """In the title of a work and of the series that contains it."""
    info = f"<titleInfo>{fields}</titleInfo>"
    mods = f'<mods xmlns="http://www.loc.gov/mods/v3">{info}<relatedItem type="host">{info}</relatedItem></mods>'
    (work,) = works(tmp_path / "a.xml", mods)
    assert (work.title, work.venue) == (title, title)


def test_parts_in_titles_of_marc(tmp_path: Path) -> None:
    subfields = {"a": "Dunes.", "n": "Part 2,", "p": "Sand /", "c": "Ada Ash."}
    marked = "".join(f'<subfield code="{code}">{text}</subfield>' for code, text in subfields.items())
    marc = f'<record xmlns="http://www.loc.gov/MARC21/slim"><datafield tag="245">{marked}</datafield></record>'
    (work,) = works(tmp_path / "a.xml", marc)
    assert work.title == "Dunes. Part 2, Sand"


def test_two_lines_that_begin_one_reference(tmp_path: Path) -> None:
    (work,) = works(tmp_path / "a.enw", "%0 Serial\n%0 Journal Article\n%T Dunes\n%A Ash, Ada\n")
    assert (work.title, names(work)) == ("Dunes", ["Ada Ash"])


@pytest.mark.parametrize(
    ("lines", "title", "venue"),
    [
        ("TY  - JOUR\nT2  - Dunes", "Dunes", None),
        ("TY  - JOUR\nT2  - Dunes\nAU  - Ash, A", "[Untitled]", "Dunes"),
        ("TY  - BOOK\nT2  - Dunes\nAU  - Ash, A", "Dunes", None),
    ],
)
def test_ris_without_a_title(tmp_path: Path, lines: str, title: str, venue: str | None) -> None:
    (work,) = works(tmp_path / "a.ris", f"{lines}\nER  - \n")
    assert (work.title, work.venue) == (title, venue)
