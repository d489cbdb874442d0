"""What owners say of works, against clusters as evidence makes them."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from indexer.identity.clusters import Cluster
from indexer.identity.mentions import Mention, MentionKey, WorkFacts
from indexer.identity.overrides import Merge, Overrides, Split
from indexer.identity.statements import Statement, Statements, statements_of
from mappings import DEFAULT_STATE
from tests.indexer.identity.assignment import assign_ids

if TYPE_CHECKING:
    from mappings.documents import PersonState, WorkStatement

Before = dict[MentionKey, str]


def clusters(*groups: str, **fields: Any) -> list[Cluster]:
    """One letter a work, by Wei Wang alone."""
    return [
        Cluster(tuple(Mention(WorkFacts(f"local:{work}"), 1, "Wei Wang", **fields) for work in group))
        for group in groups
    ]


def key(work: str, position: int = 1) -> MentionKey:
    return MentionKey(f"local:{work}", position)


def before(**works: str) -> Before:
    """Researcher -> the letters of their works, turned round."""
    return {key(work): id_ for id_, letters in works.items() for work in letters}


def says(owner: str, mine: str = "", not_mine: str = "", also: tuple[str, ...] = ()) -> Overrides:
    said = [Statement(owner, f"local:{work}", True) for work in mine]
    said += [Statement(owner, f"local:{work}", False) for work in not_mine]
    return Overrides(statements=Statements((owner, *also), tuple(said)))


def shape(found: tuple[Cluster, ...]) -> list[str]:
    return ["".join(mention.work.id[-1] for mention in cluster.mentions) for cluster in found]


def test_what_is_not_theirs_is_split_off_and_stays_so_whatever_evidence_says() -> None:
    overrides, previous = says("one", not_mine="bc"), before(one="abcd", two="e")
    aliases: dict[str, str] = {}
    for evidence in (("abcd", "e"), ("a", "b", "c", "d", "e"), ("abcde",), ("ad", "bce")):
        found = overrides.apply(clusters(*evidence), previous, aliases)
        assert not any({"b", "c"} & set(group) and "a" in group for group in shape(found)), evidence
        assigned = assign_ids(found, previous)
        previous, aliases = assigned.ids, aliases | assigned.redirects
        assert previous[key("a")] == "one"
        assert previous[key("b")] != "one"
        assert previous[key("c")] != "one"


def test_what_is_theirs_too_is_moved_and_stays_so() -> None:
    overrides, previous = says("one", mine="c"), before(one="ab", two="cd", three="e")
    for evidence in (("ab", "cd", "e"), ("ab", "cde"), ("a", "b", "c", "d", "e"), ("abcd", "e")):
        found = overrides.apply(clusters(*evidence), previous, {})
        previous = assign_ids(found, previous).ids
        assert previous[key("c")] == previous[key("a")] == "one", evidence
    assert (
        "confirmed by the owner of the profile" in overrides.apply(clusters("ab", "cd"), previous, {})[0].describe()[-1]
    )


def test_a_researcher_whose_only_work_is_moved_leads_to_the_owner() -> None:
    previous = before(one="ab", two="c")
    found = says("one", mine="c").apply(clusters("ab", "c"), previous, {})
    assert shape(found) == ["abc"]
    assert assign_ids(found, previous).redirects == {"two": "one"}


def test_one_work_that_was_moved_does_not_take_the_owner_along() -> None:
    # `one` has a work of their own, `b`, and the moved `a`, which evidence would have with `c` and `d`.
    found = says("one", mine="a").apply(clusters("acd", "b"), before(one="ab", two="cd"), {})
    assert shape(found) == ["ab", "cd"]


def test_confirming_all_works_still_lets_one_go() -> None:
    found = says("one", mine="ab", not_mine="c").apply(clusters("abc"), before(one="abc"), {})
    assert shape(found) == ["ab", "c"]


def test_the_last_work_is_not_split_off() -> None:
    assert shape(says("one", not_mine="a").apply(clusters("a"), before(one="a"), {})) == ["a"]


def test_a_merged_owner_still_speaks() -> None:
    found = says("old", not_mine="c").apply(clusters("abc"), before(one="abc"), {"old": "one"})
    assert shape(found) == ["ab", "c"]
    assert found[1].barred == {"old", "one"}


@pytest.mark.parametrize(
    ("authors", "moved"),
    [
        (("Li Na", "W. Wang", "Wei Wang"), 3),
        (("Li Na", "W. Wang"), 2),
        (("Li Na", "Ada Lovelace"), None),
    ],
)
def test_the_nearest_name_on_the_work_is_theirs(authors: tuple[str, ...], moved: int | None) -> None:
    on_work = [Cluster((Mention(WorkFacts("local:z"), place, name),)) for place, name in enumerate(authors, 1)]
    found = says("one", mine="z").apply([*clusters("ab"), *on_work], before(one="ab"), {})
    assert [mention.position for mention in found[0].mentions if mention.work.id == "local:z"] == [moved] * bool(moved)


def test_an_orcid_is_not_moved_to_an_owner_whose_works_bear_none() -> None:
    """An admin confirmed the owner; nothing says that the iD on the other record is theirs."""
    own, other = clusters("ab"), clusters("cd", orcid="0000-0002-0000-0006")
    found = says("one", mine="cd").apply([*own, *other], before(one="ab", two="cd"), {})
    assert shape(found) == ["ab", "cd"]


def test_somebody_elses_orcid_is_not_moved() -> None:
    own = clusters("ab", orcid="0000-0001-0000-0009")
    other = clusters("c", orcid="0000-0002-0000-0006")
    assert shape(says("one", mine="c").apply([*own, *other], before(one="ab", two="c"), {})) == ["ab", "c"]
    assert shape(says("one", mine="c").apply([*own, *clusters("c")], before(one="ab", two="c"), {})) == ["abc"]


def test_another_owners_work_is_moved_only_when_they_let_it_go() -> None:
    held = says("one", mine="c", also=("two",))
    assert shape(held.apply(clusters("ab", "cd"), before(one="ab", two="cd"), {})) == ["ab", "cd"]
    both = Statements(("one", "two"), (*held.statements.statements, Statement("two", "local:c", False)))
    assert shape(Overrides(statements=both).apply(clusters("ab", "cd"), before(one="ab", two="cd"), {})) == ["abc", "d"]


def test_the_first_of_two_owners_who_want_a_work_gets_it() -> None:
    said = (Statement("two", "local:c", True, "2024-02"), Statement("one", "local:c", True, "2024-01"))
    overrides = Overrides(statements=Statements(("one", "two"), said))
    for given in (clusters("ab", "c", "de"), clusters("de", "c", "ab")):
        assert shape(overrides.apply(given, before(one="ab", two="de"), {})) == ["abc", "de"]


def test_overrides_win_over_owners() -> None:
    said = says("one", mine="d", not_mine="b").statements
    split = Split("one", (key("d"),), "told us")
    merge = Merge((), (key("a"), key("b")), "told us")
    found = Overrides((merge,), (split,), said).apply(clusters("ab", "cd"), before(one="ab", two="cd"), {})
    assert shape(found) == ["ab", "c", "d"]
    by_id = Overrides((Merge(("one", "two"), (), "told us"),), (), said)
    assert shape(by_id.apply(clusters("ab", "cd"), before(one="ab", two="cd"), {})) == ["abcd"]


def test_works_and_owners_that_are_not_there_are_passed_over() -> None:
    found = says("nobody", mine="a", not_mine="b").apply(clusters("ab"), before(one="ab"), {})
    assert shape(found) == ["ab"]
    assert shape(says("one", mine="z", not_mine="y").apply(clusters("ab"), before(one="ab"), {})) == ["ab"]


def test_they_reach_the_process_that_resolves() -> None:
    overrides = says("one", mine="a", not_mine="b")
    assert pickle.loads(pickle.dumps(overrides)) == overrides


def test_statements_are_read_from_the_states_of_owners() -> None:
    statement: WorkStatement = {"work_id": "local:a", "is_mine": False, "at": "2024-01-01T00:00:00+00:00"}
    one: PersonState = {**DEFAULT_STATE, "researcher_id": "one", "statements": [statement]}
    two: PersonState = {**DEFAULT_STATE, "researcher_id": "two", "statements": []}
    found = statements_of([one, two])
    assert found.owners == ("one", "two")
    assert found.statements == (Statement("one", "local:a", False, "2024-01-01T00:00:00+00:00"),)


def test_statements_follow_the_ids_of_merged_works() -> None:
    made = (
        Statement("one", "local:a", is_mine=True, at="2026-01-01"),
        Statement("one", "local:b", is_mine=False, at="2026-01-02"),
        Statement("two", "local:c", is_mine=False, at="2026-01-02"),
    )
    followed = Statements(("one", "two"), made).follow(lambda id_: "local:b" if id_ == "local:a" else id_)
    assert followed.statements == (made[1], made[2])
    assert followed.owners == ("one", "two")
