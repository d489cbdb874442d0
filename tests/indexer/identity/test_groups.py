from __future__ import annotations

from indexer.identity.groups import identity_of, supporting
from tests.indexer.identity.build import Author, common, crowd, resolved, same, work


def test_groups_of_works_are_explained_and_the_weakest_join_gives_the_confidence() -> None:
    works = [
        work(f"{side}{n}", "Graham Neubig", friend, title=f"Of {friend}")
        for side, friend in (("a", "Nora Quist"), ("b", "Olaf Pint"))
        for n in "12"
    ]
    found = resolved(works, crowd())
    (cluster,) = [cluster for cluster in found.clusters if cluster.mentions[0].name == "Graham Neubig"]
    identity = identity_of(cluster)
    assert sorted(id_ for group in identity["groups"] for id_ in group["works"]) == [
        f"local:{s}{n}" for s in "ab" for n in "12"
    ]
    assert identity["groups"][0]["works"] == ["local:a1", "local:a2"]
    assert "shared co-authors: nora quist" in identity["groups"][0]["evidence"]
    assert identity["groups"][0]["evidence"][-1].startswith("linked to the other works: same name, rare here")
    assert 0.5 < identity["confidence"] < 1
    assert all(" (+" not in phrase for link in cluster.links for phrase in supporting(link))


def test_a_single_work_and_works_with_one_id_are_certain() -> None:
    one = resolved([work("a", Author("Ann Tal", "acl:1")), work("b", Author("Ann B. Tal", "acl:1"))], crowd())
    (cluster,) = one.clusters
    assert identity_of(cluster) == {
        "groups": [{"works": ["local:a", "local:b"], "evidence": ["same id: acl:1"]}],
        "confidence": 1.0,
    }
    (alone,) = resolved([work("a", "Ann Tal")], crowd()).clusters
    assert identity_of(alone) == {"groups": [{"works": ["local:a"], "evidence": []}], "confidence": 1.0}


def test_one_orcid_on_all_authors_of_a_work_is_no_evidence() -> None:
    orcid = "0000-0002-1825-0097"
    works = [
        work(
            "a", Author("Ida Lind", None, orcid), Author("Tomasz Birch", None, orcid), Author("Eva Roth", None, orcid)
        ),
        work("b", Author("Tomasz Birch", None, orcid)),
        work("c", Author("Eva Roth", None, orcid), "Nora Quist"),
    ]
    found = resolved(works, crowd())
    assert not same(found, "a#1", "b#1")
    assert not same(found, "b#1", "c#1")
    # The name is rare, so the second work is that of the author with this name.
    assert same(found, "a#2", "b#1")


def test_an_id_under_unrelated_names_is_questioned() -> None:
    works = [
        work("a", Author("Ann Tal", None, "0000-0002-1825-0097")),
        work("b", Author("Bo Zut", None, "0000-0002-1825-0097")),
    ]
    found = resolved(works, crowd())
    assert not same(found, "a#1", "b#1")
    assert "same id 0000-0002-1825-0097, but the names or other ids contradict" in found.probable_duplicates[0].evidence


def test_openalex_splits_are_merged_with_overwhelming_evidence_only() -> None:
    def by(id_: str, source_id: str, place: str, *friends: str, title: str) -> list[object]:
        return work(id_, Author("Maria Oquendo", source_id, None, place), *friends, title=title)  # type: ignore[return-value]

    works = [
        by("a", "openalex:A1", "Hospital of Utrecht", "Nora Quist", "Olaf Pint", title="Fish in ponds"),
        by("b", "openalex:A2", "Hospital of Utrecht", "Nora Quist", "Olaf Pint", title="Fish in lakes"),
        by("c", "openalex:A3", "Mayo Clinic", "Ann Other", title="Parsing treebanks"),
    ]
    found = resolved(works, crowd())  # type: ignore[arg-type]
    assert same(found, "a#1", "b#1")
    assert not same(found, "a#1", "c#1")
    curated = [work(id_, Author("Maria Oquendo", f"acl:{id_}"), "Nora Quist", "Olaf Pint") for id_ in "ab"]
    assert not same(resolved(curated, crowd()), "a#1", "b#1")


def test_co_authors_who_wrote_with_each_other_join_namesakes_of_a_common_name() -> None:
    works = [work("a", "Wei Wang", "Nora Quist"), work("b", "Wei Wang", "Olaf Pint")]
    others = common("Wei", "Wang")
    assert not same(resolved(works, others), "a#1", "b#1")
    joint = [work(f"x{n}", "Nora Quist", "Olaf Pint") for n in range(3)]
    assert same(resolved(works, [*others, *joint]), "a#1", "b#1")
