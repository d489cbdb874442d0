"""What is exported is read back by the parsers that import it, whatever stands in it."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.records import parse_work
from indexer.sources.bibtex import BibtexFile
from indexer.sources.csl import item_record
from indexer.sources.ris import RisFile
from search_api.works import citations

if TYPE_CHECKING:
    from collections.abc import Sequence


def work(**changes: Any) -> Any:
    known = {
        "id": "arxiv:1910.00744",
        "ids": ["arxiv:1910.00744"],
        "title": "Reverse-Engineering Deep ReLU Networks",
        "abstract": "We show that 50% of it & more is known.",
        "year": 2019,
        "date": "2019-10-02",
        "type": "preprint",
        "venue": "arXiv",
        "doi": "10.1000/a_b",
        "url": "https://arxiv.org/abs/1910.00744",
        "source": "arXiv",
        "language": "en",
        "topics": [{"id": "cs.LG", "name": "Machine Learning"}],
        "researchers": [{"name": "David Rolnick"}, {"name": "Ludwig van der Berg Jr."}, {"name": "OpenAI"}],
    }
    return {**known, **changes}


def read(kind: Any, text: str, folder: Path) -> list[dict[str, Any]]:
    path = folder / "export"
    path.write_text(text, encoding="utf-8")
    items = list(kind(str(path)))
    assert not [item.problem for item in items if item.problem]
    return [item.value for item in items]


TITLES = [
    "Reverse-Engineering Deep ReLU Networks",
    "On $\\ell_1$ and 100% of #1 & more_or_less",
    "Braces {in} pairs and a \\textit{command}",
    "Costs of $5 and $6",
    "“Quotes”, ÆØÅ, 神経科学 -- and --- 'dashes'",
    "bayesian models of DNA by Bayes",
    "A, B = {C}: @article{x, y}",
    'With "quotes" and a backslash \\',
]


@pytest.mark.parametrize("title", TITLES)
def test_what_is_exported_comes_back(title: str, tmp_path: Path) -> None:
    whole = work(title=title, abstract=title * 3)
    names = ["David Rolnick", "Ludwig van der Berg Jr.", "OpenAI"]
    (bib,) = read(BibtexFile, citations.bibtex(whole, "key"), tmp_path)
    (ris,) = read(RisFile, citations.ris(whole), tmp_path)
    csl = item_record(json.loads(citations.csl(whole)))
    for record in (bib, ris, csl):
        assert " ".join(record["title"].split()) == title
        assert [author["name"] for author in record["authors"]] == names
        assert (record["doi"], record["year"], record["date"]) == ("10.1000/a_b", 2019, "2019-10-02")
        assert (record["type"], record["venue"], record["url"]) == ("preprint", "arXiv", whole["url"])
        assert record["abstract"].replace(" ", "") == (title * 3).replace(" ", "")


@pytest.mark.parametrize(
    "title", ["An { alone", "} first {", "$\\{$ in a formula", "a ~ b ^ c", "@\n\nTY  - JOUR\nER  - "]
)
def test_what_looks_like_the_format_does_not_break_it(title: str, tmp_path: Path) -> None:
    assert len(read(BibtexFile, citations.bibtex(work(title=title), "key"), tmp_path)) == 1
    (record,) = read(RisFile, citations.ris(work(title=title)), tmp_path)
    assert record["title"] == " ".join(title.split())
    lines = citations.ris(work(title=title)).splitlines()
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)
    assert (lines[0][:2], lines[-1].strip()) == ("TY", "ER  -")


def test_a_work_of_which_little_is_known_is_exported_too(tmp_path: Path) -> None:
    bare: Any = dict.fromkeys(work()) | {"id": "local:x", "ids": [], "title": "X", "topics": [], "researchers": []}
    (bib,) = read(BibtexFile, citations.bibtex(bare, citations.citation_key(bare)), tmp_path)
    (ris,) = read(RisFile, citations.ris(bare), tmp_path)
    csl = json.loads(citations.csl(bare))
    assert (bib["title"], ris["title"], csl["title"]) == ("X", "X", "X")
    assert bib["year"] is None
    assert "issued" not in csl


@pytest.mark.parametrize(
    ("name", "first", "von", "last", "suffix"),
    [
        ("Konrad P. Kording", "Konrad P.", "", "Kording", ""),
        ("Ludwig van der Berg", "Ludwig", "van der", "Berg", ""),
        ("Martin Luther King Jr.", "Martin Luther", "", "King", "Jr."),
        ("John von Neumann III", "John", "von", "Neumann", "III"),
        ("OpenAI", "", "", "OpenAI", ""),
        ("The ATLAS Collaboration", "", "", "The ATLAS Collaboration", ""),
        ("Kording, Konrad", "Konrad", "", "Kording", ""),
        ("李 明", "", "", "李 明", ""),
        ("", "", "", "", ""),
    ],
)
def test_names_are_taken_apart(name: str, first: str, von: str, last: str, suffix: str) -> None:
    parts = citations.name_parts(name)
    assert [" ".join(part) for part in (parts.first, parts.von, parts.last, parts.jr)] == [first, von, last, suffix]


@pytest.mark.parametrize(
    ("title", "braced"),
    [
        ("Deep ReLU Networks for DNA", "Deep {ReLU} Networks for {DNA}"),
        ("bayesian models after Bayes and Laplace in vision", "bayesian models after {Bayes} and {Laplace} in vision"),
        ("Reverse-Engineering t-SNE", "Reverse-Engineering t-{SNE}"),
        ("On $O(N)$ bounds", "On $O(N)$ bounds"),
    ],
)
def test_capitals_that_must_stay_stand_in_braces(title: str, braced: str) -> None:
    assert f"title = {{{braced}}}" in citations.bibtex(work(title=title), "key")


@pytest.mark.parametrize(
    ("changes", "kind", "csl"),
    [
        ({"id": "acl:P19-1001", "type": None}, "@inproceedings", "paper-conference"),
        ({"id": "acl:2020.tacl-1.3", "type": "article"}, "@article", "article-journal"),
        ({"type": "book-chapter"}, "@incollection", "chapter"),
        ({"type": "something"}, "@misc", "document"),
    ],
)
def test_every_type_has_a_kind(changes: dict[str, Any], kind: str, csl: str) -> None:
    assert citations.bibtex(work(**changes), "key").startswith(kind)
    assert json.loads(citations.csl(work(**changes)))["type"] == csl


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, "rolnick2019reverse"),
        ({"researchers": [{"name": "Éva Šimková"}], "title": "On the art"}, "simkova2019on"),
        ({"researchers": [], "year": None, "title": "神経"}, "arxiv191000744"),
    ],
)
def test_citation_keys_are_plain_ascii(changes: dict[str, Any], key: str) -> None:
    assert citations.citation_key(work(**changes)) == key


#: Fields that every format of reference managers can hold.
FIELDS = ("id", "title", "abstract", "year", "date", "type", "venue", "doi", "url", "language", "is_retracted")


def comes_back(works: Sequence[Any], folder: Path) -> None:
    """Check that works are the same after export and import in each format."""
    bib = read(BibtexFile, "\n".join(citations.bibtex(one, f"k{n}") for n, one in enumerate(works)), folder)
    ris = read(RisFile, "".join(map(citations.ris, works)), folder)
    csl = [item_record(json.loads(citations.csl(one))) for one in works]
    for found in (bib, ris, csl):
        for exported, record in zip(works, found, strict=True):
            actual, expected = parse_work(record), parse_work(record_of(exported))
            assert [getattr(actual, name) for name in FIELDS] == [getattr(expected, name) for name in FIELDS]
            assert [author.name for author in actual.authors] == [author.name for author in expected.authors]


def record_of(work: Any) -> dict[str, Any]:
    names = [{"name": author["name"]} for author in work["researchers"]]
    return {**{key: work.get(key) for key in FIELDS}, "authors": names}


def test_the_whole_sample_comes_back(tmp_path: Path) -> None:
    sample = files("peerscope.sample").joinpath("works.jsonl").read_text(encoding="utf-8")
    absent = dict.fromkeys(FIELDS)
    records = [{**absent, **json.loads(line)} for line in sample.splitlines()]
    comes_back(
        [{**record, "ids": [record["id"]], "topics": [], "researchers": record["authors"]} for record in records],
        tmp_path,
    )


@pytest.mark.parametrize("type_", [*citations.KINDS, "review", None])
@pytest.mark.parametrize(
    "id_", ["arxiv:1910.00744", "acl:P19-1001", "acl:2020.cl-1.2", "local:a_b", "pmid:7", "doi:10.1000/a_b"]
)
def test_ids_types_and_venues_come_back(id_: str, type_: str | None, tmp_path: Path) -> None:
    comes_back([work(id=id_, ids=[id_], type=type_, venue="A & B", is_retracted=bool(type_))], tmp_path)
    comes_back([work(id=id_, ids=[id_], type=type_, venue=None)], tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
            "\u0915\u094d\u200d\u0937\u092e\u093e \u0926\u0947\u0935\u0940",
            "\u5218\u6d0b",
            "\u5218 \u6d0b",
            "\ubc15\uc9c0\uc131",
        ),
        *("Smith & Sons", "Ministry of Health, Department of Statistics", "Member000 Person000", "Plato"),
        *("Ash and Beech, Inc.", "Beech Press Ltd"),
        *("John F. Alder Jr.", "Ludwig van der Berg", "Conor O'Brien", "\u0141ukasz \u017bak-M\xfcller"),
    ],
)
def test_names_in_all_scripts_come_back(name: str, tmp_path: Path) -> None:
    comes_back([work(title=f"On {name}", researchers=[{"name": name}, {"name": "Ada Ash"}])], tmp_path)


@given(
    st.lists(
        st.text("ab \u200c\u200d\u0641\u0627\u0937\u094d\u5218\xe9\xdf-:,.;()'&%_#", min_size=1), min_size=1, max_size=4
    )
)
def test_texts_come_back(words: list[str]) -> None:
    title = " ".join(f"x{''.join(words)}x".split())
    with TemporaryDirectory() as folder:
        comes_back([work(title=title, abstract=title, venue=title)], Path(folder))
