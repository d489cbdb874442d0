"""The result set of a query: which works it finds and their scores, before any filter.

A query and its mode define one set of works. Filters return parts of it, facets count it, sorts order it, and exports
and feeds read it, so all of them agree. It consists of the works with enough of its words and, in hybrid and semantic
mode, of a fixed list of neighbours that are near enough (`ranking.similarity_floor`). Hybrid search has two passes: the
first hits by the fused score move the query vector towards themselves (`ranking.feedback_vector`), and the works of the
first pass that are nearest to that vector are fused with the same keyword hits.

One request finds the set of a new hybrid query if vectors are in memory (`retrieval.vectors`): the keyword hits, with
the neighbours of the query vector if the vectors are short ones. Otherwise two more read the vectors of the first hits,
and compare the works of the first pass with the feedback vector. The set is cached for a while, for the pages and
facets of the same query; a set of another generation than that of the hits read with it is computed again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from peerscope.embedding import similarity_of
from search_api.retrieval import clauses, ranking
from search_api.retrieval.cache import ExpiringCache
from search_api.retrieval.hits import (
    best_first,
    best_of,
    first_only,
    fuse,
    fused,
    generation_of,
    hit_id,
    hit_scores,
    only_fields,
)
from search_api.retrieval.terms import significant_terms
from search_api.retrieval.vectors import VectorStore, WorkVectors
from search_api.understanding.languages import Collections
from search_api.works import queries
from search_api.works.term_counts import TermCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.hits import Scores
    from search_api.retrieval.ranking import RankingWeights
    from search_api.retrieval.syntax import Query
    from search_api.retrieval.vectors import KnownVectors

    Vector = NDArray[np.float32]

Body = dict[str, Any]
#: An index and the body of a search.
Search = tuple[str, Body]

#: Sets that are cached (about 100 KB each), and for how many seconds, since the collection may change.
MAX_SETS = 256
SECONDS = 60.0
#: Works of a collection from which on the works with a single word of a query are only read if they are needed. Of
#: 6,637 works, four of ten queries of eight words needed them, which takes another request.
LARGE = 20_000


@dataclass(frozen=True)
class ResultSet:
    """The works that a query finds.

    `keyword` is the clause that finds and scores works by keyword, None if only neighbours count. `ranked` are the
    scores of the best keyword hits and of all neighbours, best first: fused ones in hybrid mode, Lucene's in semantic
    mode, none in lists that OpenSearch itself orders. `is_complete` says that `ranked` contains the whole set.
    `has_keyword_hits` says that a work has enough words of the query. `vector` is the one searched with, float32[d];
    `nearby` are cosines to the query itself, also of works that are too far away to be results. `generation` is the
    index that the hits are from; `is_new` says that this is the current one: the set does not come from the cache.
    `count` is the number of works in a set that is not complete, None if it has not been counted; `matching` that of
    its works that match by keyword.
    """

    keyword: Body | None
    ranked: Scores = field(default_factory=dict)
    neighbours: tuple[str, ...] = ()
    is_complete: bool = False
    has_keyword_hits: bool = True
    vector: Vector | None = None
    nearby: Scores = field(default_factory=dict)
    generation: str | None = None
    is_new: bool = False
    count: int | None = None
    matching: int | None = None

    @property
    def size(self) -> int | None:
        """The number of works in the set; None if it has not been counted."""
        return len(self.ranked) if self.is_complete else self.count

    def clause(self) -> Body:
        """Return the clause that matches the set; with neighbours it has no meaningful score."""
        if self.is_complete:
            return queries.only(list(self.ranked))
        if not self.neighbours:
            return self.keyword or queries.only([])
        return {"bool": {"should": [self.keyword, queries.only(self.neighbours)], "minimum_should_match": 1}}

    def rest(self) -> Body:
        """Return the clause for works that match by keyword beyond the ranked ones."""
        return {"bool": {"must": [self.keyword], "filter": [queries.not_these(list(self.ranked))]}}


class ResultSets:
    """Cache of result sets by mode and query. Safe to use from several threads."""

    def __init__(
        self, size: int = MAX_SETS, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic
    ) -> None:
        """Start empty, with room for `size` sets that expire after `seconds`."""
        self._sets: ExpiringCache[tuple[str, str], ResultSet] = ExpiringCache(size, seconds, timer)

    def get(self, mode: str, text: str) -> ResultSet | None:
        """Return the set of a query, if it is cached."""
        return self._sets.get((mode, text))

    def put(self, mode: str, text: str, found: ResultSet) -> None:
        """Cache the set of a query; an empty one is not cached, since no hit tells its generation."""
        if found.ranked:
            self._sets.put((mode, text), found)

    def drop(self, mode: str, text: str) -> None:
        """Remove the set of a query."""
        self._sets.drop((mode, text))


def by_keyword(query: Query) -> ResultSet:
    """Return the set of a keyword search, or of a query without words; no request is needed."""
    return ResultSet(queries.keyword_or_all(query))


def needs_vector(services: Services, mode: str, query: Query) -> bool:
    """Return whether the first searches for a query contain its vector, rather than only its words."""
    return mode != "hybrid" or bool(queries.required_clauses(query)) or services.shared(VectorStore).current is None


def first_searches(
    services: Services, mode: str, query: Query, vector: Vector | None, weights: RankingWeights
) -> list[Search]:
    """Return the searches that `find` begins with; none if the set is cached. Without a vector, only those by words."""
    if services.shared(ResultSets).get(mode, query.key) is not None:
        return []
    if mode == "hybrid":
        is_selective = _is_selective(services, query)
        words = _best(queries.marked(query, only=is_selective), count=is_selective)
    else:
        words = first_only(queries.any_word(query))
    near = None if vector is None else nearest(vector, queries.required_clauses(query), weights)
    counts = services.shared(TermCounts).searches(services, query) if mode == "hybrid" else []
    return [(services.names.works, body) for body in (words, near, *counts) if body]


@dataclass(frozen=True)
class FirstResponses:
    """The responses to `first_searches`; `near` is None if it was not requested, `counted` those of `TermCounts`.

    `is_selective` says that the words were searched for only in works with enough of them, all of which were counted.
    """

    words: Body
    is_selective: bool
    near: Body | None
    counted: Sequence[tuple[Body, Body]]

    @classmethod
    def of(cls, searches: Sequence[Search], responses: Sequence[Body]) -> FirstResponses:
        """Return the responses to these searches."""
        (asked, words), *rest = zip([body for _, body in searches], responses, strict=True)
        near = rest.pop(0)[1] if rest and "knn" in rest[0][0]["query"] else None
        return cls(words, asked["track_total_hits"] is True, near, rest)


def _best(keyword: Body, *, count: bool = False) -> Body:
    """Return the request for the hits by keyword that take part in fusion; with `count`, all that match are counted."""
    total = True if count else ranking.DEPTH
    return {"query": keyword, "size": ranking.DEPTH, "track_total_hits": total, **only_fields()}


def _is_selective(services: Services, query: Query) -> bool:
    """Return whether to look first only for works with enough of the words: probably there are more than needed."""
    return queries.has_many_words(query) and services.shared(Collections).of(services).works >= LARGE


def find(
    services: Services,
    mode: str,
    query: Query,
    vector: Vector,
    weights: RankingWeights,
    sent: tuple[Sequence[Search], Sequence[Body]] = ((), ()),
) -> ResultSet:
    """Return the set of a hybrid or semantic search for a query with this vector, float32[d], unit length.

    `sent` are the `first_searches` and the responses to them, if they have been sent already.
    """
    cache = services.shared(ResultSets)
    if (cached := cache.get(mode, query.key)) is not None:
        return cached
    searches, responses = sent
    if not responses:
        searches = first_searches(services, mode, query, vector, weights)
        responses = services.search_together(searches)
    first = FirstResponses.of(searches, responses)
    if mode == "hybrid":
        found = hybrid(services, query, vector, weights, first)
    else:
        found = semantic(services, query, vector, first)
    cache.put(mode, query.key, found)
    return replace(found, is_new=True)


def forget(services: Services, mode: str, query: Query) -> None:
    """Remove the cached set of a query, because the collection has changed."""
    services.shared(ResultSets).drop(mode, query.key)


def semantic(services: Services, query: Query, vector: Vector, responses: FirstResponses) -> ResultSet:
    """Return the neighbours of the query that are near enough."""
    near = responses.near
    assert near is not None  # noqa: S101 (`first_searches` contain it in this mode)
    scores = best_first(hit_scores(near))
    floor = _query_floor(services, query, scores, words_occur=responses.words["hits"]["total"]["value"] > 0)
    cosines = ranking.cosines_of(scores)
    ranked = {id_: score for id_, score in scores.items() if cosines[id_] >= floor}
    return ResultSet(
        None,
        ranked,
        tuple(ranked),
        is_complete=True,
        vector=vector,
        nearby=cosines,
        generation=generation_of(near),
    )


def hybrid(
    services: Services, query: Query, vector: Vector, weights: RankingWeights, responses: FirstResponses
) -> ResultSet:
    """Return the set of a hybrid search, in two passes that share the keyword hits.

    The set consists of the works with enough words and of those that are near enough to the query itself. All keyword
    hits, and those works of the first pass that are nearest to the feedback vector, take part in fusion, so that scores
    do not depend on where the set ends.
    """
    by_words, near, matching = responses.words, responses.near, None
    if responses.is_selective:
        matching = by_words["hits"]["total"]["value"]
        if matching < ranking.DEPTH:
            by_words = services.search(services.names.works, _best(queries.marked(query)))
    neighbours = Neighbours.of(services, query, weights, generation_of(by_words, near))
    if near is None and (memory := neighbours.memory):
        semantic = memory.nearest(vector, weights.k)
    else:
        near = near or neighbours.search(vector)
        neighbours = Neighbours.of(services, query, weights, generation_of(by_words, near))
        semantic = hit_scores(near)
    occurring = services.shared(TermCounts).occurring_share(services, query, responses.counted)
    weight = ranking.semantic_share(weights.semantic_weight, occurring)
    first = FirstPass.of(by_words, semantic, generation_of(by_words, near))
    marked = {id_ for id_, score in first.keyword.items() if score >= queries.MARK}
    words = {id_: score - queries.MARK * (id_ in marked) for id_, score in first.keyword.items()}
    # Marked hits come first, so all of them were returned if another one was.
    first = replace(first, keyword=words, has_all=first.has_all or len(marked) < len(words))
    floor = _query_floor(services, query, first.semantic, words_occur=bool(words))
    cosines = ranking.cosines_of(first.semantic)
    near_ids = [id_ for id_, cosine in cosines.items() if cosine >= floor]
    moved = _feedback(neighbours, first, vector, replace(weights, semantic_weight=weight))
    second = first if moved is vector else replace(first, semantic=neighbours.among(first, moved))
    found = fused_set(second, queries.keyword(query), moved, weight)
    members = marked.union(near_ids)
    fused = {id_: score for id_, score in found.ranked.items() if id_ in members}
    return replace(
        found,
        ranked=fused | {id_: 0.0 for id_ in near_ids if id_ not in fused},
        neighbours=tuple(near_ids),
        has_keyword_hits=bool(marked),
        nearby=cosines,
        matching=matching,
    )


@dataclass(frozen=True)
class Neighbours:
    """Finds the neighbours of vectors that meet the requirements of a query, and the vectors of works.

    `known` has the vectors of the generation, if they are in memory.
    """

    services: Services
    query: Query
    weights: RankingWeights
    known: KnownVectors | None

    @classmethod
    def of(cls, services: Services, query: Query, weights: RankingWeights, generation: str | None) -> Neighbours:
        """Return the neighbours for a query; `generation` is that of its hits, None without hits."""
        return cls(services, query, weights, services.shared(VectorStore).of(generation))

    @property
    def memory(self) -> WorkVectors | None:
        """The vectors in which neighbours are found, if the query requires nothing of its results."""
        return self.known if isinstance(self.known, WorkVectors) and not queries.required_clauses(self.query) else None

    def among(self, first: FirstPass, vector: Vector) -> Scores:
        """Return the works of the first pass that are nearest to a vector, by Lucene's score."""
        works = list(dict.fromkeys([*first.keyword, *first.semantic]))
        if self.known is not None:
            return self.known.nearest_of(works, vector, self.weights.k)
        body = nearest(vector, [queries.only(works)], self.weights)
        return hit_scores(self.services.search(self.services.names.works, body))

    def search(self, vector: Vector) -> Body:
        """Return the response to a search for the neighbours of a vector."""
        body = nearest(vector, queries.required_clauses(self.query), self.weights)
        return self.services.search(self.services.names.works, body)

    def vectors(self, ids: list[str]) -> dict[str, Vector]:
        """Return the vectors of works by id, float32[d] of unit length."""
        if self.known is None:
            return _vectors(self.services, ids)
        return self.known.by_id(ids)


