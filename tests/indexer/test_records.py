from __future__ import annotations

import json
from typing import Any

import pytest

from indexer.records import Author, Institution, RecordError, RecordWarning, parse_work, unknown_keys
from indexer.records.source_record import to_record

MINIMAL: dict[str, Any] = {"id": "arxiv:1", "title": "A title", "authors": [{"name": "Ada Lovelace"}]}


def record(**changes: Any) -> dict[str, Any]:
    return {**MINIMAL, **changes}


def test_the_required_fields_are_enough_and_missing_stays_missing() -> None:
    work = parse_work(MINIMAL)
    assert (work.id, work.title, work.authors) == ("arxiv:1", "A title", (Author("Ada Lovelace"),))
    unknown = {work.abstract, work.year, work.date, work.type, work.venue, work.doi, work.url, work.cited_by_count}
    assert unknown == {None}
    assert work.topics == ()


def test_every_field_is_taken_over() -> None:
    work = parse_work(
        record(
            abstract=" Two\n lines ",
            year=2019,
            date="2019-10-02",
            type="preprint",
            venue="arXiv",
            doi="https://doi.org/10.1000/XYZ",
            url="https://example.org/1",
            license="CC0",
            source="arXiv",
            language="en",
            cited_by_count=12,
            topics=["cs.LG", "stat.ML"],
            topic_names=["Machine Learning", "Statistics"],
            authors=[{"name": "A", "id": "acl:a", "orcid": "0000000218250097", "affiliation": "Here"}],
        )
    )
    assert work.abstract == "Two lines"
    assert work.doi == "10.1000/xyz"
    assert work.topics == (("cs.LG", "Machine Learning"), ("stat.ML", "Statistics"))
    assert work.authors == (Author("A", "acl:a", "0000-0002-1825-0097", "Here"),)
    assert (work.date, work.year, work.cited_by_count) == ("2019-10-02", 2019, 12)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"cited_by_count": 0},
        {"is_retracted": True, "year": 2019, "date": "2019-10-02", "doi": "10.1/x", "cited_by_count": 7},
        {
            "topics": ["cs.LG", "x"],
            "topic_names": ["Machine Learning", "X"],
            "topic_parents": [["Computer Science"], []],
        },
        {"ids": ["pmid:7", "acl:P1"], "references": ["doi:10.1/a"], "language": "de"},
        {"authors": [], "abstract": "Text."},
        {
            "authors": [
                {
                    "name": "A",
                    "id": "acl:a",
                    "orcid": "0000-0002-1825-0097",
                    "institutions": [{"name": "I", "ror": "r"}],
                },
                {"name": "B", "affiliation": "There", "name_variants": ["Б"]},
            ],
            "authors_truncated": 12,
        },
    ],
)
def test_the_record_of_a_work_is_read_as_the_same_work(changes: dict[str, Any]) -> None:
    work = parse_work(record(**changes))
    assert parse_work(json.loads(json.dumps(to_record(work)))) == work


def test_topics_keep_their_parents_when_one_is_named_twice() -> None:
    work = parse_work(record(topics=["a", "b", "a"], topic_parents=[["A", "AA"], None, ["A", "AA"]]))
    assert work.topics == (("a", None), ("b", None))
    assert work.topic_parents == (("A", "AA"), ())
    assert parse_work(record(topics=["a"], topic_parents=None)).topic_parents == ()


def test_groups_that_sponsor_an_event_are_no_topics() -> None:
    topics = ["SIGMORPHON", "cs.CL", "SIGdial", "Signal Processing"]
    work = parse_work(record(id="acl:2020.sigdial-1.1", topics=topics, topic_names=["a", "b", "c", "d"]))
    assert work.topics == (("cs.CL", "b"), ("Signal Processing", "d"))
    assert len(parse_work(record(id="local:1", topics=["SIGINT"])).topics) == 1


def test_institutions_of_an_author() -> None:
    given = [{"name": "Here", "id": "openalex:I1", "ror": "https://ror.org/05ppvf150"}, {"name": "There"}]
    work = parse_work(record(authors=[{"name": "A", "institutions": given}]))
    assert work.authors[0].institutions == (
        Institution("Here", "openalex:I1", "https://ror.org/05ppvf150"),
        Institution("There"),
    )


