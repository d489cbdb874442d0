"""Feedback from the first hits: a hybrid search is made twice, and the second time its vector has moved towards them.

The first search asks the whole collection, whatever the filters are: a filter that leaves only works on something
else must not turn the query towards that. So the pages and facets of a query share one vector, which is kept a while.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from search_api.retrieval import ranking
from search_api.works import queries, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from search_api.http.services import Services

    Vector = NDArray[np.float32]

#: Queries whose vector is kept: 1 MB of vectors; and for how long, in seconds, since the collection may change.
KEPT = 512
SECONDS = 60.0


class Moved:
    """Vectors that feedback has moved, by query; those asked for last are kept. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[str, tuple[float, Vector]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, text: str) -> Vector | None:
        """Return the vector of a query, unless it is too old."""
        with self._lock:
            since, vector = self._kept.get(text, (0.0, None))
            if vector is None or time.monotonic() - since > SECONDS:
                return None
            self._kept.move_to_end(text)
            return vector

    def keep(self, text: str, vector: Vector) -> None:
        """Keep the vector of a query."""
        with self._lock:
            self._kept[text] = (time.monotonic(), vector)
            self._kept.move_to_end(text)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def feedback(services: Services, text: str, vector: Vector) -> Vector:
    """Return the vector to search with: the query's own, moved towards the works that a first hybrid search finds.

    float32[d], unit length. See `ranking.moved`; PEERSCOPE_FEEDBACK_WORKS=0 leaves the vector and the search out.
    """
    if not ranking.FEEDBACK_WORKS:
        return vector
    if (kept := services.moved.get(text)) is not None:
        return kept
    found = ranking.moved(vector, *_first_hits(services, text, vector))
    services.moved.keep(text, found)
    return found


def _first_hits(services: Services, text: str, vector: Vector) -> tuple[Vector, list[float]]:
    """Return the vectors of the first hits, float32[n, d], and their scores.

    The vectors are read apart: a hybrid search over one shard reads all it fuses before it knows the first few, which
    took 134 ms with the vectors and 11 without, at a depth of 1,000.
    """
    query = queries.query("hybrid", text, vector, [], depth=ranking.FEEDBACK_DEPTH)
    body = {"query": query, "size": ranking.FEEDBACK_WORKS, "_source": False}
    hits = services.search(services.names.works, body)["hits"]["hits"]
    works = reading.read(services, hits, {"_source": ["embedding"]})
    vectors = np.array([work["_source"]["embedding"] for work in works], np.float32).reshape(len(works), len(vector))
    return vectors, [work["_score"] for work in works]