def _query_floor(services: Services, query: Query, near: Scores, *, words_occur: bool) -> float:
    """Return the cosine to a query that a neighbour needs, as `_floor` does."""
    if query.is_open or not any(unit.is_free for unit in query.units):
        # Operators alone are requirements, and what meets them is a result: `author:kording`.
        return 0.0
    # The other form of an abbreviation does not make a short query a long one.
    return _floor(services, query.words, near, words_occur=words_occur)


def _floor(services: Services, text: str, near: Scores, *, words_occur: bool) -> float:
    """Return the cosine to a text that a neighbour needs; `near` are Lucene's scores of the nearest works, best first.

    `words_occur` says whether a work has any word of the text.
    """
    best = ranking.cosine_of(next(iter(near.values()), 0.0))
    similarity = similarity_of(services.settings.model)
    return ranking.similarity_floor(similarity, best, significant_terms(text), words_occur=words_occur)


@dataclass(frozen=True)
class FirstPass:
    """Scores by keyword and of neighbours; `has_all` says that all keyword matches are among them.

    `keyword_of_near` are the keyword scores of those neighbours that match, also of others than the best ones, and
    `matching` is the number of works that match; both only if they were requested.
    """

    keyword: Scores
    semantic: Scores
    has_all: bool
    generation: str | None
    keyword_of_near: Scores = field(default_factory=dict)
    matching: int | None = None

    @classmethod
    def of(cls, by_words: Body, semantic: Scores, generation: str | None) -> FirstPass:
        """Return the scores in the response to a search by keyword, with those of neighbours."""
        scores, total = hit_scores(by_words), by_words["hits"]["total"]
        return cls(scores, semantic, total["relation"] == "eq" and total["value"] <= len(scores), generation)