@pytest.mark.parametrize(
    ("changes", "year", "date"),
    [
        ({"year": "2019"}, 2019, None),
        ({"date": "2019"}, 2019, None),
        ({"date": "2019-10"}, 2019, None),
        ({"date": "2019-10-02T09:00:00Z"}, 2019, "2019-10-02"),
        ({"date": "2019-10-02", "year": 2020}, 2020, "2019-10-02"),
    ],
)
def test_years_and_dates(changes: dict[str, Any], year: int, date: str | None) -> None:
    work = parse_work(record(**changes))
    assert (work.year, work.date) == (year, date)


@pytest.mark.parametrize(
    ("authors", "kind"),
    [
        ([], "no authors"),
        (None, "no authors"),
        ([{"name": "N.N."}], "unnamed author"),
        ([5], "invalid author"),
        ([None], "invalid author"),
        ([{"name": ""}], "invalid author"),
        ([{"name": ["Ada"]}], "invalid author"),
    ],
)
def test_a_work_without_authors_is_kept_with_a_warning(authors: Any, kind: str) -> None:
    warnings: list[RecordWarning] = []
    assert parse_work(record(authors=authors), warnings).authors == ()
    assert [warning.kind for warning in warnings] == [kind]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": None}, "id is missing"),
        ({"id": ""}, "id is missing"),
        ({"id": "a b"}, "white space"),
        ({"title": "  "}, "title is missing"),
        ({"title": ["x"]}, "title is a list, not text"),
        ({"title": "x" * 5_001}, "title has 5,001 characters"),
        ({"title": "half \ud800"}, "half a character"),
    ],
)
def test_a_record_without_valid_id_or_title_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        parse_work(record(**changes))


def test_an_invalid_author_does_not_cost_the_others() -> None:
    warnings: list[RecordWarning] = []
    work = parse_work(record(authors=[{"name": "Ada Ash"}, None, "Bo Beech", {"name": 5}]), warnings)
    assert [author.name for author in work.authors] == ["Ada Ash", "Bo Beech"]
    assert [warning.kind for warning in warnings] == ["invalid author", "invalid author"]
    assert parse_work(record(authors="Ada"), warnings).authors == ()
    assert [warning.kind for warning in warnings[2:]] == ["invalid authors", "no authors"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"is_retracted": "no"}, "is_retracted 'no' is neither true nor false"),
        ({"authors": [{"name": "A", "orcid": "0000-0000-0000-0000"}]}, "check digit"),
        ({"year": 20190}, "year 20190"),
        ({"year": "next"}, "year 'next'"),
        ({"year": True}, "year True"),
        ({"date": "02.10.2019"}, "date '02.10.2019'"),
        ({"doi": "nine"}, "not a DOI"),
        ({"url": "javascript:alert(1)"}, "https:// or http://"),
        ({"cited_by_count": -1}, "not a count"),
        ({"topics": "cs.LG"}, "topics is a str, not a list"),
        ({"topics": ["a"], "topic_names": ["A", "B"]}, "topic_names has 2 entries"),
        ({"topics": ["a"], "topic_parents": [["A"], ["B"]]}, "topic_parents has 2 entries"),
        ({"topics": ["a"], "topic_parents": ["A"]}, "topic_parents is a str, not a list"),
        ({"topics": ["a"], "topic_parents": [[3]]}, "topic_parents is a int, not text"),
        ({"authors": [{"name": "A", "institutions": ["B"]}]}, "an institution must be an object with a name"),
        ({"authors": [{"name": "A", "institutions": [{"id": "B"}]}]}, "name is missing"),
        ({"authors": [{"name": "A", "institutions": {"name": "B"}}]}, "institutions is a dict, not a list"),
        ({"year": 801}, "year 801 is not a year between 1000 and"),
        ({"abstract": 3}, "abstract is a int, not text"),
        ({"venue": ["x"]}, "venue is a list, not text"),
        ({"language": "half \ud800"}, "language contains half a character"),
        ({"authors": [{"name": "A", "id": 3}]}, "author 'A': id is a int, not text"),
        ({"authors": [{"name": "A", "affiliation": {}}]}, "author 'A': affiliation is a dict, not text"),
    ],
)
def test_an_invalid_optional_field_is_dropped_with_a_warning(changes: dict[str, Any], reason: str) -> None:
    warnings: list[RecordWarning] = []
    work = parse_work(record(**changes), warnings)
    (warning,) = warnings
    assert reason in warning.message
    key = next(iter(changes))
    author = Author(changes["authors"][0]["name"]) if key == "authors" else Author("Ada Lovelace")
    assert (work.authors, work.year, work.date, work.doi, work.url, work.topics) == (
        (author,),
        None,
        None,
        None,
        None,
        (),
    )
    assert warning.kind.startswith("invalid ")


