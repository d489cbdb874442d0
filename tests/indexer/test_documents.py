from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from indexer.build.documents import IndexedWork, mean_embedding, researcher_summary, work_document
from indexer.identity import identity_key, researcher_id
from indexer.records import Author, Work, topic_name, topic_parent
from indexer.records.source_record import record_digest
from mappings.documents import ResearcherState, ResearcherSummary, WorkDocument
from mappings.indices import load

WORK = Work(
    "arxiv:1",
    "A title",
    (Author("Ada", affiliation="Here; There"), Author("Bob"), Author("Cy")),
    year=2020,
    topics=(("cs.LG", None),),
)


TIME = "2026-01-01T00:00:00+00:00"


def stored(work: Work) -> WorkDocument:
    ids = [researcher_id(identity_key(author)) for author in work.authors]
    return work_document(work, ids, vector=np.asarray([1.0, 0.0]), model="m", digest="d", time=TIME)


def researcher(id_: str, *works: WorkDocument, vectors: dict[str, list[float]] | None = None) -> ResearcherSummary:
    vectors = vectors or {work["id"]: [1.0, 0.0] for work in works}
    return researcher_summary(id_, map(IndexedWork, works), vectors)


def test_a_work_document_has_exactly_the_fields_of_its_type_and_mapping() -> None:
    document: dict[str, Any] = dict(stored(WORK))
    fields = load("works")["properties"]
    assert document.keys() == WorkDocument.__required_keys__
    assert fields.keys() - document.keys() == WorkDocument.__optional_keys__ == {"assigned_by", "assigned_topics"}
    for part in ("topics", "researchers", "institutions"):
        assert document[part][0].keys() == fields[part]["properties"].keys()


def test_a_document_names_topics_researchers_and_institutions() -> None:
    document = stored(WORK)
    assert document["topics"] == [{"id": "cs.LG", "name": "Machine Learning", "parents": []}]
    assert [(entry["name"], entry["position"]) for entry in document["researchers"]] == [
        ("Ada", 1),
        ("Bob", 2),
        ("Cy", 3),
    ]
    assert [institution["name"] for institution in document["institutions"]] == ["Here", "There"]
    assert document["has_abstract"] is False


@pytest.mark.parametrize(
    "other", [replace(WORK, title="Another"), replace(WORK, authors=WORK.authors[:2]), replace(WORK, cited_by_count=1)]
)
def test_the_content_hash_depends_on_every_field_and_the_model(other: Work) -> None:
    assert record_digest(WORK, "m") == record_digest(replace(WORK), "m")
    assert record_digest(other, "m") != record_digest(WORK, "m")
    assert record_digest(WORK, "n") != record_digest(WORK, "m")


@pytest.mark.parametrize(
    ("topic", "given", "name", "parent"),
    [
        ("cs.LG", "Computer Science - Machine Learning", "Machine Learning", "Computer Science"),
        ("quant-ph", None, "Quantum Physics", "Physics"),
        ("T10009", "Deep brain stimulation", "Deep brain stimulation", None),
        ("SIGSLT", None, "SIGSLT", None),
    ],
)
def test_topics_have_names_and_parents(topic: str, given: str | None, name: str, parent: str | None) -> None:
    assert topic_name(topic, given) == name
    assert topic_parent(topic) == parent


def test_a_researcher_document_summarizes_the_works() -> None:
    one = stored(WORK)
    two = stored(
        Work("arxiv:2", "Later", (Author("Ada"), Author("Bob")), year=2022, topics=(("cs.LG", None), ("cs.CL", None)))
    )
    vectors = {"arxiv:1": [1.0, 0.0], "arxiv:2": [0.0, 1.0]}
    ada = one["researchers"][0]["id"]
    document = researcher(ada, one, two, vectors=vectors)
    assert document == researcher(ada, two, one, vectors=vectors)
    assert document.keys() == ResearcherSummary.__required_keys__ | {"suggested_topics"}
    added = ResearcherState.__required_keys__ | {"indexed_at"}
    assert document.keys() | added == load("researchers")["properties"].keys()
    assert not document.keys() & added
    assert [(topic["id"], topic["count"]) for topic in document["topics"]] == [("cs.LG", 2), ("cs.CL", 1)]
    assert [(p["name"], p["works"], p["first_year"], p["last_year"]) for p in document["collaborators"]] == [
        ("Bob", 2, 2020, 2022),
        ("Cy", 1, 2020, 2020),
    ]
    assert (document["collaborators_count"], document["close_collaborators_count"]) == (2, 1)
    assert document["counts_by_year"] == [{"year": 2020, "works": 1}, {"year": 2022, "works": 1}]
    assert document["affiliations"][0] | {} == {
        "name": "Here; There",
        "institution_id": "here",
        "works": 1,
        "first_year": 2020,
        "last_year": 2020,
    }
    assert document["expertise"] == "Later\nA title"
    np.testing.assert_allclose(document["embedding"], [0.5**0.5] * 2, atol=5e-6)  # five decimals are stored


def test_topics_that_similar_works_suggest_are_counted_apart() -> None:
    own = stored(Work("arxiv:1", "T", (Author("Ada"),), topics=(("cs.LG", None),)))
    others = [stored(Work(f"acl:{number}", "T", (Author("Ada"),))) for number in (1, 2)]
    for work in others:
        work["assigned_topics"] = [{"id": "cs.CL", "name": "Computation and Language", "share": 0.9}]
    document = researcher(own["researchers"][0]["id"], own, *others)
    assert [topic["id"] for topic in document["topics"]] == ["cs.LG"]
    assert document["suggested_topics"] == [{"id": "cs.CL", "name": "Computation and Language", "count": 2}]