def first_pass(
    services: Services, keyword: Body, vector: Vector, required: list[Body], weights: RankingWeights
) -> FirstPass:
    """Return the best hits by keyword and the neighbours of a vector, in one request, with all that `FirstPass` has.

    So a list needs no request for its length, nor one for the keyword scores of neighbours.
    """
    index, neighbours = services.names.works, nearest(vector, required, weights)
    near_by_words = {"bool": {"must": [keyword], "filter": [neighbours["query"]]}}
    bodies = [_best(keyword, count=True), neighbours, {**neighbours, "query": near_by_words}]
    by_words, near, both = services.search_together([(index, body) for body in bodies])
    first = FirstPass.of(by_words, hit_scores(near), generation_of(by_words, near))
    return replace(first, keyword_of_near=hit_scores(both), matching=by_words["hits"]["total"]["value"])


def fused_set(hits: FirstPass, keyword: Body, vector: Vector, semantic_weight: float) -> ResultSet:
    """Return the set of these hits, ranked by the fused score."""
    return ResultSet(
        keyword,
        fuse(hits.keyword, hits.semantic, semantic_weight),
        tuple(hits.semantic),
        is_complete=hits.has_all,
        has_keyword_hits=bool(hits.keyword),
        vector=vector,
        generation=hits.generation,
    )


