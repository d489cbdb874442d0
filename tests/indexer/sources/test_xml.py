from __future__ import annotations

import gzip
from io import BytesIO
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from indexer.records import Author, parse_work
from indexer.sources import Item, SourceError, open_sources, xml_parser, xml_records
from indexer.sources.acl import anthology_id, paper_record
from indexer.sources.xml_records import Records

if TYPE_CHECKING:
    from pathlib import Path

COLLECTION = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2022.acl">
  <volume id="long" ingest-date="2022-05-15" type="proceedings">
    <meta>
      <booktitle>Proceedings of the 60th Annual Meeting (Volume 1: Long Papers)</booktitle>
      <editor><first>Smaranda</first><last>Muresan</last></editor>
      <publisher>ACL</publisher><month>May</month><year>2022</year>
      <venue>ws</venue><venue>acl</venue>
    </meta>
    <frontmatter><url>2022.acl-long.0</url><bibkey>acl-2022</bibkey></frontmatter>
    <paper id="1">
      <title><fixed-case>A</fixed-case>dapt<fixed-case>L</fixed-case>e<fixed-case>R</fixed-case>: Speeding up
        <tex-math>k</tex-math>-means for <fixed-case>NLP</fixed-case></title>
      <author id="ali-m"><first>Ali</first><last>Modarressi</last><affiliation>LMU</affiliation></author>
      <author orcid="0000-0002-1825-0097"><first/><last>Madonna</last></author>
      <abstract>We show <b>that</b> a &lt; b, see <url>https://x.org</url>.</abstract>
      <url hash="1">2022.acl-long.1</url><doi>10.18653/v1/2022.acl-long.1</doi>
    </paper>
    <paper id="2"><title>Another</title><author><first>B</first><last>C</last></author>
      <retracted date="2022-09-01">why</retracted></paper>
    <paper id="3" type="backmatter"><title>Index</title></paper>
    <paper id="4"><title>Gone</title><author><last>C</last></author><removed date="2023-01-01">why</removed></paper>
  </volume>