def test_the_most_frequent_then_fullest_form_of_a_name_is_shown() -> None:
    works = [stored(Work(f"arxiv:{n}", "T", (Author(name),))) for n, name in enumerate(["J Doe", "J. Doe"])]
    document = researcher(works[0]["researchers"][0]["id"], *works)
    assert (document["name"], document["name_variants"]) == ("J. Doe", ["J Doe"])
    assert document["first_year"] is None


def test_someone_named_twice_on_a_work_is_not_their_own_collaborator() -> None:
    work = stored(Work("arxiv:1", "T", (Author("A B"), Author("A. B."), Author("C D"), Author("C. D."))))
    document = researcher(work["researchers"][0]["id"], work)
    assert [(person["works"]) for person in document["collaborators"]] == [1]
    assert document["works_count"] == 1


def test_the_mean_of_opposite_vectors_is_the_first_one() -> None:
    assert mean_embedding([[1.0, 0.0], [-1.0, 0.0]]) == [1.0, 0.0]


def test_a_source_may_name_the_parents_of_a_topic() -> None:
    work = replace(WORK, topics=(("T1", "Sparse Coding"), ("T2", None)), topic_parents=(("Neuroscience", "Life"), ()))
    assert [(topic["name"], topic["parents"]) for topic in stored(work)["topics"]] == [
        ("Sparse Coding", ["Neuroscience", "Life"]),
        ("T2", []),
    ]


def test_affiliations_and_collaborators_have_the_years_of_their_works() -> None:
    years = {1: 2019, 2: 2021, 3: None}
    works = [
        stored(Work(f"arxiv:{n}", "T", (Author("Ada", affiliation="Here"), Author("Bob")), year=year))
        for n, year in years.items()
    ]
    document = researcher(works[0]["researchers"][0]["id"], *works)
    for entry in (document["affiliations"][0], document["collaborators"][0]):
        assert (entry["works"], entry["first_year"], entry["last_year"]) == (3, 2019, 2021)
    assert researcher(works[0]["researchers"][0]["id"], works[2])["affiliations"][0]["last_year"] is None


def collaborators_by_definition(id_: str, works: list[WorkDocument]) -> list[tuple[Any, ...]]:
    """Return id, name, shared works, first and last year of every co-author, as documented, in plain loops."""
    newest_first = sorted(works, key=lambda work: (-(work["year"] or 0), work["id"]))
    found = []
    for other in {entry["id"] for work in works for entry in work["researchers"]} - {id_}:
        shared = [work for work in newest_first if other in [entry["id"] for entry in work["researchers"]]]
        years = [work["year"] for work in shared if work["year"] is not None]
        name = [entry["name"] for entry in shared[0]["researchers"] if entry["id"] == other][-1]
        found.append((other, name, len(shared), min(years, default=None), max(years, default=None)))
    return sorted(found, key=lambda person: (-person[2], -(person[4] or 0), person[0]))


@pytest.mark.parametrize("seed", range(5))
def test_collaborators_are_counted_and_ordered_as_documented(seed: int) -> None:
    chance = random.Random(seed)
    names = [f"Author {letter}{dot}" for letter in "bcdefgh" for dot in ("", ".")]
    works = [
        stored(
            Work(
                f"arxiv:{number}",
                "T",
                (Author("Ada"), *(Author(name) for name in chance.sample(names, chance.randrange(1, 6)))),
                year=chance.choice([None, 2019, 2020, 2021]),
            )
        )
        for number in range(12)
    ]
    ada = works[0]["researchers"][0]["id"]
    document = researcher(ada, *works)
    expected = collaborators_by_definition(ada, works)
    assert [tuple(person.values()) for person in document["collaborators"]] == expected
    assert document["collaborators_count"] == len(expected)
    assert document["close_collaborators_count"] == sum(person[2] > 1 for person in expected)


def test_building_the_many_authors_of_one_work_takes_little_time() -> None:
    """3,000 authors took 117 s: each had 3,000 co-authors built and sorted one by one."""
    document = stored(Work("local:big", "T", tuple(Author(f"A{number:04} B") for number in range(3_000))))
    work, vectors = IndexedWork(document), {"local:big": [1.0, 0.0]}
    times = []
    for entry in document["researchers"][:60]:
        start = time.process_time()
        researcher_summary(entry["id"], [work], vectors)
        times.append(time.process_time() - start)
    # 1.7 ms here, and 15 ms before.
    assert min(times) < 0.006


def test_stated_forms_of_a_name_are_variants_of_the_researcher() -> None:
    works = [
        stored(Work(f"local:{name}", "A title", (Author(name, "acl:wei", name_variants=("魏蓝星",)),)))
        for name in ("Wei Lanxing", "Lanxing Wei")
    ]
    person = researcher(works[0]["researchers"][0]["id"], *works)
    assert person["name_variants"] == ["Wei Lanxing", "魏蓝星"]
    assert works[0]["authors_truncated"] is None


def test_a_document_has_all_ids_and_references_of_a_work() -> None:
    work = Work("doi:10.1/a", "A", (Author("Ada"),), doi="10.1/a", ids=("pmid:1",), references=("doi:10.1/b",))
    document = stored(work)
    assert (document["ids"], document["references"], document["references_count"]) == (
        ["doi:10.1/a", "pmid:1"],
        ["doi:10.1/b"],
        1,
    )
