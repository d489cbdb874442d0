"""The ranking that weights are chosen with is that of the search."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks import weights
from benchmarks.weights import Judged, fused, quality
from peerscope.evaluation.collection import Collection
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
    keyword = np.array([[1.0, 3.0, 2.0]], np.float32)
    query, grades = np.array([[1, 0.1]], np.float32), np.array([[0, 1, 0]], np.int8)
    judged = Judged("small", keyword, works, query, grades, np.array([1.0]), np.array([1.0]))
    assert quality(judged, weight, 0, 0.0, 3) == pytest.approx([expected])
    # Without a word that occurs, the neighbours decide; plain fusion ignores that.
    strange = replace(judged, occurring=np.array([0.0]))
    assert quality(strange, 0.4, 0, 0.0, 3) == pytest.approx([1 / np.log2(3)])
    assert quality(strange, 0.4, 0, 0.0, 3, is_plain=True) == quality(judged, 0.4, 0, 0.0, 3)


def test_each_choice_is_made_without_the_collection_it_is_judged_by() -> None:
    plain = [np.array([0.5, 0.5]), np.array([0.5, 0.5])]
    ndcg = [plain, [plain[0] * 1.10, plain[1]], [plain[0], plain[1] * 1.05]]
    rows = weights.table(["one", "two"], ["plain", "first", "second"], ndcg, plain)
    first = list(rows.columns[0].cells)
    assert first == ["plain", "first", "second", "plain", "second without one", "first without two"]
    assert list(rows.columns[1].cells)[-2:] == ["+0.0%", ""]
    assert list(rows.columns[3].cells)[1] == "+5.0% (+5.0% to +5.0%)"


def test_the_interval_comes_from_samples_of_the_queries() -> None:
    chance = np.random.default_rng(1)
    plain = [chance.random(60) + 0.5, chance.random(20) + 0.5]
    ours = [values + chance.normal(0.1, 0.2, len(values)) for values in plain]
    gains, (low, high) = weights.mean_gains(ours, plain)
    assert gains == pytest.approx([a.mean() / b.mean() - 1 for a, b in zip(ours, plain, strict=True)])
    assert low < gains.mean() < high
    assert high - low < 0.15


def test_a_smaller_collection_keeps_what_was_judged() -> None:
    records: list[Any] = [{"id": f"local:{number}"} for number in range(20)]
    ids = {record["id"]: record["id"].removeprefix("local:") for record in records}
    collection = Collection("small", records, {"q": "a", "r": "b"}, {"q": {"3": 1, "4": 0}, "r": {"17": 2}}, ids)
    for works, expected in ((None, 20), (6, 6), (1, 2)):
        kept = {record["id"] for record in weights.limited(collection, works, ["q", "r"])}
        assert len(kept) == expected
        assert {"local:3", "local:17"} <= kept
    assert weights.drawn(collection, 1) == ["q"]
