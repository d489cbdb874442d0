"""Which records are one work, and what their work is: pure functions, whatever the order of the records."""

from __future__ import annotations

import random
from typing import Any

import pytest

from indexer.deduplication.merging import MergedWork, SourceOrder, deduplicate
from indexer.records import RecordWarning, parse_work
from indexer.records.source_record import SourceRecord, source_record
from indexer.records.work_decisions import MergeWorks, SplitWork, WorkDecisions
from indexer.sources.catalogues import ORDER

BOATS = "Parsing rivers with finite-state boats"
PEOPLE = ("Orla Quist", "Benedikt Thal")


def record(
    source: str, id_: str, title: str = BOATS, authors: Any = PEOPLE, file: str = "", **fields: Any
) -> SourceRecord:
    people = [author if isinstance(author, dict) else {"name": author} for author in authors]
    work = parse_work({"id": id_, "title": title, "authors": people, "year": 2020, **fields})
    return source_record(source, work, file, fingerprint="model")


def works(*records: SourceRecord, decisions: WorkDecisions | None = None, order: Any = ORDER) -> list[MergedWork]:
    return deduplicate(records, SourceOrder(order), decisions)


def warnings_of(*records: SourceRecord) -> list[RecordWarning]:
    found: list[RecordWarning] = []
    deduplicate(records, SourceOrder(ORDER), warn=lambda _, warning: found.append(warning))
    return found


ACL = record("aclanthology", "acl:2099.test-1.1", doi="10.18653/v1/2099.test-1.1", venue="ACL")
BIB = record(
    "bibtex",
    "doi:10.18653/v1/2099.test-1.1",
    title="Parsing Rivers with Finite-State Boats",
    doi="10.18653/v1/2099.test-1.1",
    file="a.bib",
)
ARXIV = record("arxiv", "arxiv:1912.00001", year=2019, venue="arXiv", abstract="Boats parse.", topics=["cs.CL"])


def test_records_with_a_common_id_are_one_work_with_all_ids() -> None:
    (merged,) = works(BIB, ACL)
    assert merged.work.id == "acl:2099.test-1.1"
    assert merged.work.ids == ()
    assert merged.work.doi == "10.18653/v1/2099.test-1.1"
    assert [one.source for one in merged.records] == ["aclanthology", "bibtex"]
    assert merged.versions == ()


@pytest.mark.parametrize("scheme", ["arxiv:1912.00001", "pmid:123", "openalex:W123", "acl:P19-1001", "s2:99"])
def test_any_strong_id_joins(scheme: str) -> None:
    (merged,) = works(record("crossref", "doi:10.1000/a", ids=[scheme]), record("bibtex", "local:key", ids=[scheme]))
    assert merged.work.id == "doi:10.1000/a"
    assert set(merged.work.ids) == {scheme, "local:key"}


def test_ids_join_through_a_third_record() -> None:
    (merged,) = works(
        record("pubmed", "pmid:1", title="Boats"),
        record("crossref", "doi:10.1000/a", title="Boats", ids=["openalex:W1"]),
        record("europepmc", "pmcid:PMC7", title="Boats", ids=["pmid:1", "openalex:W1"]),
    )
    assert len(merged.records) == 3


def test_each_field_is_from_the_best_source_that_has_it() -> None:
    crossref = record("crossref", "doi:10.1000/a", title="On Boats at Sea", venue="Boats", references=["doi:10.1/x"])
    openalex = record(
        "openalex", "openalex:W1", title="On boats at sea", doi="10.1000/a", abstract="Text.", cited_by_count=3
    )
    (merged,) = works(openalex, crossref)
    assert merged.work.title == "On Boats at Sea"
    assert (merged.work.venue, merged.work.abstract, merged.work.cited_by_count) == ("Boats", "Text.", 3)
    (other,) = works(openalex, crossref, order=("openalex", "crossref"))
    assert (other.work.title, other.work.id) == ("On boats at sea", "openalex:W1")
    assert other.work.venue == "Boats"


