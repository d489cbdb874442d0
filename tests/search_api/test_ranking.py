from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask import Flask

from mappings import IndexNames
from peerscope.settings import Settings
from search_api.http.paging import Pagination
from search_api.http.services import Services
from search_api.researchers import similar as similar_researchers
from search_api.retrieval import clauses, ranking
from search_api.retrieval.ranking import RankingWeights
from search_api.retrieval.syntax import parse
from search_api.works import queries, reading
from search_api.works import similar as similar_works
from search_api.works.feedback import SECONDS, FeedbackVectors, feedback
from search_api.works.plan import Plan

NORTH, EAST = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
WEIGHTS = RankingWeights.from_settings(Settings())
SOIL = parse("soil")


class Engine:
    """Answers every search with the same hits, and records the requests."""

    def __init__(self, hits: list[dict[str, Any]]) -> None:
        self.hits = hits
        self.asked: list[dict[str, Any]] = []
        self.params: list[dict[str, str]] = []

    def search(self, *, index: str, body: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        self.asked.append(body)
        self.params.append(params)
        return {"hits": {"hits": self.hits, "total": {"value": 0, "relation": "eq"}, "max_score": None}}


def services(hits: list[dict[str, Any]]) -> tuple[Services, Engine]:
    engine = Engine(hits)
    return Services(engine, IndexNames("t-")), engine  # type: ignore[arg-type]


def test_weights_are_the_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_TITLE_WEIGHT", "2.5")
    monkeypatch.setenv("PEERSCOPE_K", "7")
    monkeypatch.setenv("PEERSCOPE_VECTOR_BITS", "7")
    weights = RankingWeights.from_settings(Settings.load())
    assert weights == replace(WEIGHTS, title_weight=2.5, k=7, vector_bits=7)
    assert "title^2.5" in str(clauses.keyword_clause("soil", weights))
    knn = clauses.knn(NORTH, [], weights)["knn"]["embedding"]
    assert (knn["k"], "rescore" in knn) == (7, True)
    assert "rescore" not in clauses.knn(NORTH, [], WEIGHTS)["knn"]["embedding"]


def test_words_count_in_the_title_as_often_as_set() -> None:
    clause = clauses.keyword_clause("soil water", WEIGHTS)["bool"]["should"]
    assert clause[0]["combined_fields"]["fields"] == [f"title^{WEIGHTS.title_weight:g}", "abstract"]
    assert {part["query"] for part in (clause[0]["combined_fields"], clause[1]["match"]["researchers.name"])} == {
        "soil water"
    }


def test_the_pipeline_carries_both_weights_and_they_sum_to_one() -> None:
    (processor,) = clauses.fusion(0.3)["phase_results_processors"]
    weights = processor["normalization-processor"]["combination"]["parameters"]["weights"]
    assert weights == pytest.approx([0.7, 0.3])
    assert clauses.fusion(0.9) != clauses.fusion(0.3)


def test_a_vector_moves_towards_what_scored_best() -> None:
    hits = np.stack([EAST, -EAST])
    assert ranking.feedback_vector(NORTH, hits, [1.0, 0.25], 0.5) == pytest.approx(np.array([1, 1]) / np.sqrt(2))
    assert ranking.feedback_vector(NORTH, hits, [1.0, 0.25], 0.0) == pytest.approx(NORTH)


def test_a_vector_stays_where_nothing_is_found() -> None:
    assert ranking.feedback_vector(NORTH, np.empty((0, 2), np.float32), [], 0.4) is NORTH


def test_hybrid_searches_bypass_the_request_cache() -> None:
    asked, engine = services([])
    asked.search("works", {"query": {"hybrid": {}}, "search_pipeline": clauses.fusion(0.5)})
    asked.search("works", {"query": {"match_all": {}}})
    assert engine.params == [{"request_cache": "false"}, {}]


def test_every_hybrid_request_carries_the_pipeline_with_its_weights() -> None:
    asked, engine = services([])
    weights = replace(WEIGHTS, semantic_weight=0.1, similar_semantic_weight=0.2, candidates_semantic_weight=0.3)
    asked.settings = Settings(
        semantic_weight=0.1, similar_semantic_weight=0.2, candidates_semantic_weight=0.3, feedback_works=0
    )
    for sort in ("relevance", "newest"):
        plan = Plan(SOIL, NORTH, "hybrid", sort, (), weights)
        reading.read_page(asked, plan, Pagination(), {"_source": ["id"]})
        assert list(reading.read_all(asked, plan, 10)) == []
    args = {"page": 1, "per_page": 25, "researcher": []}
    with Flask(__name__).test_request_context():
        similar_works._nearest(asked, similar_works.SimilarityRequest([], weights, vector=NORTH), args)
    similar_researchers.candidates(asked, {"id": "p", "embedding": [1.0, 0.0]}, [])  # type: ignore[typeddict-item]
    hybrid = [body for body in engine.asked if "hybrid" in body["query"]]
    expected = [0.1, 0.1, 0.1, 0.2, 0.3]
    assert [body["search_pipeline"] for body in hybrid] == [clauses.fusion(weight) for weight in expected]
    assert not any("search_pipeline" in body for body in engine.asked if "hybrid" not in body["query"])


def test_feedback_asks_once_for_the_first_hits_and_remembers() -> None:
    hits = [{"_id": "w", "_score": 1.0, "_source": {"id": "w", "embedding": [0.0, 1.0]}}]
    asked, engine = services(hits)
    first = feedback(asked, SOIL, NORTH, WEIGHTS)
    assert first @ EAST > 0.4
    assert np.linalg.norm(first) == pytest.approx(1)
    assert feedback(asked, SOIL, NORTH, WEIGHTS) is first
    search, read = engine.asked
    assert (search["size"], search["_source"]) == (WEIGHTS.feedback_works, False)
    assert search["search_pipeline"] == clauses.fusion(WEIGHTS.semantic_weight)
    expected = queries.search_query("hybrid", SOIL, NORTH, [], WEIGHTS, depth=ranking.FEEDBACK_DEPTH)
    assert search["query"] == expected
    assert read["query"] == queries.only(["w"])


def test_where_nothing_is_found_nothing_is_read() -> None:
    asked, engine = services([])
    assert feedback(asked, SOIL, NORTH, WEIGHTS) is NORTH
    assert len(engine.asked) == 1


def test_without_feedback_nothing_is_asked() -> None:
    asked, engine = services([])
    assert feedback(asked, SOIL, NORTH, replace(WEIGHTS, feedback_works=0)) is NORTH
    assert engine.asked == []


def test_a_feedback_vector_is_forgotten_after_a_while() -> None:
    now = 100.0
    vectors = FeedbackVectors(timer=lambda: now)
    vectors.put("soil", NORTH)
    assert vectors.get("soil") is NORTH
    now += SECONDS + 1
    assert vectors.get("soil") is None


def test_only_so_many_vectors_are_kept_and_the_last_used_stay() -> None:
    vectors = FeedbackVectors(size=2)
    vectors.put("a", NORTH)
    vectors.put("b", NORTH)
    assert vectors.get("a") is NORTH
    vectors.put("c", EAST)
    assert vectors.get("b") is None
    assert vectors.get("a") is NORTH
