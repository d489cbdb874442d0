"""Which words of a query are looked up for another spelling."""

from __future__ import annotations

import time

from search_api.retrieval.syntax import parse
from search_api.works.spelling import MAX_LENGTH, lookups


def test_words_are_looked_up_where_they_stand() -> None:
    assert lookups(parse("nural decodng")) == "nural decodng"
    assert lookups(parse("decodng 2019")) == "decodng     "


def test_no_word_is_so_long_that_looking_for_it_takes_the_engine_seconds() -> None:
    assert lookups(parse("x" * MAX_LENGTH + " nural")) == "x" * MAX_LENGTH + " nural"
    started = time.monotonic()
    assert lookups(parse("x" * 19_000 + " nural")) == " " * 19_001 + "nural"
    assert time.monotonic() - started < 0.5
