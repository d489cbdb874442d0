"""Bodies of work out of an answer: short vectors become unit vectors again, and joint works can be left out."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from mappings import IndexNames
from search_api.researchers.background import Background
from search_api.researchers.oeuvre import Oeuvre, closest_works, known_topics, oeuvres, read_oeuvres
from search_api.researchers.similar import DIGITS, Comparison
from search_api.retrieval import authorships, ranking
from search_api.retrieval.authorships import read_authorships
from search_api.retrieval.vectors import KnownVectors, VectorStore


def short(vector: Any) -> str:
    values = np.asarray(vector, np.float64)
    return b64encode(np.round(values * 127 / max(np.abs(values).max(), 1e-9)).astype(np.int8).tobytes()).decode()


def hit(id_: str, people: list[str], vector: Any) -> dict[str, Any]:
    return {"fields": {"id": [id_], "researchers.id": people, "short": [short(vector)]}}


def test_a_short_vector_keeps_its_direction() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    read = Oeuvre.from_hits([hit(str(row), ["me"], vector) for row, vector in enumerate(vectors)]).vectors
    assert read.dtype == np.float32
    assert np.linalg.norm(read, axis=1) == pytest.approx(1.0, abs=1e-6)
    assert (read * vectors).sum(axis=1) == pytest.approx(1.0, abs=2e-4)
    assert read @ read.T == pytest.approx(vectors @ vectors.T, abs=5e-3)


def test_a_vector_without_direction_is_no_error() -> None:
    assert Oeuvre.from_hits([hit("w", ["me"], [0, 0])]).vectors.tolist() == [[0, 0]]


def test_works_that_both_wrote_are_left_out() -> None:
    mine = Oeuvre.from_hits([hit("both", ["me", "you"], [1, 0]), hit("own", ["me"], [0, 1])])
    assert mine.without("you").ids == ["own"]
    assert mine.without("you").vectors.tolist() == [[0, 1]]
    assert mine.without("stranger") is mine
    assert mine.without("me").ids == []


def test_every_researcher_of_the_answer_has_their_works() -> None:
    buckets = [{"key": "me", "works": {"hits": {"hits": [hit("a", ["me"], [1, 0]), hit("b", ["me"], [0, 1])]}}}]
    found = oeuvres({"aggregations": {"researchers": {"buckets": buckets}}})
    assert list(found) == ["me"]
    assert found["me"].ids == ["a", "b"]


class Samples:
    """Answers to requests for works of researchers, from one generation."""

    def __init__(self, known: KnownVectors | None) -> None:
        self.names = IndexNames("t-")
        self.asked: list[dict[str, Any]] = []
        self.store = VectorStore()
        self.store.known = known

    def shared(self, _: Any) -> VectorStore:
        return self.store

    def search_together(self, searches: Any) -> list[dict[str, Any]]:
        self.asked += [body for _, body in searches]
        hits = [{"_index": "works-1", **hit("a", ["me"], [1, 0])}, {"_index": "works-1", **hit("b", ["me"], [0, 1])}]
        buckets = [{"key": "me", "works": {"hits": {"hits": hits}}}]
        return [{"aggregations": {"researchers": {"buckets": buckets}}} for _ in searches]


@pytest.mark.parametrize(
    ("generation", "ids", "requests"), [("works-1", "ab", 1), ("works-2", "ab", 2), ("works-1", "a", 2)]
)
def test_vectors_in_memory_are_not_requested_unless_the_works_are_others(
    generation: str, ids: str, requests: int
) -> None:
    known = KnownVectors(generation, list(ids), np.array([[5, 0], [0, 5]], np.int8)[: len(ids)])
    there = Samples(known)
    (works,) = read_oeuvres(cast("Any", there), [(["me"], 3)], "works-1")
    assert works["me"].vectors.tolist() == [[1, 0], [0, 1]]
    assert ["script_fields" in str(body) for body in there.asked] == [False, True][:requests]


class Collection:
    """Answers as OpenSearch does from works with authors, topics and a chance to be drawn; counts requests."""

    def __init__(self, works: dict[str, tuple[list[str], list[str], float]]) -> None:
        self.works, self.names, self.requests = works, IndexNames("t-"), 0
        self.client = self
        self.store = VectorStore()
        rows = np.random.default_rng(3).integers(-127, 128, (len(works), 8)).astype(np.int8)
        self.vectors = dict(zip(works, rows, strict=True))

    def shared(self, _: Any) -> VectorStore:
        return self.store

    def count(self, *, index: str) -> dict[str, int]:
        assert index == "works-1"
        return {"count": len(self.works)}

    def hit(self, id_: str) -> dict[str, Any]:
        authors, topics, chance = self.works[id_]
        fields = hit(id_, authors, self.vectors[id_])["fields"] | ({"topics.id": topics} if topics else {})
        return {"_index": "works-1", "_score": chance, "fields": fields}

    def search(self, _: str, body: dict[str, Any]) -> dict[str, Any]:
        ids = body["query"]["bool"]["filter"][0]["terms"]["id"]
        return {"hits": {"hits": [self.hit(id_) for id_ in reversed(ids)]}}

    def search_together(self, searches: Any) -> list[dict[str, Any]]:
        self.requests += 1
        return [self.sampled(body) for _, body in searches]

    def sampled(self, body: dict[str, Any]) -> dict[str, Any]:
        people = body["aggs"]["researchers"]
        buckets = []
        for id_ in people["terms"]["include"]:
            theirs = sorted((-work[2], key) for key, work in self.works.items() if id_ in work[0])
            drawn = [self.hit(key) for _, key in theirs[: people["aggs"]["works"]["top_hits"]["size"]]]
            if drawn:
                buckets.append((-len(theirs), {"key": id_, "works": {"hits": {"hits": drawn}}}))
        buckets.sort(key=lambda bucket: (bucket[0], bucket[1]["key"]))
        return {"aggregations": {"researchers": {"buckets": [bucket for _, bucket in buckets]}}}


def test_works_in_memory_are_those_that_requests_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorships, "BATCH", 7)
    rng = np.random.default_rng(5)
    people = [f"p{number}" for number in range(9)]
    there = Collection(
        {
            f"w{number:02}": (
                sorted(set(rng.choice(people, 3))),
                sorted(set(rng.choice(["a", "b", "c"], rng.integers(0, 3)))),
                float(np.float32(rng.choice([0.25, 0.5, 0.125, rng.random()]))),
            )
            for number in range(40)
        }
    )
    ids = list(there.works)
    known = KnownVectors("works-1", ids, np.array(list(there.vectors.values())))
    there.store.known = replace(known, authorships=read_authorships(cast("Any", there), "works-1", ids))
    samples: list[tuple[list[str], int]] = [(["p3"], 100), ([], 5), ([*people[4:], "unknown", *people[:2]], 5)]
    in_memory = read_oeuvres(cast("Any", there), samples, "works-1")
    assert there.requests == 0
    requested = read_oeuvres(cast("Any", there), samples, "works-2")
    assert there.requests == 1
    topics = known_topics(cast("Any", there), ["p3", "unknown"], "works-1")
    on = [work[1] for work in there.works.values() if "p3" in work[0]]
    counts = Counter(topic for of_work in on for topic in of_work)
    assert {topic["id"]: topic["count"] for topic in topics["p3"]["topics"]} == counts
    assert [topics[id_]["works_count"] for id_ in ("p3", "unknown")] == [len(on), 0]
    assert known_topics(cast("Any", there), ["p3"], "works-2") == {}
    compared = {*samples[0][0], *samples[2][0]}
    for group, other in zip(in_memory, requested, strict=True):
        assert list(group) == list(other)
        for mine, theirs in zip(group.values(), other.values(), strict=True):
            assert mine.ids == theirs.ids
            assert np.array_equal(mine.vectors, theirs.vectors)
            assert list(map(set, mine.topics)) == list(map(set, theirs.topics))
            assert mine.authors == [set(authors) & compared for authors in theirs.authors]


def test_authorships_of_a_part_of_the_works_are_not_kept() -> None:
    there = Collection({"a": (["me"], [], 0.5), "b": (["me"], [], 0.5)})
    assert read_authorships(cast("Any", there), "works-1", ["a"]) is None


def test_a_joint_work_is_compared_with_other_works_but_not_with_itself() -> None:
    mine = Oeuvre.from_hits([hit("own", ["me"], [1, 1]), hit("both", ["me", "you"], [1, 0])])
    yours = Oeuvre.from_hits([hit("both", ["me", "you"], [1, 0])])
    copy = Oeuvre.from_hits([hit("copy", ["other"], [1, 0])])
    far = Oeuvre.from_hits([hit("x", ["far"], [0, -1])])
    comparison = Comparison(Background(far), {"me": mine}, {"you": yours, "other": copy, "far": far})
    similarity = {id_: comparison.similarity("me", id_) for id_ in ("you", "other", "far")}
    assert 0 < similarity["far"] < similarity["you"] < similarity["other"] < 1


def test_who_has_one_work_and_that_together_is_similar_by_centre_and_topics() -> None:
    both = Oeuvre.from_hits([hit("both", ["me", "you"], [1, 0])])
    comparison = Comparison(Background(Oeuvre.from_hits([])), {"me": both}, {"you": both})
    nothing = ranking.ALL_TOGETHER
    assert comparison.similarity("me", "you") == pytest.approx(
        ranking.person_score(nothing, nothing, 0.0, 1.0), abs=10**-DIGITS
    )


def test_who_has_the_same_works_has_the_same_score() -> None:
    vectors = np.random.default_rng(1).normal(size=(60, 384))

    def works(name: str, first: int, last: int) -> Oeuvre:
        return Oeuvre.from_hits([hit(f"{name}{row}", [name], vectors[row]) for row in range(first, last)])

    # Between the two are works of others, so that their columns are elsewhere in the product.
    others = {"a": works("a", 20, 27), "b": works("b", 30, 60), "c": works("c", 20, 27)}
    comparison = Comparison(Background(works("x", 30, 60)), {"me": works("me", 0, 20)}, others)
    assert comparison.similarity("me", "a") == comparison.similarity("me", "c") != comparison.similarity("me", "b")


def test_no_pair_of_works_without_works() -> None:
    mine = Oeuvre.from_hits([hit("own", ["me"], [0, 1])])
    none = Oeuvre.from_hits([hit("x", ["you"], [0, 1])]).without("you")
    assert closest_works(mine, none) == []
    ((first, second, likeness, _),) = closest_works(mine, mine)
    assert (first, second) == ("own", "own")
    assert likeness == pytest.approx(1.0)


def test_density_is_that_of_the_nearest_works_without_the_work_itself() -> None:
    sample = Oeuvre.from_hits([hit(str(row), ["x"], vector) for row, vector in enumerate(np.eye(5))])
    background = Background(sample)
    assert background.density(sample) == pytest.approx(np.zeros(5), abs=1e-6)
    near = Oeuvre.from_hits([hit("new", ["me"], [1, 1, 1, 0, 0])])
    assert background.density(near) == pytest.approx([3**-0.5], abs=1e-2)
    assert Background(Oeuvre.from_hits([])).density(near) == pytest.approx([0])
    empty = Oeuvre.from_hits([])
    together = background.densities({"a": near, "b": empty, "c": sample})
    assert list(together) == ["a", "b", "c"]
    assert together["a"] == pytest.approx(background.density(near), abs=1e-6)
    assert together["b"].shape == (0,)
    assert together["c"] == pytest.approx(background.density(sample), abs=1e-6)
    assert background.densities({"b": empty})["b"].shape == (0,)


def test_rare_topics_weigh_more_and_one_that_all_works_have_nothing() -> None:
    def on(number: int, *topics: str) -> dict[str, Any]:
        one = hit(str(number), ["x"], [1, 0])
        return {"fields": {**one["fields"], "topics.id": list(topics)}}

    background = Background(Oeuvre.from_hits([on(row, "all", *(["often"] if row % 2 else [])) for row in range(10)]))
    works = Oeuvre.from_hits([on(20, "all", "often", "rare"), on(21, "all")])
    weights = background.topic_weights(works)
    assert weights["rare"] > weights["often"] > weights.get("all", 0) >= 0
    assert background.topic_weights(works)["rare"] == pytest.approx(np.log(11 / 0.5) / 2)
