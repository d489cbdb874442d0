"""Hostile input costs time in proportion to its length: no pattern backtracks without bound."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from search_api.autocomplete import queries as autocomplete
from search_api.feeds.atom import _clean
from search_api.researchers.names import by_name
from search_api.retrieval import syntax
from search_api.retrieval.terms import shorten, term_ends
from search_api.works import citations, spelling, tex

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = 10_000
SHAPES = (
    *("(", "-(", "[{(", '"', '("', '" ', "-", "- ", "-a ", "a", "a:", "title:", 'title:"', "OR ", "1", "_", " ", "\t"),
    *("$", "$ ", "\\", "\\emph", "{", "}", "A-", "-A", "/A", "`", "--", "'", "a, ", "\u4e2d", "e\u0301", "="),
)
PREFIXES = ("", "{\\it", "\\emph", "$a")
FUNCTIONS: dict[str, Callable[[str], object]] = {
    "syntax": syntax.parse.__wrapped__,
    "spelling": lambda text: spelling.lookups(syntax.Query(text, (syntax.Unit(text, 0, len(text)),))),
    "terms": lambda text: list(term_ends(text)),
    "shorten": shorten,
    "name": by_name,
    "autocomplete": lambda text: autocomplete.body("researcher", text, 10),
    "cut": lambda text: tex.cut(text, 300),
    "emphasis": lambda text: list(tex._EMPHASIS.finditer(text)),
    "macros": lambda text: list(tex._MACRO.finditer(text)),
    "formulas": lambda text: list(tex._MATH.finditer(text)),
    "latex": citations.latex,
    "title": citations._braced,
    "authors": citations.name_parts,
    "atom": _clean,
}


def cost(function: Callable[[str], object], text: str) -> float:
    """Return the CPU seconds of a call, the best of two."""
    times = []
    for _ in range(2):
        began = time.process_time()
        function(text)
        times.append(time.process_time() - began)
        if times[0] < 0.05:
            break
    return min(times)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_twice_the_input_takes_about_twice_the_time(name: str) -> None:
    function = FUNCTIONS[name]
    for shape in SHAPES:
        for prefix in PREFIXES if name in {"cut", "emphasis", "macros", "formulas"} else ("",):
            once, twice = (prefix + (shape * length)[:length] for length in (LENGTH // 2, LENGTH))
            # The constant covers the clock's resolution and a collection of garbage.
            assert cost(function, twice) <= 3 * cost(function, once) + 0.1, (prefix, shape)