def similar_set(
    services: Services, hits: FirstPass, keyword: Body, vector: Vector, semantic_weight: float, text: str
) -> ResultSet:
    """Return the set of works like a text: those that match, and the neighbours that are near enough to be results.

    As in hybrid search, all hits take part in fusion, so that scores do not depend on where the set ends.
    """
    matching = hits.keyword.keys() | hits.keyword_of_near.keys()
    floor = _floor(services, text, hits.semantic, words_occur=bool(hits.keyword))
    near = [id_ for id_, cosine in ranking.cosines_of(hits.semantic).items() if cosine >= floor]
    found = fused_set(hits, keyword, vector, semantic_weight)
    members = matching.union(near)
    return replace(
        found,
        ranked={id_: score for id_, score in found.ranked.items() if id_ in members},
        neighbours=tuple(near),
        count=(hits.matching or 0) + len(members) - len(matching),
    )


def nearest(vector: Vector, required: list[Body], weights: RankingWeights) -> Body:
    """Return the request for the neighbours of a vector that match the `required` clauses."""
    query = clauses.knn(vector, required, weights)
    return {"query": query, "size": weights.k, "track_total_hits": False, **only_fields()}


def _feedback(neighbours: Neighbours, first: FirstPass, vector: Vector, weights: RankingWeights) -> Vector:
    """Return the query vector moved towards the first hits; `vector` itself if there are none or none are wanted."""
    if not weights.feedback_works:
        return vector
    head = best_of(first.keyword, ranking.FEEDBACK_DEPTH)
    wanted = best_first(best_of(fused(head, first.semantic, weights.semantic_weight), weights.feedback_works))
    vectors = neighbours.vectors(list(wanted))
    hits = np.array([vectors[id_] for id_ in wanted if id_ in vectors], np.float32).reshape(-1, len(vector))
    scores = [score for id_, score in wanted.items() if id_ in vectors]
    return ranking.feedback_vector(vector, hits, scores, weights.feedback_weight * ranking.coherence(hits))


def _vectors(services: Services, ids: list[str]) -> dict[str, Vector]:
    """Return the vectors of works by id, float32[d] of unit length."""
    if not ids:
        return {}
    embedded = {"bool": {"filter": [queries.only(ids), {"exists": {"field": "embedding"}}]}}
    short = {"short": {"script": {"source": clauses.SHORT_VECTOR}}}
    body = {"query": embedded, "size": len(ids), "script_fields": short, "track_total_hits": False, **only_fields()}
    hits = services.search(services.names.works, body)["hits"]["hits"]
    return {hit_id(hit): clauses.decode_short_vector(hit["fields"]["short"][0]) for hit in hits}
