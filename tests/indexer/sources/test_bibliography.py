from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from indexer.records import Work, parse_work
from indexer.sources import Item, SourceError, open_sources
from indexer.sources.author_names import from_inverted
from indexer.sources.bibliography import date_and_year
from indexer.sources.bibtex_names import names
from indexer.sources.latex import decode_latex

if TYPE_CHECKING:
    from pathlib import Path

BIB = r"""% a library
@string{jmlr = "Journal of Machine Learning Research"}
@comment{jabref-meta: databaseType:bibtex;}
@article{smith:2020,
  author = {Smith, Jane and {\"O}zg{\"u}r, Ay{\c s}e and Ludwig van Beethoven and {European Union} and others},
  title = {{BERT} and the {$\alpha$}-divergence: 50% better \& faster --- na{\"\i}vely},
  journal = jmlr,
  year = 2020, month = mar,
  doi = {10.1000/A\_b},
  abstract = {We use \emph{two} models~(A, B) with $O(n^2)$ steps.},
  keywords = {one, two},
  language = {en-US},
}
@misc{vaswani17, author="Vaswani, Ashish and Knuth, Jr., Donald E.", title={Attention}, eprint={1706.03762v5},
  archivePrefix={arXiv}, primaryClass={cs.CL}, date={2017-06-12}, url={https://arxiv.org/abs/1706.03762}}
@phdthesis{A thesis/1, author={M{\"u}ller}, title={T}, year={in press}}
@article{broken, note={Unfinished, author={X}

@inproceedings{last, author={A B}, title={Last}, booktitle={Proc. of {X}}, url={http://x.org/a\_b}}
"""


def items(path: Path, content: str | bytes) -> list[Item]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (source,) = open_sources([str(path)])
    return list(source)


def works(path: Path, content: str) -> list[Work]:
    return [parse_work(item.value) for item in items(path, content) if not item.problem]


def test_bibtex(tmp_path: Path) -> None:
    article, preprint, thesis, last = works(tmp_path / "a.bib", BIB)
    assert (article.id, article.doi) == ("doi:10.1000/a_b", "10.1000/a_b")
    assert article.title == r"BERT and the $\alpha$-divergence: 50% better & faster — naïvely"
    assert article.abstract == "We use two models (A, B) with $O(n^2)$ steps."
    assert [author.name for author in article.authors] == [
        "Jane Smith",
        "Ayşe Özgür",
        "Ludwig van Beethoven",
        "European Union",
    ]
    assert (article.venue, article.year, article.date) == ("Journal of Machine Learning Research", 2020, None)
    assert (article.type, article.language, article.topics) == ("article", "en", ())
    assert (preprint.id, preprint.type, preprint.venue) == ("arxiv:1706.03762", "preprint", "arXiv")
    assert (preprint.date, preprint.url) == ("2017-06-12", "https://arxiv.org/abs/1706.03762")
    assert [author.name for author in preprint.authors] == ["Ashish Vaswani", "Donald E. Knuth Jr."]
    assert (thesis.id, thesis.type, thesis.year) == ("local:A-thesis-1", "dissertation", None)
    assert (last.id, last.venue, last.url) == ("local:last", "Proc. of X", "http://x.org/a_b")


def test_an_entry_that_is_broken_costs_only_itself_and_keeps_its_place(tmp_path: Path) -> None:
    found = items(tmp_path / "a.bib", BIB)
    assert [bool(item.problem) for item in found] == [False, False, False, True, False]
    assert [item.line for item in found] == [1, 2, 3, 4, 5]
    assert "Unfinished" in found[3].text


def test_the_same_entry_twice_is_one_work(tmp_path: Path) -> None:
    entry = "@misc{a, title={T}, author={A B}}\n"
    first, second = items(tmp_path / "a.bib", entry * 2)
    assert first.value == second.value
    assert not second.warnings


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\'{E}cole Polytechnique F\'ed\'erale", "École Polytechnique Fédérale"),
        (r"Erd\H{o}s, {\L}ukasz, \o re, \ss", "Erdős, Łukasz, øre, ß"),
        ("100\\% of 50%", "100% of 50%"),
        ("plain text", "plain text"),
        ("an unmatched { brace and a $ sign", "an unmatched brace and a $ sign"),
        ("", None),
        (None, None),
    ],
)
def test_latex(latex: str | None, text: str | None) -> None:
    assert decode_latex(latex) == text