def test_authors_gain_what_another_source_knows_about_them() -> None:
    curated = record(
        "aclanthology", "acl:1", doi="10.1000/a", authors=[{"name": "Orla Quist", "id": "acl:o"}, "B. Thal"]
    )
    other = record(
        "openalex",
        "openalex:W1",
        doi="10.1000/a",
        authors=[
            {"name": "O. Quist", "id": "openalex:A1", "orcid": "0000-0002-1825-0097"},
            {"name": "Benedikt Thal", "affiliation": "Isle University"},
        ],
    )
    (merged,) = works(curated, other)
    assert [(a.name, a.id, a.orcid, a.affiliation) for a in merged.work.authors] == [
        ("Orla Quist", "acl:o", "0000-0002-1825-0097", None),
        ("B. Thal", None, None, "Isle University"),
    ]


def test_a_complete_list_of_authors_is_preferred_to_a_cut_one() -> None:
    cut = record("crossref", "doi:10.1000/a", authors=["Orla Quist"], authors_truncated=True)
    (merged,) = works(cut, record("bibtex", "doi:10.1000/a"))
    assert [author.name for author in merged.work.authors] == list(PEOPLE)
    assert merged.work.authors_truncated is None


def test_the_doi_of_a_book_on_its_chapters_joins_nothing() -> None:
    book = record("crossref", "doi:10.1000/book", title="Handbook of Boats", authors=["Eda Itor"], doi="10.1000/book")
    one = record("bibtex", "local:one", title="Sails", authors=["Ann Ash"], doi="10.1000/book", file="a.bib")
    two = record("ris", "local:two", title="Rudders and keels", authors=["Bo Birch"], doi="10.1000/book", file="b.ris")
    found = works(two, one, book)
    assert {merged.work.id: merged.work.doi for merged in found} == {
        "doi:10.1000/book": "10.1000/book",
        "local:one": None,
        "local:two": None,
    }
    assert {merged.claimed_ids for merged in found} == {(), ("doi:10.1000/book",)}
    assert {warning.kind for warning in warnings_of(two, one, book)} == {"disputed id"}


def test_one_source_does_not_describe_a_work_twice_under_different_titles() -> None:
    one = record("bibtex", "local:one", title="Sails", authors=["Ann Ash"], doi="10.1000/book", file="a.bib")
    two = record(
        "bibtex", "local:two", title="Rudders and keels", authors=["Ann Ash"], doi="10.1000/book", file="a.bib"
    )
    assert len(works(one, two)) == 2


def test_a_translated_title_with_the_same_authors_is_joined_with_a_warning() -> None:
    german = record("ris", "doi:10.1000/a", title="Das Zerteilen der Flüsse", file="a.ris")
    (merged,) = works(record("crossref", "doi:10.1000/a"), german)
    assert merged.work.title == BOATS
    (warning,) = warnings_of(record("crossref", "doi:10.1000/a"), german)
    assert warning.kind == "different titles"


def test_equal_keys_of_two_libraries_are_different_works_unless_title_and_authors_agree() -> None:
    one = record("bibtex", "local:smith2020", title="Sails", authors=["Ann Smith"], file="a.bib")
    two = record("bibtex", "local:smith2020", title="Rudders and keels", authors=["Bo Smith"], file="b.bib")
    same = record("bibtex", "local:smith2020", title="Sails", authors=["A. Smith"], file="c.bib")
    found = works(one, two, same)
    assert sorted(len(merged.records) for merged in found) == [1, 2]
    assert len({merged.work.id for merged in found}) == 2


def test_a_preprint_joins_its_published_version() -> None:
    (merged,) = works(ARXIV, ACL, BIB)
    assert (merged.work.id, merged.work.year, merged.work.venue) == ("acl:2099.test-1.1", 2020, "ACL")
    assert merged.work.abstract == "Boats parse."
    assert "arxiv:1912.00001" in merged.work.ids
    assert [dict(version) for version in merged.versions] == [
        {"id": "acl:2099.test-1.1", "type": None, "year": 2020, "venue": "ACL"},
        {"id": "arxiv:1912.00001", "type": None, "year": 2019, "venue": "arXiv"},
    ]


