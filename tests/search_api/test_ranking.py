from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from search_api.http.services import Services
from search_api.retrieval import ranking
from search_api.works import feedback as feedback_module
from search_api.works import queries
from search_api.works.feedback import Moved, feedback

NORTH, EAST = np.array([1, 0], np.float32), np.array([0, 1], np.float32)


class Engine:
    """Answers every search with the same hits, and remembers what it was asked."""

    def __init__(self, hits: list[dict[str, Any]]) -> None:
        self.hits = hits
        self.asked: list[dict[str, Any]] = []

    def search(self, *, index: str, body: dict[str, Any], params: dict[str, str]) -> dict[str, Any]:
        self.asked.append(body)
        return {"hits": {"hits": self.hits}}


def services(hits: list[dict[str, Any]]) -> tuple[Services, Engine]:
    from mappings import IndexNames

    engine = Engine(hits)
    return Services(engine, IndexNames("t-")), engine  # type: ignore[arg-type]


def test_words_count_in_the_title_as_often_as_set() -> None:
    clause = ranking.words_clause("soil water")["bool"]["should"]
    assert clause[0]["combined_fields"]["fields"] == [f"title^{ranking.TITLE_WEIGHT:g}", "abstract"]
    assert {part["query"] for part in (clause[0]["combined_fields"], clause[1]["match"]["researchers.name"])} == {
        "soil water"
    }


def test_the_pipeline_carries_both_weights_and_they_sum_to_one() -> None:
    (processor,) = ranking.fusion(0.3)["phase_results_processors"]
    weights = processor["normalization-processor"]["combination"]["parameters"]["weights"]
    assert weights == pytest.approx([0.7, 0.3])
    assert ranking.fusion(0.9) != ranking.fusion(0.3)


def test_a_vector_moves_towards_what_scored_best() -> None:
    found = np.stack([EAST, -EAST])
    assert ranking.moved(NORTH, found, [1.0, 0.25], 0.5) == pytest.approx(np.array([1, 1]) / np.sqrt(2))
    assert ranking.moved(NORTH, found, [1.0, 0.25], 0.0) == pytest.approx(NORTH)


def test_a_vector_stays_where_nothing_is_found() -> None:
    assert ranking.moved(NORTH, np.empty((0, 2), np.float32), []) is NORTH


def test_hybrid_searches_take_their_weights_along_unless_they_bring_some() -> None:
    asked, engine = services([])
    asked.search("works", {"query": {"hybrid": {}}})
    asked.search("works", {"query": {"hybrid": {}}, "search_pipeline": "mine"})
    asked.search("works", {"query": {"match_all": {}}})
    pipelines = [body.get("search_pipeline") for body in engine.asked]
    assert pipelines == [ranking.fusion(), "mine", None]


def test_feedback_asks_once_for_the_first_hits_and_remembers() -> None:
    hits = [{"_id": "w", "_score": 1.0, "_source": {"id": "w", "embedding": [0.0, 1.0]}}]
    asked, engine = services(hits)
    first = feedback(asked, "soil", NORTH)
    assert first @ EAST > 0.4
    assert np.linalg.norm(first) == pytest.approx(1)
    assert feedback(asked, "soil", NORTH) is first
    search, read = engine.asked
    assert (search["size"], search["_source"]) == (ranking.FEEDBACK_WORKS, False)
    expected = queries.query("hybrid", "soil", NORTH, [], depth=ranking.FEEDBACK_DEPTH)
    assert search["query"] == expected
    assert read["query"] == queries.only(["w"])


def test_where_nothing_is_found_nothing_is_read() -> None:
    asked, engine = services([])
    assert feedback(asked, "soil", NORTH) is NORTH
    assert len(engine.asked) == 1


def test_without_feedback_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "FEEDBACK_WORKS", 0)
    asked, engine = services([])
    assert feedback(asked, "soil", NORTH) is NORTH
    assert engine.asked == []


def test_a_moved_vector_is_forgotten_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(feedback_module.time, "monotonic", lambda: now)
    moved = Moved()
    moved.keep("soil", NORTH)
    assert moved.get("soil") is NORTH
    now += feedback_module.SECONDS + 1
    assert moved.get("soil") is None


def test_only_so_many_vectors_are_kept_and_the_last_used_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback_module, "KEPT", 2)
    moved = Moved()
    moved.keep("a", NORTH)
    moved.keep("b", NORTH)
    assert moved.get("a") is NORTH
    moved.keep("c", EAST)
    assert moved.get("b") is None
    assert moved.get("a") is NORTH
