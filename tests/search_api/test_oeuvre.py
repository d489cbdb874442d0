"""Bodies of work out of an answer: short vectors become unit vectors again, and joint works can be left out."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import numpy as np
import pytest

from search_api.researchers.oeuvre import Oeuvre, closest_works, oeuvres
from search_api.researchers.similar import similarity


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


def test_who_has_nothing_of_their_own_is_not_alike() -> None:
    mine = Oeuvre.from_hits([hit("own", ["me"], [0, 1])])
    none = Oeuvre.from_hits([hit("x", ["you"], [0, 1])]).without("you")
    assert similarity(mine, "me", none, "you") == similarity(none, "you", mine, "me") == 0.0
    assert closest_works(mine, none) == []
    ((first, second, likeness, _),) = closest_works(mine, mine)
    assert (first, second) == ("own", "own")
    assert likeness == pytest.approx(1.0)