</collection>"""


def items(path: Path, content: str | bytes) -> list[Item]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (source,) = open_sources([str(path)])
    return list(source)


def test_a_paper_in_the_import_format(tmp_path: Path) -> None:
    first, second, matter, removed = items(tmp_path / "2022.acl.xml", COLLECTION)
    work = parse_work(first.value)
    assert (work.id, work.doi) == ("acl:2022.acl-long.1", "10.18653/v1/2022.acl-long.1")
    assert work.title == "AdaptLeR: Speeding up $k$-means for NLP"
    assert work.abstract == "We show that a < b, see https://x.org."
    assert (work.year, work.date, work.venue, work.type) == (2022, None, "ACL", "article")
    assert (work.url, work.source) == ("https://aclanthology.org/2022.acl-long.1", "ACL Anthology")
    assert work.authors == (
        Author("Ali Modarressi", "acl:ali-m", None, "LMU"),
        Author("Madonna", orcid="0000-0002-1825-0097"),
    )
    assert parse_work(second.value).abstract is None
    assert (work.is_retracted, parse_work(second.value).is_retracted) == (False, True)
    assert matter.problem == "backmatter of a volume, not a work"
    assert removed.value["withdrawn"] is True


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("of <tex-math>x^2</tex-math>, <b><tex-math> \\alpha </tex-math></b>-like", "of $x^2$, $\\alpha$-like"),
        ("<tex-math>$x$</tex-math> and <tex-math/>", "$x$ and"),
        ("<tex-math>a &lt; b</tex-math>", "$a < b$"),
        ("<tex-math/>", None),
    ],
)
def test_formulas_are_told_from_words(title: str, text: str | None) -> None:
    paper = ElementTree.fromstring(f"<paper id='1'><title>{title}</title><author><last>A</last></author></paper>")
    volume = ElementTree.fromstring("<volume id='1'/>")
    assert paper_record(paper, [ElementTree.fromstring("<collection id='P19'/>"), volume])["title"] == text


@pytest.mark.parametrize(
    ("collection", "volume", "paper", "id_"),
    [
        ("2022.acl", "long", "1", "2022.acl-long.1"),
        ("P19", "1", "1", "P19-1001"),
        ("W19", "1", "1", "W19-0101"),
        ("D19", "55", "3", "D19-5503"),
        ("D19", "1", "3", "D19-1003"),
    ],
)
def test_ids_of_both_ages(collection: str, volume: str, paper: str, id_: str) -> None:
    assert anthology_id(collection, volume, paper) == id_


@pytest.mark.parametrize(
    ("meta", "venue"),
    [
        ("<venue>findings</venue>", "Findings"),
        ("<booktitle>A Workshop</booktitle>", "A Workshop"),
        ("<booktitle>T</booktitle><journal-title>CL</journal-title>", "CL"),
        ("", None),
    ],
)
def test_venues(tmp_path: Path, meta: str, venue: str | None) -> None:
    paper = "<paper id='1'><title>T</title><author><last>A</last></author></paper>"
    text = f"<collection id='P19'><volume id='1'><meta>{meta}</meta>{paper}</volume></collection>"
    (item,) = items(tmp_path / "a.xml", text)
    work = parse_work(item.value)
    assert (work.id, work.venue, work.year) == ("acl:P19-1001", venue, None)


def test_a_gzipped_collection_whatever_its_name(tmp_path: Path) -> None:
    assert len(items(tmp_path / "a.xml.gz", gzip.compress(COLLECTION.encode()))) == 4
    assert len(items(tmp_path / "collection", COLLECTION)) == 4


def test_what_comes_before_a_break_is_given(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text(COLLECTION[: COLLECTION.index("</paper>") + 20], encoding="utf-8")
    (source,) = open_sources([str(file)])
    given = iter(source)
    assert next(given).value["id"] == "acl:2022.acl-long.1"
    with pytest.raises(SourceError, match=r"a\.xml: not well-formed XML"):
        next(given)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><collection><volume>&l9;</volume></collection>',
            "the entity 'l1' is longer than 100 characters or contains other entities",
        ),
        (
            f'<!DOCTYPE x [<!ENTITY l "{"ha" * 1_000}">]><collection>{"&l;" * 9}</collection>',
            "the entity 'l' is longer than 100 characters",
        ),
        ("<!DOCTYPE html><html></html>", "no records found; a <html> is none of"),
        ("<collection>" + "<a>" * 200, "nested more than 100 deep"),
        ("<rss><channel/></rss>", "no records found; a <rss> is none of"),
        ('<?xml version="1.0" encoding="klingon"?><collection/>', "encoding"),
        (b'<?xml version="1.0" encoding="UTF-8"?><collection>\x01</collection>', "not well-formed"),
        ("", "not well-formed"),
    ],
)
def test_hostile_and_foreign_files_are_refused(tmp_path: Path, text: str | bytes, problem: str) -> None:
    with pytest.raises(SourceError, match=problem):
        items(tmp_path / "a.xml", text)


@pytest.mark.parametrize("filling", ["x" * 100_000, "<a/>" * 30_000, "<a b='" + "x" * 100_000])
def test_a_record_without_end_does_not_fill_the_memory(
    tmp_path: Path, filling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_records, "MAX_RECORD", 50_000)
    with pytest.raises(SourceError, match="more than 50,000 bytes in one record"):
        items(tmp_path / "a.xml", f"<collection><volume><paper>{filling}")


def test_many_records_may_be_larger_than_the_bound_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_records, "MAX_RECORD", 50_000)
    papers = "".join(f"<paper id='{n}'><title>{'x' * 1_000}</title></paper>" for n in range(200))
    assert (
        len(items(tmp_path / "a.xml", f"<collection id='2020.x'><volume id='1'>{papers}</volume></collection>")) == 200
    )


def test_a_paper_without_authors_is_kept(tmp_path: Path) -> None:
    text = (
        "<collection id='J89'><volume id='1'><paper id='1'><title>Books Received</title></paper></volume></collection>"
    )
    (item,) = items(tmp_path / "a.xml", text)
    work = parse_work(item.value)
    assert (work.title, work.authors) == ("Books Received", ())


def test_editors_stand_for_the_authors_of_a_paper_without_any(tmp_path: Path) -> None:
    text = (
        "<collection id='J89'><volume id='1'><paper id='1'><title>A Special Issue</title>"
        "<editor><first>Ed</first><last>Itor</last></editor></paper></volume></collection>"
    )
    (item,) = items(tmp_path / "a.xml", text)
    assert [author["name"] for author in item.value["authors"]] == ["Ed Itor"]
    assert [warning.kind for warning in item.warnings] == ["editors as authors"]


def test_what_is_no_record_does_not_stay_in_memory() -> None:
    filling = "<x><y/>text</x>" * 20_000
    volume = f"<volume><meta><year>2020</year></meta>{filling}<paper/>{filling}<meta/>{filling}<paper/></volume>"
    file = BytesIO(f"<collection>{filling}{volume * 2}</collection>".encode())
    found = 0
    for _, around in Records(file, {"paper"}, keep={"meta"}):
        found += 1
        assert [child.tag for child in around[1]] == ["meta"]
        assert around[1].findtext("meta/year") == "2020"
    assert found == 4


@pytest.mark.parametrize("name", ["paper", "meta"])
def test_elements_without_end_do_not_fill_the_memory(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xml_parser, "MAX_ELEMENTS", 1_000)
    papers = "<paper id='1'><title>T</title><author><last>A</last></author></paper>" * 500
    text = f"<collection id='P19'>{'<x/>' * 2_000}<volume id='1'>{papers}<{name}>{'<a/>' * 1_000}"
    file = tmp_path / "a.xml"
    file.write_text(text, encoding="utf-8")
    (source,) = open_sources([str(file)])
    given = iter(source)
    assert [next(given).value["title"] for _ in range(500)] == ["T"] * 500
    with pytest.raises(SourceError, match="more than 1,000 elements in one record"):
        next(given)


def test_an_empty_collection_is_no_error(tmp_path: Path) -> None:
    assert items(tmp_path / "a.xml", "<collection id='2022.x'></collection>") == []


def test_other_forms_of_a_name_are_its_variants(tmp_path: Path) -> None:
    variant = '<variant script="hani"><first>蓝星</first><last>魏</last></variant>'
    author = f"<author><first>Wei</first><last>Lanxing</last>{variant}</author><author><last>Solo</last></author>"
    paper = f'<paper id="1"><title>A</title>{author}</paper>'
    collection = f'<collection id="2099.demo"><volume id="1">{paper}</volume></collection>'
    (item,) = items(tmp_path / "a.xml", collection)
    first, second = parse_work(item.value).authors
    assert (first.name, first.name_variants) == ("Wei Lanxing", ("魏蓝星",))
    assert (second.name, second.name_variants) == ("Solo", ())


def collection(papers: str, start: str = "") -> str:
    return f"{start}<collection id='2022.x'><volume id='1'><meta><year>2022</year></meta>{papers}</volume></collection>"


def numbered(number: int, title: str = "A title") -> str:
    return f"<paper id='{number}'><title>{title}</title><author><last>Ada</last></author></paper>\n"


def read_titles(path: Path, content: str | bytes) -> list[str | None]:
    """Return the title of each record, None for a rejected one; all others must have the year of their volume."""
    found = items(path, content)
    assert all(item.problem or item.value["year"] == 2022 for item in found)
    return [None if item.problem else item.value["title"] for item in found]


@pytest.mark.parametrize(
    ("start", "text", "title"),
    [
        (
            '<!DOCTYPE collection SYSTEM "http://127.0.0.1:9/a.dtd">',
            "A&uuml;&nbsp;&mdash; &unknown;",
            "A\xfc \u2014 &unknown;",
        ),
        ("<!DOCTYPE collection [<!ENTITY j 'Journal'>]>", "&j;", "Journal"),
        ('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', "a &f;", "a &f;"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>', "a", "a"),
        ('\n\n<?xml version="1.0"?>\n', "a &eacute;", "a \xe9"),
    ],
)
def test_document_types_are_read_without_loading_anything(tmp_path: Path, start: str, text: str, title: str) -> None:
    assert read_titles(tmp_path / "a.xml", collection(numbered(1, text), start)) == [title]


@pytest.mark.parametrize(
    "damaged",
    [
        "<paper id='2'><title>B</paper>",
        "<paper id='2'><title>B & C</title></paper>",
        "<paper id='2'><title>B < C</title></paper>",
        "<paper id='2'><title>B</title>",
        "<paper id='2><title>B</title></paper>",
        "<paper id='2'><title>\x01</title></paper>",
        "<paper id='2'><title a='1' a='2'>B</title></paper>",
    ],
)
def test_a_damaged_record_costs_only_itself(tmp_path: Path, damaged: str) -> None:
    text = collection(numbered(1, "first") + damaged + "".join(numbered(n) for n in range(3, 500)))
    titles = read_titles(tmp_path / "a.xml", text)
    assert titles[0] == "first"
    assert titles.count("A title") >= 496
    assert titles.count(None) == 1


def test_many_damaged_records_cost_only_themselves(tmp_path: Path) -> None:
    text = collection("".join(numbered(n, "A & B" if n % 2 else "A title") for n in range(400)))
    titles = read_titles(tmp_path / "a.xml", text)
    assert titles == ["A title", None] * 200


def test_documents_joined_to_one_file_are_all_read(tmp_path: Path) -> None:
    text = "\n".join(collection(numbered(n), "<?xml version='1.0'?>") for n in range(3))
    assert read_titles(tmp_path / "a.xml", text) == ["A title"] * 3


def test_a_file_that_is_not_in_its_encoding_is_read_and_reported(tmp_path: Path) -> None:
    text = collection(numbered(1) * 2_000 + numbered(2, "Caf\xe9"), "<?xml version='1.0' encoding='UTF-8'?>")
    assert read_titles(tmp_path / "a.xml", text.encode("latin-1"))[-1] == "Caf\xe9"
    (item,) = items(tmp_path / "b.xml", collection(numbered(1, "Caf\xe9")).encode("cp1252"))
    assert [warning.kind for warning in item.warnings] == ["encoding"]
    one_byte = collection(numbered(1, "\xe9") + numbered(2, "@") + numbered(3)).encode().replace(b"@", b"\xff")
    assert read_titles(tmp_path / "c.xml", one_byte) == ["\xe9", None, "A title"]
