"""Ids that catalogues give to people whom they do not know, lists of authors that were cut, and shared ORCID iDs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from indexer.identity.keys import without_shared_ids
from indexer.records import parse_work
from indexer.sources import open_sources

if TYPE_CHECKING:
    from pathlib import Path

    from indexer.records import RecordWarning, Work

ORCID = "0000-0002-1825-0097"


def read(path: Path, text: str) -> tuple[Work, list[RecordWarning]]:
    """Return the only work in a file with this text, and its warnings."""
    path.write_text(text, encoding="utf-8")
    (source,) = open_sources([str(path)])
    (item,) = source
    warnings = list(item.warnings)
    return parse_work(item.value, warnings), warnings


def openalex(authors: list[dict[str, Any]], **fields: Any) -> str:
    """Return a page of OpenAlex with one work."""
    work = {"id": "https://openalex.org/W1", "title": "Dunes", "authorships": [{"author": each} for each in authors]}
    return json.dumps({"results": [work | fields]})


@pytest.mark.parametrize(
    "id_", ["A9999999999", "a9999999999", "https://openalex.org/A0", "https://openalex.org/null", "A-1", "", None]
)
def test_unknown_authors_of_openalex_have_no_id(id_: str | None, tmp_path: Path) -> None:
    authors: list[dict[str, Any]] = [
        {"id": id_, "display_name": "Ada Ash"},
        {"id": "https://openalex.org/A50", "display_name": "Bo Beech"},
    ]
    work, _ = read(tmp_path / "a.json", openalex(authors))
    assert [(author.name, author.id) for author in work.authors] == [("Ada Ash", None), ("Bo Beech", "openalex:A50")]


@pytest.mark.parametrize("id_", [None, "", "-1", "0", "null"])
def test_unknown_authors_of_semantic_scholar_have_no_id(id_: str | None, tmp_path: Path) -> None:
    paper = {"paperId": "p1", "title": "Dunes", "authors": [{"authorId": id_, "name": "Ada Ash"}]}
    work, _ = read(tmp_path / "a.json", json.dumps([paper]))
    assert [(author.name, author.id) for author in work.authors] == [("Ada Ash", None)]


@pytest.mark.parametrize("id_", ["openalex:A9999999999", "https://openalex.org/A9999999999", "None", "s2:null", "n/a"])
def test_placeholder_ids_are_reported_in_the_import_format(id_: str) -> None:
    warnings: list[RecordWarning] = []
    work = parse_work({"id": "local:x", "title": "Dunes", "authors": [{"name": "Ada Ash", "id": id_}]}, warnings)
    assert work.authors[0].id is None
    assert warnings == [("invalid id", f"author 'Ada Ash': id {id_!r} stands for unknown people; ignored")]


@pytest.mark.parametrize("id_", ["local:a", "local:10", "dblp:12/0", "openalex:A99999999990", "pid:nan-li", "x:A-12"])
def test_ids_that_resemble_placeholders_are_kept(id_: str) -> None:
    work = parse_work({"id": "local:x", "title": "Dunes", "authors": [{"name": "Ada Ash", "id": id_}]})
    assert work.authors[0].id == id_


@pytest.mark.parametrize(
    ("name", "text", "total"),
    [
        ("a.json", openalex([{"id": None, "display_name": "Ada Ash"}], authors_count=250), 250),
        ("b.json", openalex([{"id": None, "display_name": "Ada Ash"}], is_authors_truncated=True), 2),
        ("a.ris", "TY  - JOUR\nTI  - Dunes\nAU  - Ash, Ada\nAU  - ... 12 more authors\nER  - \n", 2),
        ("b.ris", "TY  - JOUR\nTI  - Dunes\nAU  - Ash, Ada; plus 3 other authors\nER  - \n", 2),
        ("a.csv", 'title,authors\nDunes,"Ash, Ada; +37 more"\n', 2),
        ("b.csv", 'title,authors\nDunes,"Ash, Ada; [and 37 others]"\n', 2),
        ("c.csv", 'title,authors\nDunes,"Ash, Ada, 4 additional co-authors"\n', 2),
        ("c.json", '[{"type": "article", "title": "Dunes", "author": [{"family": "Ash", "given": "Ada"},'
                   ' {"literal": "and 45 others"}]}]', 2),
    ],
)  # fmt: skip
def test_lists_that_were_cut_are_marked(name: str, text: str, total: int, tmp_path: Path) -> None:
    work, warnings = read(tmp_path / name, text)
    assert [author.name for author in work.authors] == ["Ada Ash"]
    assert work.authors_truncated == total
    assert "incomplete authors" in {warning.kind for warning in warnings}


@pytest.mark.parametrize("name", ["Society of Authors", "Seed Bank, Office of 3 Rivers", "Ash, More"])
def test_names_that_contain_the_same_words_are_whole(name: str, tmp_path: Path) -> None:
    work, _ = read(tmp_path / "a.ris", f"TY  - JOUR\nTI  - Dunes\nAU  - {name}\nER  - \n")
    assert work.authors_truncated is None
    assert len(work.authors) == 1


CROSSREF = {"DOI": "10.5555/1", "title": ["Dunes"], "type": "journal-article"}
ACL = (
    '<collection id="2009.demo"><volume id="1"><meta><booktitle>D</booktitle><year>2009</year></meta><paper id="1">'
    "<title>Dunes</title>{}</paper></volume></collection>"
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.json",
            json.dumps({"message": {"items": [CROSSREF | {"author": [
                {"given": "Ada", "family": "Ash", "ORCID": f"http://orcid.org/{ORCID}"},
                {"given": "Bo", "family": "Beech", "ORCID": f"https://orcid.org/{ORCID}"},
                {"given": "Cy", "family": "Cedar", "ORCID": f"{ORCID} "}]}]}}),
        ),
        (
            "a.xml",
            ACL.format("".join(
                f'<author orcid="{orcid}"><first>{first}</first><last>{last}</last></author>'
                for first, last, orcid in (("Ada", "Ash", ORCID), ("Bo", "Beech", f"https://orcid.org/{ORCID}"),
                                           ("Cy", "Cedar", ORCID))
            )),
        ),
        (
            "b.json",
            openalex([{"id": f"https://openalex.org/A5{n}", "display_name": name, "orcid": f"https://orcid.org/{ORCID}"}
                      for n, name in enumerate(("Ada Ash", "Bo Beech", "Cy Cedar"))]),
        ),
    ],
)  # fmt: skip
def test_an_orcid_id_of_several_authors_is_no_evidence(name: str, text: str, tmp_path: Path) -> None:
    work, _ = read(tmp_path / name, text)
    assert [(author.name, author.orcid) for author in without_shared_ids(work.authors)] == [
        ("Ada Ash", None),
        ("Bo Beech", None),
        ("Cy Cedar", None),
    ]


@pytest.mark.parametrize(
    ("variants", "expected"),
    [
        ('<variant script="hang"><first>민</first><last>김</last></variant>'
         '<variant script="hani"><first>敏</first><last>金</last></variant>', ("김민", "金敏")),
        ('<variant script="hani"><first/><last>佐藤由紀</last></variant><variant/>', ("佐藤由紀",)),
        ('<variant script="latn"><last>Deux</last></variant>', ("Deux",)),
    ],
)  # fmt: skip
def test_variants_of_acl_are_name_variants(variants: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    author = f"<author><first>Min</first><last>Kim</last>{variants}</author>"
    work, _ = read(tmp_path / "a.xml", ACL.format(author))
    assert [(author.name, author.name_variants) for author in work.authors] == [("Min Kim", expected)]
