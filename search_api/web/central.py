"""The works in the middle of a topic: those nearest to what its works have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from search_api import ranking
from search_api.works import queries
from search_api.works.search import dressed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.services import Services

Result = dict[str, Any]

#: Works that the middle is taken of: their vectors are most of what is read for a page, 5 kB each.
SAMPLE = 60


def works(services: Services, clause: Mapping[str, Any], size: int) -> list[Result]:
    """Give the works that pass `clause` nearest to the mean of their embeddings, nearest first."""
    index = services.names.works
    # By id, so that the page says the same each time; ids say nothing of what a work is about.
    body = {"size": SAMPLE, "query": {"bool": {"filter": [clause]}}, "_source": ["embedding"], "sort": [{"id": "desc"}]}
    hits = services.search(index, body)["hits"]["hits"]
    vectors = [hit["_source"]["embedding"] for hit in hits if hit["_source"].get("embedding")]
    if not vectors:
        return []
    middle = np.asarray(vectors, dtype=np.float32).mean(axis=0)
    length = float(np.linalg.norm(middle))
    if not length:
        return []
    query = ranking.knn(middle / length, [dict(clause)], k=size)
    answer = services.search(index, {"size": size, "query": query, "_source": queries.SOURCE})
    return [dressed(hit["_source"]) for hit in answer["hits"]["hits"]]
