from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from indexer.identity import resolve
from indexer.identity.context import context_of
from indexer.identity.groups import supporting
from indexer.identity.resolve import resolve_block
from indexer.identity.weights import Weights
from tests.indexer.identity.build import Author, common, crowd, groups, resolved, same, work

if TYPE_CHECKING:
    from indexer.identity.mentions import Mention


def test_a_rare_name_is_one_person() -> None:
    found = resolved([work("a", "Graham Neubig", "Ann Other"), work("b", "Graham Neubig")], crowd())
    assert same(found, "a#1", "b#1")


def test_a_common_name_needs_evidence() -> None:
    works = [
        work("a", "Wei Wang", "Rare Friend", title="Parsing treebanks"),
        work("b", "Wei Wang", "Rare Friend", title="Parsing treebanks again"),
        work("c", "Wei Wang", "Someone Else", title="Fish in ponds"),
    ]
    found = resolved(works, common("Wei", "Wang"))
    assert same(found, "a#1", "b#1")
    assert not same(found, "a#1", "c#1")


def test_homonyms_of_other_fields_and_institutions_stay_apart() -> None:
    def by(id_: str, topic: str, place: str, friend: str) -> list[Mention]:
        author = Author("Yang Liu", None, None, place)
        return work(id_, author, friend, title=f"Words of {topic}", topics=((topic, None),), year=2020)

    works = [
        by("a", "cs.CL", "University of Utrecht", "Nora Quist"),
        by("b", "cs.CL", "University of Utrecht", "Nora Quist"),
        by("c", "q-bio.PE", "Mayo Clinic", "Olaf Pint"),
        by("d", "q-bio.PE", "Mayo Clinic", "Olaf Pint"),
    ]
    found = resolved(works, common("Yang", "Liu"))
    assert same(found, "a#1", "b#1")
    assert same(found, "c#1", "d#1")
    assert not same(found, "a#1", "c#1")


def test_john_j_and_james_do_not_chain() -> None:
    works = [
        work("a", "John Smith", "Nora Quist", "Olaf Pint"),
        work("b", "J. Smith", "Nora Quist", "Olaf Pint"),
        work("c", "James Smith", "Nora Quist", "Olaf Pint"),
    ]
    found = resolved(works, crowd())
    assert not same(found, "a#1", "c#1")
    assert same(found, "a#1", "b#1") or same(found, "b#1", "c#1")


@pytest.mark.parametrize("printed", ["Bob Frankel", "Robert A. Frankel", "R. Frankel", "Frankel Robert"])
def test_other_forms_of_the_name_are_joined_with_evidence(printed: str) -> None:
    works = [work("a", "Robert Frankel", "Nora Quist", "Olaf Pint"), work("b", printed, "Nora Quist", "Olaf Pint")]
    assert same(resolved(works, crowd()), "a#1", "b#1")


def test_two_ids_of_one_scheme_never_merge() -> None:
    works = [
        work("a", Author("Graham Neubig", "acl:one"), "Nora Quist"),
        work("b", Author("Graham Neubig", "acl:two"), "Nora Quist"),
        work("c", Author("Graham Neubig", None, "0000-0002-1825-0097"), "Nora Quist"),
    ]
    found = resolved(works, crowd())
    assert not same(found, "a#1", "b#1")
    assert same(found, "a#1", "c#1") != same(found, "b#1", "c#1")


def test_one_id_is_one_person_whatever_the_name() -> None:
    works = [
        work("a", Author("Laura Wendlandt", "acl:laura"), title="Fish"),
        work("b", Author("Laura Burdick", "acl:laura"), title="Stars"),
        work("c", "Laura Burdick", title="Stars too"),
    ]
    found = resolved(works, crowd())
    assert same(found, "a#1", "b#1")
    assert same(found, "b#1", "c#1")