def test_names() -> None:
    assert names("de la Cruz, Mar{\\'i}a and {Google and Friends}") == (["María de la Cruz", "Google and Friends"], [])
    assert names("") == ([], [])
    assert from_inverted("Cruz, Maria") == "Maria Cruz"
    assert from_inverted("Knuth, Donald E., Jr.") == "Donald E. Knuth Jr."
    assert from_inverted("WHO") == "WHO"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019", (None, 2019)),
        ("2019-10", (None, 2019)),
        ("2019/10/02/", ("2019-10-02", 2019)),
        ("2019-13-40", (None, 2019)),
        ("c. 1984?", (None, 1984)),
        ("13 FEB 1999", (None, 1999)),
        ("2004/2005", (None, 2004)),
        ("20181231", ("2018-12-31", 2018)),
        ("20180213", ("2018-02-13", 2018)),
        ("12312018", (None, None)),
        ("201802", (None, None)),
        ("0213", (None, None)),
        ("9999", (None, None)),
        ("in press", (None, None)),
        ("FEB", (None, None)),
        (None, (None, None)),
    ],
)
def test_dates(text: str | None, expected: tuple[str | None, int | None]) -> None:
    assert date_and_year(text) == expected


RIS = """TY  - JOUR
AU  - Piwowar, Heather
AU  - Beethoven, Ludwig van
TI  - The state of OA
T2  - PeerJ
AB  - Despite growing interest
PY  - 2018
DA  - 2018/02/13/
DO  - 10.7717/peerj.4375
UR  - https://example.org/1
LA  - en
KW  - open access
ER  -\x20

TY  - GEN
A1  - Vaswani, Ashish
T1  - Attention
Y1  - 2017///
UR  - https://arxiv.org/abs/1706.03762
ID  - vaswani
ER  -\x20

TY  - THES
AU  - Nobody
TI  - Untitled
ID  - A thesis, 1
"""


def test_ris(tmp_path: Path) -> None:
    article, preprint, thesis = works(tmp_path / "a.ris", RIS)
    assert (article.id, article.title, article.venue) == ("doi:10.7717/peerj.4375", "The state of OA", "PeerJ")
    assert (article.date, article.year, article.type) == ("2018-02-13", 2018, "article")
    assert (article.abstract, article.language) == ("Despite growing interest", "en")
    assert [author.name for author in article.authors] == ["Heather Piwowar", "Ludwig van Beethoven"]
    assert (preprint.id, preprint.type, preprint.year) == ("arxiv:1706.03762", "preprint", 2017)
    assert (thesis.id, thesis.type) == ("local:A-thesis-1", "dissertation")


def test_a_reference_without_key_and_doi_has_an_id_that_stays(tmp_path: Path) -> None:
    text = "TY  - JOUR\nAU  - B, A\nTI  - On  Deep Things: a view\nPY  - {}\nER  - \n"
    one, two, other = works(tmp_path / "a.ris", text.format(2019) + text.format(2019) + text.format(2020))
    assert one.id == two.id == "local:on-deep-things-a-view-d997c462"
    assert other.id != one.id


def test_text_around_references_is_ignored(tmp_path: Path) -> None:
    found = items(tmp_path / "a.ris", "nonsense\n" + RIS)
    assert [bool(item.problem) for item in found] == [False, False, False]
    with pytest.raises(SourceError, match="no references found"):
        items(tmp_path / "a.ris", "nonsense\n")


CSL: list[dict[str, Any]] = [
    {
        "id": "http://zotero.org/users/1/items/A",
        "type": "article-journal",
        "title": "On <i>C. elegans</i>",
        "container-title": "PeerJ",
        "DOI": "10.7717/PEERJ.4375",
        "URL": "https://example.org/1",
        "abstract": "<jats:p>Despite &amp; still.</jats:p>",
        "language": "en-US",
        "issued": {"date-parts": [["2018", 2, 13]]},
        "author": [
            {"family": "Beethoven", "given": "Ludwig", "non-dropping-particle": "van"},
            {"literal": "WHO"},
            {
                "family": "Lovelace",
                "given": "Ada",
                "ORCID": "https://orcid.org/0000-0002-1825-0097",
                "affiliation": [{"name": "Here"}],
            },
        ],
    },
    {
        "id": 7,
        "type": "article",
        "title": ["Attention"],
        "number": "arXiv:1706.03762",
        "issued": {"raw": "2017-06-12"},
        "author": [{"family": "Vaswani", "given": "Ashish"}],
    },
]


