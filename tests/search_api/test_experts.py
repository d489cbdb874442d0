"""Experts by votes of works: the formula, and how words and meaning come together, against a pretended engine."""

from __future__ import annotations

from time import process_time
from typing import Any, cast

import numpy as np
import pytest

from mappings import IndexNames
from search_api.app import create_app
from search_api.http.services import Services
from search_api.researchers import experts, search
from search_api.researchers.schemas import ResearchersArgs
from search_api.retrieval import ranking

VECTOR = np.array([1.0, 0.0], np.float32)


class Engine:
    """Answers a knn query and a keyword query with hits that are given: work -> (score, researchers)."""

    def __init__(self, words: dict[str, tuple[float, list[str]]], near: dict[str, tuple[float, list[str]]]) -> None:
        self.words, self.near = words, near
        self.asked: list[Any] = []

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        return {"responses": [self.answer(question) for question in body[1::2]]}

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(body)
        found = self.near if "knn" in body["query"] else self.words
        hits = [
            {"_score": score, "fields": {"id": [id_], "researchers.id": people}}
            for id_, (score, people) in found.items()
        ]
        hits.sort(key=lambda hit: -float(cast("float", hit["_score"])))
        return {"hits": {"hits": hits, "max_score": hits[0]["_score"] if hits else None}}


def services(engine: Engine) -> Services:
    return Services(cast("Any", engine), IndexNames("x-"))


def near(cosine: float) -> float:
    return (1 + cosine) / 2


@pytest.mark.parametrize(
    ("scores", "best", "expected"),
    [
        ([], 5.0, 0.0),
        ([5.0], 5.0, 1 / 3),
        ([4.0, 3.0, 2.0, 1.0], 5.0, 0.6),
        ([1.0, 4.0, 2.0, 3.0], 5.0, 0.6),
        ([-1.0, 1.0], 1.0, 1 / 3),
        ([1.0], 0.0, 0.0),
        ([2.0, 2.0, 2.0], 1.0, 1.0),
    ],
)
def test_a_vote_is_the_mean_of_the_three_best_and_what_is_missing_counts_as_nothing(
    scores: list[float], best: float, expected: float
) -> None:
    hits = experts.Hits(["other"], ["w"], [best])
    for row, score in enumerate(scores):
        hits.add(f"w{row}", score, ["me"])
    found = experts.Votes.of(hits, best, 1.0).scores(ranking.TEXT_VOTING)
    assert found.get("me", 0.0) == pytest.approx(expected)


def test_a_sharp_vote_tells_close_scores_apart() -> None:
    hits = experts.Hits()
    for row in range(3):
        hits.add(f"far{row}", 0.64, ["far"])
        hits.add(f"near{row}", 0.72, ["near"])
    found = experts.Votes.of(hits, 0.8, 4.0).scores(ranking.TEXT_VOTING)
    assert found == pytest.approx({"near": 0.9**4, "far": 0.8**4})


def test_a_body_of_work_beats_one_work_that_fits_best() -> None:
    works = {"a": (10.0, ["once"]), "b": (8.0, ["often"]), "c": (7.0, ["often"]), "d": (6.0, ["often", "seldom"])}
    found = experts.experts(services(Engine(works, {})), "text", None)
    assert [expert.id for expert in found] == ["often", "once", "seldom"]
    assert found[0].score == pytest.approx((0.8 + 0.7 + 0.6) / ranking.TOPIC_VOTING.votes)
    assert found[0].works == (("b", 0.8), ("c", 0.7), ("d", 0.6))


def test_words_and_meaning_vote_apart_and_count_alike() -> None:
    engine = Engine({"a": (4.0, ["p"]), "b": (2.0, ["q"])}, {"b": (near(0.8), ["q"]), "c": (near(0.4), ["p"])})
    found = {expert.id: expert for expert in experts.experts(services(engine), "text", VECTOR)}
    voting = ranking.TOPIC_VOTING
    assert found["p"].score == pytest.approx((1.0 + 0.5**voting.semantic) / 2 / voting.votes)
    assert found["q"].score == pytest.approx((0.5 + 1.0) / 2 / voting.votes)
    assert dict(found["q"].works) == pytest.approx({"b": 0.75})
    assert dict(found["p"].works) == pytest.approx({"a": 0.5, "c": 0.25})


def test_a_text_wants_few_works_that_are_near_and_a_topic_a_body_of_work() -> None:
    near_one = {"one": (10.0, ["once"])}
    several = {f"w{row}": (6.0, ["often"]) for row in range(5)}
    engine = Engine(near_one | several, {})
    on_topic = experts.experts(services(engine), "machine learning", None)
    on_text = experts.experts(services(engine), "A comparison of kernels for the learning of trees", None)
    assert [expert.id for expert in on_topic] == ["often", "once"]
    assert on_topic[0].score == pytest.approx(0.6)
    assert on_text[0].score == pytest.approx(0.36)
    assert on_text[1].score / on_text[0].score > on_topic[1].score / on_topic[0].score
    assert ranking.voting_on(ranking.TOPIC_TERMS) is ranking.TEXT_VOTING


