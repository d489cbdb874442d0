from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mappings import TITLE_WEIGHT
from peerscope.settings import Settings
from search_api.retrieval import clauses, ranking
from search_api.retrieval.hits import LEAST, fuse
from search_api.retrieval.ranking import RankingWeights

NORTH, EAST = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
WEIGHTS = RankingWeights.from_settings(Settings())


def test_weights_are_the_settings_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEERSCOPE_K", "7")
    monkeypatch.setenv("PEERSCOPE_VECTOR_BITS", "7")
    weights = RankingWeights.from_settings(Settings.load())
    assert weights == replace(WEIGHTS, k=7, vector_bits=7)
    knn = clauses.knn(NORTH, [], weights)["knn"]["embedding"]
    assert (knn["k"], "rescore" in knn) == (7, True)
    assert "rescore" not in clauses.knn(NORTH, [], WEIGHTS)["knn"]["embedding"]


def test_words_rank_in_the_weighted_text_and_stop_words_as_they_are_written() -> None:
    text, author = clauses.ranked_by_words("soil water")["bool"]["should"]
    assert (text["match"]["weighted_text"]["query"], author["match"]["researchers.name"]["query"]) == 2 * (
        "soil water",
    )
    exact, _ = clauses.ranked_by_words("to be", as_written=True)["bool"]["should"]
    assert exact["combined_fields"]["fields"] == [f"title.exact^{TITLE_WEIGHT}", "abstract.exact"]


def test_fused_scores_are_means_of_scaled_ones_in_a_total_order() -> None:
    keyword, semantic = {"a": 9.0, "b": 5.0, "c": 1.0}, {"d": 0.9, "b": 0.8, "e": 0.5, "f": 0.5}
    fused = fuse(keyword, semantic, 0.4)
    assert list(fused) == ["b", "a", "d", "c", "e", "f"]
    expected = {"a": 0.6, "b": 0.6 * 0.5 + 0.4 * 0.75, "d": 0.4, "c": 0.6 * LEAST, "e": 0.4 * LEAST, "f": 0.4 * LEAST}
    assert fused == pytest.approx(expected)


def test_equal_scores_are_all_the_best() -> None:
    assert fuse({"b": 3.0, "a": 3.0}, {}, 0.25) == {"a": 0.75, "b": 0.75}
    assert fuse({}, {}, 0.5) == {}


def test_a_vector_moves_towards_what_scored_best() -> None:
    hits = np.stack([EAST, -EAST])
    assert ranking.feedback_vector(NORTH, hits, [1.0, 0.25], 0.5) == pytest.approx(np.array([1, 1]) / np.sqrt(2))
    assert ranking.feedback_vector(NORTH, hits, [1.0, 0.25], 0.0) == pytest.approx(NORTH)


def test_a_vector_stays_where_nothing_is_found() -> None:
    assert ranking.feedback_vector(NORTH, np.empty((0, 2), np.float32), [], 0.4) is NORTH


def test_rare_terms_decide_whether_a_query_occurs_in_the_collection() -> None:
    assert ranking.occurring_share([], 10) == 1
    assert ranking.occurring_share([3, 3], 10) == 1
    assert ranking.occurring_share([0, 0], 10) == 0
    # A frequent term that occurs says less than half if the other one is missing.
    assert 0 < ranking.occurring_share([9, 0], 10) < ranking.occurring_share([1, 0], 10) < 0.5


def test_keywords_lose_weight_only_where_many_terms_are_missing() -> None:
    assert ranking.semantic_share(0.45, 1) == pytest.approx(0.45)
    assert ranking.semantic_share(0.45, ranking.MOST_OCCUR) == pytest.approx(0.45)
    assert ranking.semantic_share(0.45, ranking.MOST_OCCUR / 2) == pytest.approx(0.45 / (0.45 + 0.275))
    assert ranking.semantic_share(0.45, 0) == 1
    assert ranking.semantic_share(0, 0) == 0
    assert ranking.semantic_share(1, 0.5) == 1


def test_works_about_one_thing_are_coherent() -> None:
    assert ranking.coherence(np.array([NORTH])) == 1
    assert ranking.coherence(np.empty((0, 2), np.float32)) == 1
    assert ranking.coherence(np.array([NORTH, NORTH])) == 1
    assert ranking.coherence(np.array([NORTH, EAST])) == 0
    assert ranking.coherence(np.array([NORTH, NORTH, EAST])) == pytest.approx(1 / 3 / ranking.COHERENT)