def test_csl_json(tmp_path: Path) -> None:
    article, preprint = works(tmp_path / "a.json", json.dumps(CSL))
    assert (article.id, article.title) == ("doi:10.7717/peerj.4375", "On C. elegans")
    assert (article.abstract, article.language, article.venue) == ("Despite & still.", "en", "PeerJ")
    assert (article.date, article.year, article.type) == ("2018-02-13", 2018, "article")
    assert [author.name for author in article.authors] == ["Ludwig van Beethoven", "WHO", "Ada Lovelace"]
    assert (article.authors[2].orcid, article.authors[2].affiliation) == ("0000-0002-1825-0097", "Here")
    assert (preprint.id, preprint.type, preprint.date) == ("arxiv:1706.03762", "preprint", "2017-06-12")


def test_a_list_in_the_import_format_is_taken_as_it_is(tmp_path: Path) -> None:
    record = {"id": "local:1", "title": "T", "type": "article", "authors": [{"name": "A"}]}
    assert [item.value for item in items(tmp_path / "a.json", json.dumps([record, 3]))] == [record, 3]


def test_a_field_of_a_wrong_shape_costs_only_itself(tmp_path: Path) -> None:
    endless = {**CSL[0], "issued": {"date-parts": [[float("inf")]]}}
    bad, worse, good = items(tmp_path / "a.json", json.dumps([{**CSL[0], "author": 3}, endless, CSL[1]]))
    assert [item.problem for item in (bad, worse, good)] == [None, None, None]
    assert [warning.message for warning in bad.warnings] == ["the author 3 is not a name; ignored"]
    (warning,) = worse.warnings
    assert warning.kind == "invalid field"
    assert warning.message.startswith("issued")
    assert warning.message.endswith("Infinity; ignored")
    assert not good.warnings


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", b"{", "not JSON"),
        ("a.json", b'[{"id": 1}, {"id": 2}, {"id": ', "not JSON after 2 records"),
        ("a.json", b"[" * 200_000, "not JSON"),
        ("a.json", b'{"name": "package"}', "no records found"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_the_reason(
    tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    with pytest.raises(SourceError, match=problem):
        items(tmp_path / name, content)


def test_ris_authors_in_both_tags_keep_their_order_and_namesakes(tmp_path: Path) -> None:
    authors = ["A1  - Ash, Ada", "AU  - Ash, Ada", "AU  - Elm, Bo", "AU  - Oak, Cy", "AU  - Elm, Bo"]
    (item,) = items(tmp_path / "a.ris", "\n".join(["TY  - JOUR", "TI  - T", *authors, "ER  - ", ""]))
    assert [author["name"] for author in item.value["authors"]] == ["Ada Ash", "Bo Elm", "Cy Oak", "Bo Elm"]


@pytest.mark.parametrize(
    "text",
    [
        "TY - JOUR\nTI - Oaks\nAU - Ash, Ada\nER -\n",
        "1. \nTY  - JOUR\nT1  - Oaks\nA1  - Ash, Ada\nER  -  \n\nC1  - Database: Trees <1980>\n\nSearch Strategy:\n",
        'Record #1 of 1\nContent: text/plain; charset="UTF-8"\n\nTY  -  JOUR\nAU  -  Ash, Ada\nTI  -  Oaks\nER  -  \n',
        "DB  - Trees\nTI  - Oaks\nAU  - Ash, Ada\nTY  - JOUR\nER  - \n",
        "TY  - BOOK\nBT  - Oaks\nAU  - Ash, Ada\nER  - \n",
    ],
)
def test_exports_of_databases_give_their_records_and_no_rejects(tmp_path: Path, text: str) -> None:
    (item,) = items(tmp_path / "a.ris", text)
    assert (item.value["title"], item.value["authors"]) == ("Oaks", [{"name": "Ada Ash"}])


@pytest.mark.parametrize("line", ["UR  - https://doi.org/10.1234/oak", "L3  - 10.1234/oak", "N1  - doi: 10.1234/oak"])
def test_a_doi_may_stand_only_in_links_and_notes(tmp_path: Path, line: str) -> None:
    (item,) = items(tmp_path / "a.ris", f"TY  - JOUR\nTI  - T\nAU  - Ash, Ada\n{line}\nER  - \n")
    assert item.value["doi"] == "10.1234/oak"


def test_the_year_of_publication_comes_first_and_never_from_the_access_date(tmp_path: Path) -> None:
    head = "TY  - JOUR\nTI  - T\nAU  - Ash, Ada\n"
    (item,) = items(
        tmp_path / "a.ris", f"{head}DA  - 2014/04/01\nY1  - 2013/05/28\nPY  - 2013\nY2  - 2020/01/02\nER  - \n"
    )
    assert (item.value["year"], item.value["date"]) == (2013, "2013-05-28")
    (item,) = items(tmp_path / "a.ris", f"{head}Y2  - 2020/01/02\nER  - \n")
    assert item.value["year"] is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"issued": {"date-parts": [["2000", "", ""]]}}, {"year": 2000, "date": None}),
        ({"issued": {"date-parts": [[2019, None]]}}, {"year": 2019}),
        ({"issued": {"date-parts": [["2019", "Oct"]]}}, {"year": 2019}),
        ({"issued": {"date-parts": [[2019.0, 3, 4]]}}, {"year": 2019, "date": "2019-03-04"}),
        ({"issued": {"date-parts": [["ca. 1850"]]}}, {"year": 1850}),
        ({"issued": {"date-parts": [[-380]]}}, {"year": None}),
        ({"issued": "2019-05-01"}, {"year": 2019, "date": "2019-05-01"}),
        ({"title": 1984}, {"title": "1984"}),
        ({"subtitle": ["A forest"]}, {"title": "T: A forest"}),
        ({"DOI": ["10.1000/Oak"]}, {"doi": "10.1000/oak"}),
        ({"id": "acl:P19-1001", "DOI": "10.1000/oak"}, {"id": "acl:P19-1001"}),
        ({"id": "local:oak"}, {"id": "local:oak"}),
        ({"author": "Ash, Ada"}, {"authors": ["Ada Ash"]}),
        ({"author": ["Ash, Ada", {"family": "Elm", "given": "B"}]}, {"authors": ["Ada Ash", "B Elm"]}),
        ({"author": [{"family": "O&apos;Ash", "given": "M&uuml;"}]}, {"authors": ["Mü O'Ash"]}),
        (
            {"author": [{"literal": "<b>OAK</b> Team"}, {"family": "<i>et al.</i>"}]},
            {"authors": ["OAK Team"]},
        ),
        ({"author": [{"family": "Ash", "given": "Jo", "dropping-particle": "de"}]}, {"authors": ["Jo de Ash"]}),
        ({"author": [{"family": "Ash", "given": "John, III"}]}, {"authors": ["John Ash III"]}),
        ({"author": [{"family": "\u6797", "given": "\u6a39\u6728"}]}, {"authors": ["\u6797\u6a39\u6728"]}),
        ({"author": [{"family": "Ash", "given": None}]}, {"authors": ["Ash"]}),
    ],
)
def test_csl_in_all_its_variants(tmp_path: Path, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    item = {"id": "a", "type": "article-journal", "title": "T", "author": [{"family": "Ash"}], **changes}
    (found,) = items(tmp_path / "a.json", json.dumps([item]))
    assert found.problem is None
    record = {**found.value, "authors": [author["name"] for author in found.value["authors"]]}
    assert {key: record[key] for key in expected} == expected


EDITED = {
    "a.bib": "@book{a, title={Old maps}, editor={Elm, Eve and Oak, Otto}, publisher={Map House}, year=1999}",
    "a.ris": "TY  - BOOK\nTI  - Old maps\nA2  - Elm, Eve\nED  - Oak, Otto\nT2  - Map House\nPY  - 1999\nER  - \n",
    "a.json": json.dumps(
        [
            {
                "id": "a",
                "type": "book",
                "title": "Old maps",
                "editor": [{"family": "Elm", "given": "Eve"}, {"family": "Oak", "given": "Otto"}],
                "container-title": "Map House",
                "issued": {"date-parts": [[1999]]},
            }
        ]
    ),
}


@pytest.mark.parametrize("name", EDITED)
def test_editors_stand_for_the_authors_of_an_edited_book(name: str, tmp_path: Path) -> None:
    (item,) = items(tmp_path / name, EDITED[name])
    assert {author["name"] for author in item.value["authors"]} == {"Eve Elm", "Otto Oak"}
    assert (item.value["venue"], item.value["year"], item.value["type"]) == ("Map House", 1999, "book")
    assert [warning.kind for warning in item.warnings] == ["editors as authors"]


def test_editors_are_not_added_to_authors(tmp_path: Path) -> None:
    (item,) = items(tmp_path / "a.bib", "@incollection{a, title={T}, author={Ash, Ada}, editor={Elm, Eve}}")
    assert [author["name"] for author in item.value["authors"]] == ["Ada Ash"]
    assert item.warnings == ()


@pytest.mark.parametrize("name", ["Member000 Person000", "Agent47x Smith"])
def test_digits_of_a_name_are_no_footnote_marks(name: str, tmp_path: Path) -> None:
    (item,) = items(tmp_path / "a.bib", f"@misc{{a, title={{T}}, author={{{name} and Ash1, Ada2}}}}")
    assert [author["name"] for author in item.value["authors"]] == [name, "Ada Ash"]
