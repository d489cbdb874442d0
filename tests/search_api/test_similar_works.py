"""Works similar to one against a pretended engine: which requests are sent for the reasons."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from mappings import IndexNames
from search_api.app import create_app
from search_api.http.services import Services
from search_api.retrieval.vectors import KnownVectors, VectorStore
from search_api.works import similar
from search_api.works.schemas import SimilarArgs, SimilarTo

Body = dict[str, Any]
#: More terms than those of a short query.
TITLE = "Recording spikes of many neurons"


class Engine:
    """Has a work and hits by its significant terms and its vector; other requests name works by id."""

    def __init__(self, words: dict[str, float], near: dict[str, float], total: int | None = None) -> None:
        self.words, self.near, self.total = words, near, total or len(words)
        self.requests: list[list[Body]] = []

    def get(self, **_: Any) -> Body:
        self.requests.append([])
        return {"found": True, "_source": self.work("own") | {"embedding": [1.0, 0.0]}}

    def search(self, *, index: str, body: Body) -> Body:
        assert index == "t-works"
        self.requests.append([body])
        return self.answer(body)

    def msearch(self, *, body: list[Body]) -> Body:
        self.requests.append(body[1::2])
        return {"responses": [self.answer(search) for search in body[1::2]]}

    def answer(self, body: Body) -> Body:
        query = body["query"]
        text = str(query)
        by_words, by_vector = "more_like_this" in text, "'knn'" in text
        stored = self.words if by_words else dict.fromkeys("abcd", 1.0)
        scores = self.near if by_vector and not by_words else stored
        if by_words and by_vector:
            scores = {id_: self.words[id_] for id_ in self.near if id_ in self.words}
        named = [clause["terms"]["id"] for clause in filters_of(query) if "terms" in clause]
        found = {id_: score for id_, score in scores.items() if all(id_ in ids for ids in named)}
        hits = [self.hit(id_, score) for id_, score in found.items()][: body["size"]]
        total = {"value": self.total, "relation": "eq" if self.total == len(self.words) else "gte"}
        return {"hits": {"hits": hits, "total": total, "max_score": max(found.values(), default=None)}}

    def hit(self, id_: str, score: float) -> Body:
        return {"_index": "w", "_id": id_, "_score": score, "_source": self.work(id_), "fields": {"id": [id_]}}

    def work(self, id_: str) -> Body:
        return {"id": id_, "title": TITLE, "topics": [], "researchers": [], "sources": []}


def filters_of(query: Body) -> list[Body]:
    knn = query.get("knn", {}).get("embedding", {}).get("filter", {})
    clauses = [query, *query.get("bool", {}).get("filter", []), *knn.get("bool", {}).get("filter", [])]
    return [clause for clause in clauses if isinstance(clause, dict)]


def answer(engine: Engine, known: KnownVectors | None = None) -> Body:
    there = Services(cast("Any", engine), IndexNames("t-"))
    there.shared(VectorStore).known = known
    app = create_app(services=there, extensions=[])
    with app.test_request_context("/api/v1/works/own/similar"):
        return similar.similar(there, "own", SimilarArgs().load({"per_page": 3}))


def parts(response: Body) -> dict[str, tuple[float, float]]:
    reasons = {result["id"]: result["reasons"] for result in response["results"]}
    return {id_: (round(part["keyword"], 6), round(part["semantic"], 6)) for id_, part in reasons.items()}


def test_parts_of_scores_that_the_search_has_found_are_not_requested_again() -> None:
    engine = Engine({"a": 4.0, "b": 1.0}, {"a": 0.9, "b": 0.8, "c": 0.7})
    assert parts(answer(engine)) == {"a": (1.0, 0.8), "b": (0.25, 0.6), "c": (0.0, 0.4)}
    assert len(engine.requests) == 3


def test_parts_that_it_has_not_found_are_requested_for_those_works_only() -> None:
    engine = Engine({"a": 4.0, "d": 2.0}, {"a": 0.9, "c": 0.7}, total=2_000)
    assert parts(answer(engine)) == {"a": (1.0, 0.8), "d": (0.5, 0.0), "c": (0.0, 0.4)}
    best, *others = engine.requests[-1]
    assert best["size"] == 1
    assert len(others) == 2
    assert all(body["size"] == 1 and "'id': ['d']" in str(body) for body in others)


def test_parts_are_computed_where_vectors_are_in_memory() -> None:
    engine = Engine({"a": 4.0, "d": 2.0}, {"a": 0.9, "c": 0.7}, total=2_000)
    rows = np.array([[127, 0], [127, 127], [127, 0]], np.int8)
    known = KnownVectors("w", ["a", "d", "c"], rows)
    assert parts(answer(engine, known)) == {"a": (1.0, 0.8), "d": (0.5, round(0.5**0.5, 6)), "c": (0.0, 0.4)}
    assert len(engine.requests) == 3


def test_the_list_is_as_long_as_the_union_of_matches_and_neighbours_without_another_request() -> None:
    engine = Engine({"a": 4.0, "d": 2.0}, {"a": 0.9, "c": 0.7, "b": 0.65}, total=2_000)
    assert answer(engine)["meta"]["count"] == 2_002
    assert not any("track_total_hits" in body and not body["size"] for body in engine.requests[2])


#: Lucene's scores are (1 + cosine) / 2. The floors of MiniLM are .2 for a long text, .25 for a short one, .45 for one
#: of which no work has any word.
@pytest.mark.parametrize(
    ("text", "words", "near", "found"),
    [
        ("recording spikes of many neurons", {"a": 4.0}, {"b": 0.65, "c": 0.61, "d": 0.59}, "abc"),
        ("recording spikes of many neurons", {"d": 4.0}, {"b": 0.65, "c": 0.61, "d": 0.51}, "bcd"),
        # The best neighbour sets the floor of the others, for a short text more than for a long one.
        ("recording spikes of many neurons", {"a": 4.0}, {"b": 0.95, "c": 0.67, "d": 0.65}, "abc"),
        ("spikes", {"a": 4.0}, {"b": 0.95, "c": 0.8, "d": 0.75}, "abc"),
        ("spikes", {"a": 4.0}, {"b": 0.62, "c": 0.61}, "a"),
        ("zxqwv blorptang quazzle florbin", {}, {"b": 0.72, "c": 0.7, "d": 0.65}, ""),
        ("zxqwv blorptang quazzle florbin", {}, {"b": 0.73, "c": 0.7, "d": 0.65}, "b"),
    ],
)
@pytest.mark.parametrize("filters", [{}, {"year": ["2015-"]}])
def test_works_that_are_neither_near_nor_have_a_word_of_the_text_are_no_results(
    monkeypatch: pytest.MonkeyPatch, text: str, words: Body, near: Body, found: str, filters: Body
) -> None:
    engine = Engine(words, near)
    there = Services(cast("Any", engine), IndexNames("t-"))
    monkeypatch.setattr(there, "embed_query", lambda _: np.array([1, 0], np.float32))
    app = create_app(services=there, extensions=[])
    with app.test_request_context("/api/v1/works/similar"):
        response = similar.similar_to(
            there, SimilarTo().load({"text": text}), SimilarArgs().load({"per_page": 50, **filters})
        )
    assert {result["id"] for result in response["results"]} == set(found)
    assert response["meta"]["count"] == len(found)
