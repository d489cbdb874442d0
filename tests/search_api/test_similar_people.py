"""Similar researchers, of one and of a group, and whom a team lacks: the formulas, and the reasons."""

from __future__ import annotations

import re
from time import process_time
from typing import Any, cast

import numpy as np
import pytest

from mappings import IndexNames
from peerscope.settings import Settings
from search_api.researchers import complement, reasons
from search_api.researchers.candidates import Candidates, SimilarPeopleRequest
from search_api.researchers.complement import Aspect, split_aspects
from search_api.researchers.experts import Expert
from search_api.researchers.oeuvre import Oeuvre, closest_works
from search_api.researchers.reasons import shared_topics
from search_api.researchers.schemas import ComplementBody, SimilarToResearchers
from search_api.retrieval import ranking
from search_api.web.formatting import coverage, pair_label


def unit(*rows: list[float]) -> Any:
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def person(id_: str, vector: list[float], topics: dict[str, int] | None = None, **more: Any) -> Any:
    counts = [{"id": topic, "name": topic.upper(), "count": count} for topic, count in (topics or {}).items()]
    works = more.pop("works", 10)
    return {"id": id_, "name": id_, "embedding": unit(vector)[0], "topics": counts, "works_count": works, **more}


def test_a_group_is_searched_as_a_whole_and_near_each_of_its_parts() -> None:
    request = SimilarPeopleRequest([person("a", [1, 0, 0]), person("b", [0, 1, 0])])
    together, *each = request.directions()
    assert together == pytest.approx(unit([1, 1, 0])[0])
    assert np.array(each) == pytest.approx(unit([1, 0, 0], [0, 1, 0]))
    assert len(SimilarPeopleRequest([person("a", [1, 0, 0])]).directions()) == 1
    assert SimilarPeopleRequest([], text="x").directions() == []


def test_the_text_is_one_more_example_and_unwanted_people_turn_the_direction_away() -> None:
    like, unlike = [person("a", [1, 0, 0])], [person("b", [1, 1, 0])]
    with_text = SimilarPeopleRequest(like, text="x", vector=unit([0, 0, 1])[0])
    assert len(with_text.directions()) == 3
    away = SimilarPeopleRequest(like, unlike).directions()[0]
    assert away[1] < 0 < away[0]


def test_many_examples_make_few_groups_that_hold_all_of_them() -> None:
    vectors = unit(*np.random.default_rng(1).normal(size=(40, 8)).tolist())
    groups = ranking.spread_groups(vectors, 5)
    assert len(groups) == 5
    assert sorted(row for group in groups for row in group.tolist()) == list(range(40))
    assert [group.tolist() for group in ranking.spread_groups(unit([1, 0], [1, 0]), 5)] == [[0, 1]]


def test_who_is_like_one_of_five_fits_less_than_who_is_like_all() -> None:
    assert ranking.group_score([0.9, 0.1, 0.1, 0.1, 0.1], []) < ranking.group_score([0.5] * 5, [])
    assert ranking.group_score([0.5], [0.6]) == pytest.approx(0.5 - ranking.UNLIKE * 0.6)
    assert ranking.group_score([0.1], [0.9]) == 0.0
    assert ranking.group_score([], [0.1]) == 0.0


def test_joint_works_are_summed_over_the_examples() -> None:
    both = [person(id_, [1, 0], collaborators=[{"id": "x", "works": works}]) for id_, works in (("a", 2), ("b", 3))]
    assert SimilarPeopleRequest([*both, person("c", [1, 0])]).joint_works == {"x": 5}


class Researchers:
    """Answers searches for researchers: documents, scores by keyword, and scores of vectors."""

    def __init__(self) -> None:
        self.names, self.settings = IndexNames("t-"), Settings()
        self.asked: list[tuple[str, list[str]]] = []

    def search_together(self, searches: Any) -> list[dict[str, Any]]:
        return [self.answer(body) for _, body in searches]

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        if "terms" in body["query"]:
            hits = [{"_id": id_, "_source": {"id": id_}} for id_ in body["query"]["terms"]["id"]]
            return {"hits": {"hits": hits}}
        kind = "semantic" if "knn" in body["query"] else "keyword"
        query = body["query"]["knn"]["embedding"]["filter"] if kind == "semantic" else body["query"]
        (wanted,) = re.findall(r"'terms': {'id': \[(.*?)\]", str(query))
        self.asked.append((kind, wanted.replace("'", "").split(", ")))
        return {"hits": {"hits": [{"fields": {"id": [id_]}, "_score": 0.75} for id_ in self.asked[-1][1]]}}


@pytest.mark.parametrize(
    ("has_all", "asked"), [(True, [("semantic", ["b"])]), (False, [("keyword", ["c"]), ("semantic", ["b"])])]
)
def test_only_parts_of_scores_are_requested_that_the_search_for_candidates_does_not_have(
    has_all: bool, asked: list[tuple[str, list[str]]]
) -> None:
    there = Researchers()
    found = Candidates({}, {"a": 2.0, "b": 1.0}, has_all, 4.0, {"a": 1.0, "c": 0.875}, None)
    request = SimilarPeopleRequest([person("me", [1, 0])])
    parts, stored, _ = reasons._read(cast("Any", there), request, found, ["a", "b", "c"], [])
    assert there.asked == asked
    assert list(stored) == ["a", "b", "c"]
    assert parts == {
        "a": {"keyword": 0.5, "semantic": 1.0},
        "b": {"keyword": 0.25, "semantic": 0.5},
        "c": {"keyword": 0.0 if has_all else 0.75 / 4, "semantic": 0.75},
    }


def oeuvre(name: str, vectors: Any, topics: list[set[str]]) -> Oeuvre:
    return Oeuvre([f"{name}{row}" for row in range(len(vectors))], [{name}] * len(vectors), vectors, topics)