def test_a_text_that_is_too_long_is_shortened_with_a_warning() -> None:
    warnings: list[RecordWarning] = []
    work = parse_work(record(abstract="word " * 30_000, venue="v" * 3_000), warnings)
    assert work.abstract is not None
    assert (len(work.abstract), work.abstract[-4:], len(work.venue or "")) == (99_999, "word", 2_000)
    assert [warning.kind for warning in warnings] == ["shortened abstract", "shortened venue"]


def test_the_year_of_an_invalid_date_is_kept() -> None:
    work = parse_work(record(date="2019-02-31"))
    assert (work.date, work.year) == (None, 2019)
    assert parse_work(record(date="2019-02-03", year=801)).year == 2019


@pytest.mark.parametrize("value", [None, 3, "text", [MINIMAL]])
def test_only_an_object_is_a_record(value: object) -> None:
    with pytest.raises(RecordError, match="JSON object"):
        parse_work(value)


def test_unknown_keys_are_named() -> None:
    assert unknown_keys(record(tittle="x", authors=[{"name": "A", "e_mail": "y"}])) == {"tittle", "authors[].e_mail"}


def test_an_orcid_on_several_authors_belongs_to_none() -> None:
    warnings: list[RecordWarning] = []
    orcid, other = "0000-0002-1825-0097", "0000-0001-5109-3700"
    authors = [{"name": "A", "orcid": orcid}, {"name": "B", "orcid": orcid}, {"name": "C", "orcid": other}]
    assert [author.orcid for author in parse_work(record(authors=authors), warnings).authors] == [None, None, other]
    assert [warning.kind for warning in warnings] == ["shared orcid"]


def test_other_ids_and_references_are_normalized_and_invalid_ones_reported() -> None:
    warnings: list[RecordWarning] = []
    ids = ["https://pubmed.ncbi.nlm.nih.gov/42/", "PMC7", "arxiv:1", "doi:10.1000/ab", 3, None]
    work = parse_work(
        record(ids=ids, doi="10.1000/AB", references=["10.2000/X", "doi:10.2000/x", "two words", "1"]), warnings
    )
    assert work.ids == ("local:3", "pmcid:PMC7", "pmid:42")
    assert work.references == ("doi:10.2000/x", "local:1")
    assert [warning.kind for warning in warnings] == ["invalid ids", "invalid references"]


@pytest.mark.parametrize(
    ("value", "total"), [(None, None), (False, None), (True, 2), (300, 300), (1, None), (0, None), ("many", None)]
)
def test_a_cut_list_of_authors_has_its_total_or_one_more(value: object, total: int | None) -> None:
    warnings: list[RecordWarning] = []
    assert parse_work(record(authors_truncated=value), warnings).authors_truncated == total
    assert bool(warnings) is (value in (0, "many") and value is not False)


def test_long_lists_of_authors_and_long_names_are_cut_with_a_warning() -> None:
    warnings: list[RecordWarning] = []
    people = [{"name": "Alder, " * 200}, *({"name": f"Eva Birch{n}"} for n in range(10_500))]
    work = parse_work({"id": "a", "title": "Oaks", "authors": people}, warnings)
    assert (len(work.authors), work.authors_truncated) == (10_000, 10_501)
    assert len(work.authors[0].name) <= 500
    assert sorted(warning.kind for warning in warnings) == ["shortened authors", "shortened name"]
