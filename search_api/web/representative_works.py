"""Works to begin with: the newest, and those in the middle, nearest to what all have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.retrieval.clauses import SHORT_VECTOR, decode_short_vector, knn
from search_api.retrieval.ranking import RankingWeights
from search_api.works import queries
from search_api.works.documents import serialize_work
from search_api.works.fields import SORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services
    from search_api.works.documents import WorkResult

Result = dict[str, Any]

#: Works that the middle is taken of.
SAMPLE = 60


def newest(services: Services, clause: Mapping[str, Any], size: int) -> list[WorkResult]:
    """Return the newest works that pass `clause`, as a list by `sort=newest` begins."""
    return _works(services.search(services.names.works, _newest(clause, size)))


def newest_and_central(
    services: Services, clause: Mapping[str, Any], size: int
) -> tuple[list[WorkResult], list[WorkResult]]:
    """Return the newest works that pass `clause`, and those nearest to the mean of their embeddings, nearest first."""
    index = services.names.works
    latest, some = services.search_together([(index, _newest(clause, size)), (index, _sample(clause))])
    vectors = [decode_short_vector(hit["fields"]["short"][0]) for hit in some["hits"]["hits"]]
    middle = np.asarray(vectors, dtype=np.float32).sum(axis=0) if vectors else np.zeros(1, dtype=np.float32)
    length = float(np.linalg.norm(middle))
    if not length:
        return _works(latest), []
    query = knn(middle / length, [dict(clause)], RankingWeights.from_settings(services.settings), k=size)
    near = services.search(index, {"size": size, "query": query, "_source": queries.SOURCE})
    return _works(latest), _works(near)


def _newest(clause: Mapping[str, Any], size: int) -> Result:
    query = {"bool": {"filter": [clause]}}
    return {"size": size, "query": query, "sort": SORTS["newest"].order, "_source": queries.SOURCE}


def _sample(clause: Mapping[str, Any]) -> Result:
    """Ask for vectors, by id, so that the page says the same each time; ids say nothing of what a work is about.

    60 vectors out of `_source` took 28 ms where these take 8.
    """
    query = {"bool": {"filter": [clause, {"exists": {"field": "embedding"}}]}}
    short = {"short": {"script": {"source": SHORT_VECTOR}}}
    return {"size": SAMPLE, "query": query, "_source": False, "script_fields": short, "sort": [{"id": "desc"}]}


def _works(answer: Mapping[str, Any]) -> list[WorkResult]:
    return [serialize_work(hit["_source"]) for hit in answer["hits"]["hits"]]
