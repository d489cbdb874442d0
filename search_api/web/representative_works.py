"""Works to start with on the page of a topic or institution: the newest, and the most representative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.retrieval.clauses import SHORT_VECTOR, decode_short_vector, knn
from search_api.retrieval.hits import only_fields
from search_api.retrieval.ranking import RankingWeights
from search_api.works import queries
from search_api.works.documents import serialize_work
from search_api.works.fields import SORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services
    from search_api.works.documents import WorkResult

Result = dict[str, Any]

#: Works whose embeddings are averaged.
SAMPLE = 60


def newest(services: Services, clause: Mapping[str, Any], size: int) -> list[WorkResult]:
    """Return the newest works that match `clause`, in the order of `sort=newest`."""
    return _works(services.search(services.names.works, _newest(clause, size)))


def newest_and_representative(
    services: Services, clause: Mapping[str, Any], size: int
) -> tuple[list[WorkResult], list[WorkResult]]:
    """Return the newest works that match `clause`, and those nearest to the mean of their embeddings, nearest first."""
    index = services.names.works
    latest, sample = services.search_together([(index, _newest(clause, size)), (index, _sample(clause))])
    vectors = [decode_short_vector(hit["fields"]["short"][0]) for hit in sample["hits"]["hits"]]
    mean = np.asarray(vectors, dtype=np.float32).sum(axis=0) if vectors else np.zeros(1, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    if not length:
        return _works(latest), []
    query = knn(mean / length, [dict(clause)], RankingWeights.from_settings(services.settings), k=size)
    nearest = services.search(index, {"size": size, "query": query, "_source": queries.SOURCE})
    return _works(latest), _works(nearest)


def _newest(clause: Mapping[str, Any], size: int) -> Result:
    query = {"bool": {"filter": [clause]}}
    return {"size": size, "query": query, "sort": SORTS["newest"].order, "_source": queries.SOURCE}


def _sample(clause: Mapping[str, Any]) -> Result:
    """Return the request for a sample of vectors, by id: the same each time, and independent of the subject.

    60 vectors read from `_source` took 28 ms, these take 8.
    """
    query = {"bool": {"filter": [clause, {"exists": {"field": "embedding"}}]}}
    short = {"short": {"script": {"source": SHORT_VECTOR}}}
    return {"size": SAMPLE, "query": query, "script_fields": short, "sort": [{"id": "desc"}], **only_fields()}


def _works(response: Mapping[str, Any]) -> list[WorkResult]:
    return [serialize_work(hit["_source"]) for hit in response["hits"]["hits"]]
