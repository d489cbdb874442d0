from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from indexer.build.documents import work_document
from indexer.build.researchers import mean_embedding, researcher_document
from indexer.records import Author, Work, content_hash, topic_name, topic_parent
from mappings.indices import load

WORK = Work(
    "arxiv:1",
    "A title",
    (Author("Ada", affiliation="Here; There"), Author("Bob"), Author("Cy")),
    year=2020,
    topics=(("cs.LG", None),),
)


def test_a_document_fits_its_strict_mapping() -> None:
    document = work_document(WORK)
    fields = load("works")["properties"]
    assert document.keys() <= fields.keys()
    for part in ("topics", "researchers", "institutions"):
        assert document[part][0].keys() <= fields[part]["properties"].keys()


def test_a_document_names_topics_researchers_and_institutions() -> None:
    document = work_document(WORK)
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
def test_the_hash_follows_every_field_and_the_model(other: Work) -> None:
    assert content_hash(WORK, "m") == content_hash(replace(WORK), "m")
    assert content_hash(other, "m") != content_hash(WORK, "m")
    assert content_hash(WORK, "n") != content_hash(WORK, "m")


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


def stored(work: Work, vector: list[float]) -> dict[str, object]:
    return {**work_document(work), "embedding": vector}


def test_a_researcher_is_what_their_works_say() -> None:
    one = stored(WORK, [1.0, 0.0])
    two = stored(
        Work("arxiv:2", "Later", (Author("Ada"), Author("Bob")), year=2022, topics=(("cs.LG", None), ("cs.CL", None))),
        [0.0, 1.0],
    )
    ada = one["researchers"][0]["id"]  # type: ignore[index]
    document = researcher_document(ada, [one, two])
    assert document == researcher_document(ada, [two, one])
    assert document.keys() <= load("researchers")["properties"].keys()
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


def test_the_most_frequent_then_fullest_form_of_a_name_is_shown() -> None:
    works = [stored(Work(f"arxiv:{n}", "T", (Author(name),)), [1.0, 0.0]) for n, name in enumerate(["J Doe", "J. Doe"])]
    document = researcher_document(works[0]["researchers"][0]["id"], works)  # type: ignore[index]
    assert (document["name"], document["name_variants"]) == ("J. Doe", ["J Doe"])
    assert document["first_year"] is None


def test_someone_named_twice_on_a_work_is_not_their_own_collaborator() -> None:
    work = stored(Work("arxiv:1", "T", (Author("A B"), Author("A. B."), Author("C D"), Author("C. D."))), [1.0, 0.0])
    document = researcher_document(work["researchers"][0]["id"], [work])  # type: ignore[index]
    assert [(person["works"]) for person in document["collaborators"]] == [1]
    assert document["works_count"] == 1


def test_the_mean_of_opposite_vectors_still_points_somewhere() -> None:
    assert mean_embedding([[1.0, 0.0], [-1.0, 0.0]]) == [1.0, 0.0]


def test_a_source_may_say_what_stands_above_a_topic() -> None:
    work = replace(WORK, topics=(("T1", "Sparse Coding"), ("T2", None)), topic_parents=(("Neuroscience", "Life"), ()))
    assert [(topic["name"], topic["parents"]) for topic in work_document(work)["topics"]] == [
        ("Sparse Coding", ["Neuroscience", "Life"]),
        ("T2", []),
    ]