def test_a_preprint_that_names_the_doi_of_its_published_version_is_a_version_too() -> None:
    (merged,) = works(record("arxiv", "arxiv:1912.00001", doi="10.18653/v1/2099.test-1.1", title="Boats"), ACL)
    assert [version["id"] for version in merged.versions] == ["acl:2099.test-1.1", "arxiv:1912.00001"]


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Parsing rivers with infinite-state boats"},
        {"year": 2016},
        {"year": None},
        {"authors": ["Orla Quist", "Ann Ash", "Bo Birch"]},
        {"authors": ["Olaf Quist", "Benedikt Thal"]},
        {"title": "Editorial"},
    ],
)
def test_works_that_differ_are_no_versions(changes: dict[str, Any]) -> None:
    published = record(
        "crossref", "doi:10.1000/a", **{"title": changes.get("title", BOATS)} if "Editorial" in changes.values() else {}
    )
    preprint = record("arxiv", "arxiv:1912.00001", **changes)
    assert len(works(published, preprint)) == 2


def test_two_published_works_with_one_title_stay_apart_and_the_preprint_joins_the_nearer_one() -> None:
    talk = record("crossref", "doi:10.1000/talk", year=2020)
    journal = record("crossref", "doi:10.1000/journal", year=2022)
    found = works(journal, talk, record("arxiv", "arxiv:1912.00001", year=2019))
    assert [(merged.work.id, len(merged.records)) for merged in found] == [
        ("doi:10.1000/journal", 1),
        ("doi:10.1000/talk", 2),
    ]


def test_a_dataset_is_not_the_published_version() -> None:
    assert len(works(record("datacite", "doi:10.5061/x", type="dataset"), ARXIV)) == 2


def test_decisions_join_and_separate() -> None:
    joined = WorkDecisions(merges=(MergeWorks(("doi:10.1000/a", "doi:10.1000/b"), "why"),))
    pair = (record("crossref", "doi:10.1000/a", title="Sails"), record("crossref", "doi:10.1000/b", title="Keels"))
    (merged,) = works(*pair, decisions=joined)
    assert merged.is_decided
    assert len(works(*pair)) == 2
    separated = WorkDecisions(splits=(SplitWork("acl:2099.test-1.1", ("arxiv:1912.00001",), "why"),))
    assert [len(one.records) for one in works(ACL, BIB, ARXIV, decisions=separated)] == [2, 1]
    apart = WorkDecisions(splits=(SplitWork("acl:2099.test-1.1", ("doi:10.18653/v1/2099.test-1.1",), "why"),))
    found = works(ACL, BIB, decisions=apart)
    assert [(one.work.id, one.work.doi) for one in found] == [
        ("acl:2099.test-1.1", None),
        ("doi:10.18653/v1/2099.test-1.1", "10.18653/v1/2099.test-1.1"),
    ]


def test_the_order_of_records_does_not_matter() -> None:
    draw = random.Random(7)
    schemes = ["doi:10.1000/{}", "arxiv:1912.0000{}", "pmid:{}", "openalex:W{}", "local:{}"]
    for _ in range(60):
        records = {
            one.key: one
            for one in (
                record(
                    draw.choice(["crossref", "arxiv", "bibtex", "json"]),
                    draw.choice(schemes).format(draw.randrange(1, 4)),
                    title=draw.choice([BOATS, "Sails", "Rudders and keels of ships"]),
                    authors=draw.choice([PEOPLE, ["Ann Ash"], ["O. Quist", "B. Thal"]]),
                    year=draw.choice([2018, 2020, None]),
                    ids=[draw.choice(schemes).format(draw.randrange(1, 4))],
                    file=draw.choice(["", "a"]),
                )
                for _ in range(draw.randrange(2, 9))
            )
        }
        expected = works(*records.values())
        shuffled = list(records.values())
        draw.shuffle(shuffled)
        assert works(*shuffled) == expected
        assert sorted(one.key for merged in expected for one in merged.records) == sorted(records)
        ids = [id_ for merged in expected for id_ in {merged.work.id, *merged.work.ids}]
        assert len(set(ids)) == len(ids)
