"""Which words of a query are looked up for another spelling."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from mappings import IndexNames
from search_api.retrieval.syntax import parse
from search_api.works import queries
from search_api.works.spelling import MAX_LENGTH, KnownWords, looked_up, lookups, missing, occurrence


def test_words_are_looked_up_where_they_stand() -> None:
    assert lookups(parse("nural decodng")) == "nural decodng"
    assert lookups(parse("decodng 2019")) == "decodng     "


@pytest.mark.parametrize(
    "query", ["cake with {}", "THE {}", "{} That's into such", "there will be {} " + "of soil " * 12]
)
def test_stop_words_are_not_misspelt(query: str) -> None:
    typed = query.format("nural")
    kept = lookups(parse(typed))
    assert len(kept) == len(typed)
    assert set(kept.split()) <= {"nural", "cake", "soil"}
    assert "nural" in kept


def test_no_word_is_so_long_that_looking_for_it_takes_the_engine_seconds() -> None:
    assert lookups(parse("x" * MAX_LENGTH + " nural")) == "x" * MAX_LENGTH + " nural"
    started = time.monotonic()
    assert lookups(parse("x" * 19_000 + " nural")) == " " * 19_001 + "nural"
    assert time.monotonic() - started < 0.5


class Words:
    """Services of a collection with these words."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.names = IndexNames("t-")
        self.known = KnownWords()

    def shared(self, _: type) -> KnownWords:
        return self.known

    def response(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"hits": {"total": {"value": int(looked_up(body) in self.words)}}}


def test_the_word_of_a_request_is_told_from_other_requests() -> None:
    assert looked_up(occurrence("soil", ("de",))) == "soil"
    query = parse("soil water plant")
    for clause in (queries.any_word(query), queries.keyword(query), queries.with_word("soil")["bool"]["should"][0]):
        assert looked_up({"query": clause}) is None


def test_only_words_that_are_not_known_to_occur_are_looked_up_again() -> None:
    there = cast("Any", Words("soil", "water"))
    words = there.known.unseen(there, parse("Soil wtaer 2019 it's of the soil"))
    assert words == ["soil", "wtaer"]
    assert missing(there, words, [there.response(occurrence(word, ())) for word in words]) == ["wtaer"]
    assert there.known.unseen(there, parse("soil wtaer")) == ["wtaer"]
