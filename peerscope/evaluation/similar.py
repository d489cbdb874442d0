"""Similar works: recall@20 of pairs such as works that cite each other, by hybrid search and by each part alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from peerscope.evaluation.collection import record_id
from peerscope.evaluation.indexed import query_api
from peerscope.evaluation.search import Lists, Result, evaluate_lists
from search_api.retrieval.clauses import knn
from search_api.retrieval.hits import hit_ids, only_fields
from search_api.retrieval.ranking import RankingWeights
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed

MEASURES = ("recall@20", "nDCG@10", "MRR")
DEPTH = 20


def evaluate_similar(collection: Collection, indexed: Indexed) -> Result:
    """Evaluate the similar works of each judged work, by the API and by its keyword and vector parts alone."""
    methods = {"keyword": _by_keyword(indexed), "semantic": _by_vector(indexed), "hybrid": _by_api(indexed)}
    lists = {name: _lists(collection, find) for name, find in methods.items()}
    return evaluate_lists(collection, indexed, lists, MEASURES)


def _lists(collection: Collection, find: Callable[[str], list[str]]) -> Lists:
    lists, times = {}, []
    for id_ in collection.queries:
        start = time.perf_counter()
        works = find(record_id(id_))
        times.append(1000 * (time.perf_counter() - start))
        lists[id_] = [collection.original_ids[work] for work in works]
    return lists, times


def _by_api(indexed: Indexed) -> Callable[[str], list[str]]:
    client = indexed.client()

    def find(id_: str) -> list[str]:
        response, _ = query_api(client, f"works/{quote(id_, safe=':')}/similar", per_page=DEPTH, select="id")
        return [work["id"] for work in response["results"]]

    return find


def _by_keyword(indexed: Indexed) -> Callable[[str], list[str]]:
    """Return the keyword part of the API's query."""
    services = indexed.services

    def find(id_: str) -> list[str]:
        like = queries.more_like(services.names.works, [id_])
        body = {"query": {"bool": {"must": [like], "filter": [queries.not_these([id_])]}}, "size": DEPTH}
        return hit_ids(services.search(services.names.works, body | only_fields()))

    return find


def _by_vector(indexed: Indexed) -> Callable[[str], list[str]]:
    """Return the vector part of the API's query."""
    services = indexed.services

    def find(id_: str) -> list[str]:
        work = services.get(services.names.works, id_, _source_includes="embedding") or {}
        weights = RankingWeights.from_settings(services.settings)
        query = knn(work["embedding"], [queries.not_these([id_])], weights)
        body = {"query": query, "size": DEPTH, **only_fields()}
        return hit_ids(services.search(services.names.works, body))

    return find