def test_an_orcid_on_two_people_joins_no_two_ids() -> None:
    orcid = "0000-0002-1825-0097"
    works = [work("a", Author("Ann Tal", "acl:one", orcid)), work("b", Author("Ann Tal", "acl:two", orcid))]
    assert not same(resolved(works, crowd()), "a#1", "b#1")


def test_two_authors_of_one_work_are_two_people() -> None:
    found = resolved([work("a", "Graham Neubig", "Graham Neubig", "Nora Quist")], crowd())
    assert not same(found, "a#1", "a#2")


def test_the_order_of_the_input_is_nothing() -> None:
    works = [
        work(f"{number}", name, friend, title=title)
        for number, (name, friend, title) in enumerate(
            (name, friend, title)
            for name in ("Wei Wang", "W. Wang", "Wei B. Wang", "Wen Wang", "Wang Wei")
            for friend in ("Nora Quist", "Olaf Pint", "N. Quist")
            for title in ("Parsing treebanks", "Fish in ponds")
        )
    ]
    others = common("Wei", "Wang")
    expected = resolved(works, others)
    for seed in range(5):
        shuffled = random.Random(seed).sample(works, len(works))
        found = resolved(shuffled, others)
        assert groups(found) == groups(expected)
        assert found.probable_duplicates == expected.probable_duplicates
        assert [cluster.links for cluster in found.clusters] == [cluster.links for cluster in expected.clusters]


def test_what_falls_just_short_is_listed() -> None:
    works = [
        work("a", "Wei Wang", "Nora Quist", title="Parsing treebanks"),
        work("b", "Wei Wang", "Olaf Pint", title="Fish in ponds"),
    ]
    weights = Weights(review=20.0)
    context = context_of([*works, *common("Wei", "Wang")])
    found = resolve_block([works[0][0], works[1][0]], weights, context)
    assert len(found.clusters) == 2
    (link,) = found.probable_duplicates
    assert link.score < weights.threshold


def test_a_pair_that_only_an_automatic_id_separates_is_listed() -> None:
    works = [
        work("a", Author("Graham Neubig", "openalex:A1"), title="Parsing treebanks"),
        work("b", Author("Graham Neubig", "openalex:A2"), title="Parsing treebanks again"),
        work("c", Author("Graham Neubig", "acl:graham-neubig"), "Nora Quist", title="Parsing"),
        work("d", Author("Graham Neubig", "acl:graham-neubig-2"), "Olaf Pint", title="Fish"),
    ]
    weights = Weights(other_automatic_id=40.0, other_id=41.0)
    context = context_of([*works, *crowd()])
    found = resolve_block([works[0][0], works[1][0]], weights, context)
    (link,) = found.probable_duplicates
    assert link.score < weights.threshold - weights.review
    assert "different ids in openalex" in link.evidence
    # Curators who assigned two ids have looked.
    assert resolve_block([works[2][0], works[3][0]], weights, context).probable_duplicates == ()


def test_a_name_that_a_work_lists_twice_is_two_people_and_listed_for_a_decision() -> None:
    works = [
        work("a", "Graham Neubig", "Nora Quist", "Graham Neubig", "G. Neubig", "Olaf Pint"),
        work("b", "Graham Neubig", "Nora Quist"),
    ]
    found = resolved(works, crowd())
    assert not same(found, "a#1", "a#3")
    (link,) = [link for link in found.probable_duplicates if "one work lists the name twice: local:a" in link.evidence]
    assert {link.left.name, link.right.name} == {"Graham Neubig"}
    assert "one work lists the name twice: local:a" in supporting(link)


def test_a_giant_block_is_linked_by_representatives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "MAX_MENTIONS", 150)
    works = [work(f"{n:04}", "Wei Wang", f"Friend{n // 2} Quist{n // 2}") for n in range(400)]
    context = context_of([*works, *common("Wei", "Wang")])
    mentions = [mentions[0] for mentions in works]
    assert len(resolve_block(mentions, Weights(), context).clusters) == 200
