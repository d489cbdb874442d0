"""The benchmark of pages: what it asks, in which order, and what it makes of the times."""

from __future__ import annotations

import pytest

from benchmarks.pages import Pair, Query, Times, measured, pairs, targets
from search_api.app import create_app

ROW = [Pair("a", Query("/a"), (Query("/api/v1/a"), Query("/api/v1/b")))]


def test_a_page_is_asked_first_for_every_second_thing_and_each_time_is_kept() -> None:
    asked: list[str] = []

    def ask(query: Query) -> float:
        asked.append(query.path)
        return float(len(asked))

    found = measured(ask, [ROW, ROW])
    assert asked == ["/api/v1/a", "/api/v1/b", "/a", "/a", "/api/v1/a", "/api/v1/b"]
    assert (found["a"].page, found["a"].twins) == ([3.0, 4.0], [[1.0, 2.0], [5.0, 6.0]])


def test_a_page_is_held_against_all_its_twins_together_by_medians() -> None:
    times = Times(page=[10.0, 30.0, 900.0], twins=[[5.0, 10.0], [6.0, 9.0], [500.0, 1.0]])
    assert (times.page_ms, times.twins_ms, times.slowest_ms) == (30.0, 15.0, 9.0)
    assert times.ratio == 2.0
    (reached,) = targets({"a": times})
    (missed,) = targets({"a": Times(page=[31.0], twins=[[15.0]])})
    assert (reached.reached, reached.measured) == (True, 2.0)
    assert (missed.reached, missed.wanted) == (False, "<= 2")


@pytest.mark.parametrize(
    "pair", pairs("some words", "arxiv:1", "ann-1", "cs.LG", "mit", "Ann"), ids=lambda one: one.name
)
def test_every_page_and_every_twin_has_a_route(pair: Pair) -> None:
    adapter = create_app().url_map.bind("localhost")
    for query in (pair.page, *pair.twins):
        method = "GET" if query.json is None else "POST"
        endpoint, _ = adapter.match(query.path.partition("?")[0], method=method)
        assert endpoint.startswith("web.") == (query == pair.page)