def expert(id_: str, *works: str) -> experts.Expert:
    return experts.Expert(id_, 0.5, tuple((work, 1.0) for work in works))


def test_who_is_supported_by_the_same_works_is_in_the_team_of_the_first() -> None:
    ranked = [
        *(expert("a", "x", "y"), expert("b", "y", "x"), expert("c", "z", "x"), expert("d", "x")),
        *(expert("e", "z"), expert("f", "v", "w", "x"), expert("g")),
    ]
    found = experts.teams(ranked)
    assert {leader.id: leader.members for leader in found} == {
        "a": ("b", "d"),
        "c": ("e",),
        "f": (),
        "g": (),
    }
    assert [leader.id for leader in found] == ["a", "c", "f", "g"]
    assert experts.teams([]) == []


def test_grouping_thousands_of_experts_is_fast() -> None:
    ranked = [expert(str(row), f"w{row // 2}", f"w{row // 3}", f"w{row // 5}") for row in range(10_000)]
    start = process_time()
    assert sum(1 + len(leader.members) for leader in experts.teams(ranked)) == 10_000
    assert process_time() - start < 5


def test_who_ties_stands_in_the_order_of_ids() -> None:
    found = experts.experts(services(Engine({"a": (1.0, ["z", "b", "m"])}, {})), "text", None)
    assert [expert.id for expert in found] == ["b", "m", "z"]


def test_nothing_found_is_nobody() -> None:
    assert experts.experts(services(Engine({}, {})), "text", VECTOR) == []


def test_a_clause_holds_for_words_and_stands_inside_the_vector_search() -> None:
    engine, clause = Engine({}, {}), {"terms": {"researchers.id": ["p"]}}
    experts.experts(services(engine), "text", VECTOR, filters=[clause])
    words, nearest = engine.asked
    assert words["query"]["bool"]["filter"] == [clause]
    assert nearest["query"]["knn"]["embedding"]["filter"] == {"bool": {"filter": [clause]}}
    assert nearest["query"]["knn"]["embedding"]["k"] == ranking.VOTING_NEAREST


def test_works_far_from_made_up_words_do_not_vote() -> None:
    engine = Engine({}, {"w": (near(0.6), ["a"]), "v": (near(0.3), ["b"])})
    assert [expert.id for expert in experts.experts(services(engine), "zxqwv", VECTOR)] == ["a"]
    engine.words = {"x": (1.0, ["c"])}
    assert {expert.id for expert in experts.experts(services(engine), "zxqwv", VECTOR)} == {"a", "b", "c"}


class Stored(Engine):
    """Answers searches for works as `Engine` does, and those for stored researchers and titles by id."""

    def __init__(self, *works: Any, missing: str = "") -> None:
        super().__init__(*works)
        self.missing = missing
        self.round_trips = 0

    def msearch(self, body: list[dict[str, Any]]) -> dict[str, Any]:
        self.round_trips += 1
        return super().msearch(body)

    def search(self, *, index: str, body: dict[str, Any]) -> dict[str, Any]:
        assert index
        self.round_trips += 1
        return self.answer(body)

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        clauses: list[dict[str, Any]] = [body["query"], *body["query"].get("bool", {}).get("filter", [])]
        terms = next((clause["terms"] for clause in clauses if "terms" in clause), None)
        if not terms:
            return super().answer(body)
        ids = [id_ for id_ in terms["id"] if id_ != self.missing]
        hits = [{"_id": id_, "_source": self.document(id_), "fields": {"id": [id_]}} for id_ in ids]
        return {"hits": {"hits": hits[: body["size"]], "total": {"value": len(ids), "relation": "eq"}}}

    def document(self, id_: str) -> dict[str, Any]:
        return {"id": id_, "name": id_, "title": id_, "topics": [], "name_variants": []}


def listed(engine: Stored, monkeypatch: pytest.MonkeyPatch, **args: Any) -> dict[str, Any]:
    """Return the list of experts on a text, with researchers as they are stored."""
    monkeypatch.setattr(experts, "serialize_researcher", lambda _, stored: dict(stored))
    there = services(engine)
    monkeypatch.setattr(there, "embed_query", lambda _: VECTOR)
    app = create_app(services=there, extensions=[])
    with app.test_request_context("/api/v1/researchers"):
        return search.search(there, {**ResearchersArgs().load({"about": "text", **args})})


WORKS = {"a": (4.0, ["p"]), "b": (2.0, ["q", "r"])}, {"b": (near(0.8), ["q"]), "c": (near(0.4), ["p"])}


def test_experts_take_two_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Stored(*WORKS)
    answer = listed(engine, monkeypatch, per_page=2)
    assert [result["id"] for result in answer["results"]] == ["q", "p"]
    assert answer["results"][0]["works"] == [{"id": "b", "title": "b", "score": pytest.approx(0.75)}]
    assert answer["meta"]["count"] == 3
    assert engine.round_trips == 2


def test_experts_who_are_not_stored_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Stored(*WORKS, missing="q")
    answer = listed(engine, monkeypatch)
    assert [result["id"] for result in answer["results"]] == ["p", "r"]
    assert answer["meta"]["count"] == 2
