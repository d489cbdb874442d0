from __future__ import annotations

from indexer.identity import researcher_id
from indexer.identity.clusters import Cluster
from indexer.identity.mentions import Mention, MentionKey, WorkFacts
from tests.indexer.identity.assignment import assign_ids


def cluster(*works: str, name: str = "Wei Wang", source_id: str | None = None, barred: tuple[str, ...] = ()) -> Cluster:
    mentions = tuple(Mention(WorkFacts(work), 1, name, source_id) for work in sorted(works))
    return Cluster(mentions, (), frozenset(barred))


def key(work: str) -> MentionKey:
    return MentionKey(work, 1)


def test_a_new_cluster_has_the_id_of_its_strong_id_else_of_its_name() -> None:
    assert assign_ids([cluster("a")], {}).ids[key("a")] == researcher_id("name:wei wang")
    assert assign_ids([cluster("a", source_id="acl:w")], {}).ids[key("a")] == researcher_id("acl:w")


def test_namesakes_have_readable_ids_that_differ_and_do_not_depend_on_order() -> None:
    clusters = [cluster("a"), cluster("b"), cluster("c")]
    found = assign_ids(clusters, {}).ids
    assert found[key("a")] == researcher_id("name:wei wang")
    assert len(set(found.values())) == 3
    assert all(id_.startswith("wei-wang-") for id_ in found.values())
    assert assign_ids(clusters[::-1], {}).ids == found


def test_ids_stay_when_works_are_added() -> None:
    before = assign_ids([cluster("b", "c"), cluster("d")], {}).ids
    # `a` comes first now, which would have had the plain id in a first run.
    after = assign_ids([cluster("b", "c"), cluster("d", "e"), cluster("a")], before)
    assert {id_: after.ids[id_] for id_ in before} == before
    assert after.ids[key("e")] == before[key("d")]
    assert after.ids[key("a")] not in before.values()
    assert not after.redirects


def test_a_merged_id_becomes_an_alias_of_the_one_with_more_mentions() -> None:
    before = {key("a"): "small", key("b"): "large", key("c"): "large"}
    found = assign_ids([cluster("a", "b", "c")], before)
    assert set(found.ids.values()) == {"large"}
    assert found.redirects == {"small": "large"}


def test_when_a_cluster_falls_in_two_the_larger_part_keeps_the_id() -> None:
    before = {key(work): "old" for work in "abc"}
    found = assign_ids([cluster("a"), cluster("b", "c")], before)
    assert found.ids[key("b")] == "old"
    assert found.ids[key("a")] == researcher_id("name:wei wang")
    assert not found.redirects


def test_an_id_in_use_elsewhere_is_given_to_nobody() -> None:
    plain = researcher_id("name:wei wang")
    found = assign_ids([cluster("a"), cluster("b")], {key("b"): "there"}, taken={plain, "there"})
    assert not {plain, "there"} & set(found.ids.values())


def test_what_was_split_off_cannot_have_the_old_id() -> None:
    before = {key(work): "old" for work in "abc"}
    found = assign_ids([cluster("a"), cluster("b", "c", barred=("old",))], before)
    assert found.ids[key("a")] == "old"
    assert found.ids[key("b")] != "old"
