"""The graph around a thing, from works that are made up: who is in it, what joins whom, and what is left out."""

from __future__ import annotations

from typing import Any

import pytest

from search_api.graphs.around import KINDS, Graph, fair, unique_ids

CENTRE = ("researcher", "me")


def work(id_: str, people: list[str], topics: list[str] | None = None, place: str | None = None) -> dict[str, Any]:
    """A work whose first author is at `place`."""
    return {
        "id": id_,
        "title": f"On {id_}",
        "researchers": [
            {"id": one, "name": one.title(), "institution_id": place if not n else None} for n, one in enumerate(people)
        ],
        "topics": [{"id": one, "name": one} for one in topics or []],
        "institutions": [{"id": place, "name": place}] if place else [],
    }


def graph(*works: Any) -> Graph:
    made = Graph(CENTRE, {CENTRE: "Me"})
    for one in works:
        made.add(one, 1.0)
    return made


def test_everything_that_a_work_names_is_joined_by_its_kind_of_edge() -> None:
    drawn = graph(work("w1", ["me", "you"], ["t"], "uni")).chosen(1, 60, KINDS)
    assert (drawn["nodes"][0]["id"], drawn["nodes"][0]["kind"]) == CENTRE[::-1]
    assert {(edge["source"], edge["target"], edge["kind"]) for edge in drawn["edges"]} == {
        ("me", "w1", "wrote"),
        ("you", "w1", "wrote"),
        ("me", "you", "collaborates"),
        ("me", "t", "about"),
        ("you", "t", "about"),
        ("w1", "t", "about"),
        ("me", "uni", "affiliated"),
    }


def test_edges_count_works_and_the_closest_come_first() -> None:
    drawn = graph(work("w1", ["me", "a"]), work("w2", ["me", "b"]), work("w3", ["me", "b"])).chosen(
        1, 60, ["researcher"]
    )
    assert [node["id"] for node in drawn["nodes"]] == ["me", "b", "a"]
    assert [node["weight"] for node in drawn["nodes"]] == [1.0, 1.0, 0.5]
    assert {edge["target"]: edge["weight"] for edge in drawn["edges"] if edge["source"] == "b"} == {"me": 2}


def test_a_work_is_counted_once() -> None:
    drawn = graph(work("w1", ["me", "a"]), work("w1", ["me", "a"])).chosen(1, 60, ["researcher"])
    assert drawn["edges"][0]["weight"] == 1


def test_depth_is_the_number_of_steps_from_the_centre() -> None:
    made = graph(work("w1", ["me", "a"]), work("w2", ["a", "stranger"], ["theirs"]))
    near = {node["id"] for node in made.chosen(1, 60, KINDS)["nodes"]}
    assert near == {"me", "a", "w1"}
    assert {node["id"] for node in made.chosen(2, 60, KINDS)["nodes"]} == near | {"w2", "stranger", "theirs"}


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("depth", [1, 2])
def test_the_limit_is_kept_and_every_node_hangs_on_the_centre(limit: int, depth: int) -> None:
    works = [work(f"w{n}", ["me", f"p{n % 5}", f"q{n}"], [f"t{n % 3}"]) for n in range(12)]
    works += [work(f"x{n}", [f"p{n % 5}", f"far{n}"]) for n in range(12)]
    drawn = graph(*works).chosen(depth, limit, KINDS)
    ids = [node["id"] for node in drawn["nodes"]]
    assert len(ids) == len(set(ids)) == limit
    assert all({edge["source"], edge["target"]} <= set(ids) for edge in drawn["edges"])
    reached = {"me"}
    for _ in range(depth):
        ends = [{edge["source"], edge["target"]} for edge in drawn["edges"]]
        reached |= {one for pair in ends if pair & reached for one in pair}
    assert reached == set(ids)


def test_no_kind_takes_all_the_places() -> None:
    works = [("work", f"w{n}") for n in range(50)]
    kept = fair([*works, ("topic", "t"), ("researcher", "r")], 10)
    assert {kind for kind, _ in kept} == {"work", "topic", "researcher"}
    assert len(kept) == 10
    assert len(fair(works, 10)) == 10


def test_three_thousand_authors_become_fifty_and_the_centre() -> None:
    crowd = graph(work("w", [*(f"p{n}" for n in range(3_000)), "me"]))
    people = [thing for thing in crowd.weights if thing[0] == "researcher"]
    assert len(people) == 51
    assert CENTRE in people


def test_two_kinds_with_one_id_stay_two_nodes() -> None:
    names = unique_ids([("researcher", "x"), ("topic", "x"), ("topic", "y")])
    assert list(names.values()) == ["x", "topic:x", "y"]
