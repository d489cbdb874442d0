"""Feedback from the first hits: a hybrid search runs twice, the second time with its vector moved towards those hits.

The first search ignores the filters: a filter that leaves only works on something else must not turn the query towards
them. So the pages and facets of a query share one vector, which is cached for a while.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from cachetools import TTLCache

from search_api.retrieval import clauses, ranking
from search_api.works import queries
from search_api.works.documents import read_hits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.ranking import RankingWeights
    from search_api.retrieval.syntax import Query

    Vector = NDArray[np.float32]

#: Queries whose vector is cached (1 MB of vectors), and for how many seconds, since the collection may change.
MAX_VECTORS = 512
SECONDS = 60.0


class FeedbackVectors:
    """Cache of feedback vectors by query. Safe to use from several threads."""

    def __init__(
        self, size: int = MAX_VECTORS, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin empty, with room for `size` vectors that expire after `seconds`."""
        self._vectors: TTLCache[str, Vector] = TTLCache(size, seconds, timer)
        self._lock = Lock()

    def get(self, text: str) -> Vector | None:
        """Return the vector of a query, if it is cached."""
        with self._lock:
            vector: Vector | None = self._vectors.get(text)
        return vector

    def put(self, text: str, vector: Vector) -> None:
        """Cache the vector of a query."""
        with self._lock:
            self._vectors[text] = vector


def feedback(services: Services, query: Query, vector: Vector, weights: RankingWeights) -> Vector:
    """Return the vector to search with: the query's own, moved towards the hits of a first hybrid search.

    float32[d], unit length; see `ranking.feedback_vector`. With `PEERSCOPE_FEEDBACK_WORKS=0` there is no first search.
    """
    if not weights.feedback_works:
        return vector
    cache = services.shared(FeedbackVectors)
    if (cached := cache.get(query.source)) is not None:
        return cached
    hits, scores = _first_hits(services, query, vector, weights)
    moved = ranking.feedback_vector(vector, hits, scores, weights.feedback_weight)
    cache.put(query.source, moved)
    return moved


def _first_hits(
    services: Services, query: Query, vector: Vector, weights: RankingWeights
) -> tuple[Vector, list[float]]:
    """Return the vectors of the first hits, float32[n, d], and their n scores.

    The vectors are read in a second request: a hybrid search over one shard reads the source of everything it fuses,
    which took 134 ms with the vectors and 11 without, at a depth of 1,000.
    """
    body = {
        "query": queries.search_query("hybrid", query, vector, [], weights, depth=ranking.FEEDBACK_DEPTH),
        "search_pipeline": clauses.fusion(weights.semantic_weight),
        "size": weights.feedback_works,
        "_source": False,
    }
    hits = services.search(services.names.works, body)["hits"]["hits"]
    works = read_hits(services, hits, {"_source": ["embedding"]})
    vectors = np.array([work["_source"]["embedding"] for work in works], np.float32).reshape(len(works), len(vector))
    return vectors, [work["_score"] or 0.0 for work in works]