def test_pairs_on_a_shared_main_topic_come_first_though_others_are_closer() -> None:
    mine = oeuvre("m", unit([1, 0, 0], [0, 1, 0]), [{"tools"}, {"brain"}])
    theirs = oeuvre("t", unit([1, 0, 0], [0, 1, 0.5]), [{"tools"}, {"brain"}])
    pairs = closest_works(mine, theirs, ["brain"])
    assert [pair[:2] for pair in pairs] == [("m1", "t1"), ("m0", "t0")]
    assert [pair.is_on_topic for pair in pairs] == [True, False]
    assert [pair[:2] for pair in closest_works(mine, theirs)] == [("m0", "t0"), ("m1", "t1")]


def test_no_work_is_in_two_pairs() -> None:
    vectors = unit(*np.random.default_rng(2).normal(size=(6, 4)).tolist())
    topics = [{"a"} if row % 3 == 0 else {"b"} for row in range(6)]
    pairs = closest_works(oeuvre("m", vectors[:3], topics[:3]), oeuvre("t", vectors[3:], topics[3:]), ["a"])
    assert len(pairs) == len({pair.own for pair in pairs}) == len({pair.other for pair in pairs}) == 3


def test_shared_topics_begin_with_the_main_ones_of_both() -> None:
    mine = person("a", [1, 0], {"ml": 6, "brain": 5, "art": 1})
    other = person("b", [1, 0], {"ml": 1, "brain": 8, "law": 2}, works=16)
    assert [(topic["id"], topic["count"]) for topic in shared_topics([mine], other)] == [("brain", 5), ("ml", 6)]
    again = shared_topics([mine, person("c", [1, 0], {"law": 9, "ml": 1})], other)
    assert {topic["id"]: topic["count"] for topic in again} == {"brain": 5, "ml": 7, "law": 9}


def test_the_works_nearest_to_a_text_come_with_cosines() -> None:
    works = oeuvre("t", unit([1, 0], [1, 1], [0, 1], [-1, 0]), [set()] * 4)
    assert works.nearest(unit([1, 0])[0]) == [
        ("t0", pytest.approx(1)),
        ("t1", pytest.approx(0.7071, abs=1e-3)),
        ("t2", 0),
    ]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Spike sorting.", ["Spike sorting."]),
        ("We sort spikes. We decode them!", ["We sort spikes.", "We decode them!"]),
        ("spike sorting, voting rules and parsing", ["spike sorting", "voting rules", "parsing"]),
        ("sorting, and parsing", ["sorting", "parsing"]),
        ("First, we sort. Then we parse.", ["First, we sort.", "Then we parse."]),
        ("one\n two\n\nthree", ["one", "two", "three"]),
        (" , ", [","]),
    ],
)
def test_a_text_has_its_sentences_as_aspects_or_the_phrases_of_one(text: str, parts: list[str]) -> None:
    assert split_aspects(text) == parts


def test_a_long_text_has_few_aspects_and_loses_nothing() -> None:
    sentences = [f"Sentence number {number} is about something." for number in range(40)]
    parts = split_aspects(" ".join(sentences))
    assert len(parts) == complement.MAX_ASPECTS
    assert " ".join(parts) == " ".join(sentences)
    start = process_time()
    assert len(split_aspects(", a" * 6_000)) <= complement.MAX_ASPECTS
    assert process_time() - start < 2


def aspect(text: str, covered: float, **others: float) -> Aspect:
    member = Expert("m", covered, ()) if covered else None
    return Aspect(text, member, {id_: Expert(id_, score, ((f"{id_}-{text}", score),)) for id_, score in others.items()})


def test_who_adds_most_is_better_than_the_team_where_it_is_weak() -> None:
    aspects = [aspect("strong", 0.8, same=0.9, other=0.1), aspect("weak", 0.1, same=0.1, other=0.7)]
    same, other = (complement._added(id_, aspects) for id_ in ("same", "other"))
    assert same.score == pytest.approx(0.05)
    assert other.score == pytest.approx(0.3)
    assert other.works == (("other-weak", 0.7),)
    assert complement._gains("other", aspects) == [{"text": "weak", "gain": pytest.approx(0.6)}]
    assert complement._gains("nobody", aspects) == []
    uneven = [aspect("main", 0.0, x=0.5), aspect("aside", 0.0, x=0.05)]
    assert [gain["text"] for gain in complement._gains("x", uneven)] == ["main"]


@pytest.mark.parametrize(
    "body", [{}, {"like": []}, {"like": [], "text": " "}, {"unlike": ["a"]}, {"like": ["a"] * 101}]
)
def test_a_group_needs_an_example_or_a_text(body: dict[str, Any]) -> None:
    assert SimilarToResearchers().validate(body)


@pytest.mark.parametrize(
    "body", [{"team": ["a"]}, {"text": "x"}, {"team": [], "text": "x"}, {"team": ["a"], "text": " "}]
)
def test_a_team_needs_members_and_a_text(body: dict[str, Any]) -> None:
    assert ComplementBody().validate(body)
    assert not ComplementBody().validate(cast("Any", {"team": ["a"], "text": "one\ntwo"}))


def test_pairs_and_coverage_are_in_words() -> None:
    labels = [pair_label(cosine, is_first=True) for cosine in (0.9, 0.65, 0.3)]
    assert labels == [
        "Most similar papers, on nearly the same subject:",
        "Most similar papers, closely related:",
        "Most similar papers:",
    ]
    assert pair_label(0.3, is_first=False) == "Similar papers:"
    words = [coverage({"covered": covered}) for covered in (0.7, 0.4, 0.0)]
    assert words == ["well covered", "partly covered", "not covered"]
