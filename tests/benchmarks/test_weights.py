"""The ranking that weights are chosen with is that of the search."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import weights
from benchmarks.weights import Judged, fused, quality
from search_api.retrieval.hits import fuse


def test_it_fuses_as_the_search_does() -> None:
    chance = np.random.default_rng(1)
    keyword = np.where(chance.random(50) < 0.5, chance.random(50) * 9, 0.0)
    cosines = chance.random(50)
    words = {str(row): keyword[row] for row in np.argsort(-keyword)[:10] if keyword[row] > 0}
    near = {str(row): cosines[row] for row in np.argsort(-cosines)[:20]}
    expected = fuse(words, near, 0.4)
    total = fused(keyword, cosines, 10, 20, 0.4)
    assert {str(row): total[row] for row in np.nonzero(total)[0]} == pytest.approx(expected)


@pytest.mark.parametrize(("weight", "expected"), [(0.0, 1.0), (1.0, 1 / np.log2(3))])
def test_quality_is_the_ndcg_of_the_ranking(weight: float, expected: float) -> None:
    works = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    keyword = {5.0: np.array([[1.0, 3.0, 2.0]], np.float32)}
    query, grades = np.array([[1, 0.1]], np.float32), np.array([[0, 1, 0]], np.int8)
    judged = Judged("small", keyword, works, query, grades, np.array([1.0]))
    assert quality(judged, 5.0, weight, 0, 0.0, 3) == pytest.approx(expected)


def test_each_choice_is_made_without_the_collection_it_is_judged_by() -> None:
    grid = [(5.0, 0.4, 0, 0.0), (5.0, 0.6, 0, 0.0)]
    gains = np.array([[0.10, 0.00], [0.00, 0.05]])
    rows = weights.table(["one", "two"], grid, 0.5 * (1 + gains), gains)
    first = list(rows.columns[0].cells)
    assert first[-2:] == ["(5.0, 0.6, 0, 0.0) without one", "(5.0, 0.4, 0, 0.0) without two"]
    assert list(rows.columns[1].cells)[-2:] == ["+0.0%", ""]
