"""Similar works: recall@20 of pairs that cite each other or are cited together, by hybrid and by each part alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from peerscope.evaluation.collection import record_id
from peerscope.evaluation.indexed import ask
from peerscope.evaluation.search import Result, result
from search_api.retrieval.clauses import knn
from search_api.retrieval.ranking import RankingWeights
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed

MEASURES = ("recall@20", "nDCG@10", "MRR")
DEPTH = 20


def evaluate(collection: Collection, indexed: Indexed) -> Result:
    """Ask for works like each judged one, through the API, and by keyword and by vector alone."""
    ways = {"keyword": _by_keyword(indexed), "semantic": _by_vector(indexed), "hybrid": _by_api(indexed)}
    asked = {name: _lists(collection, way) for name, way in ways.items()}
    return result(collection, indexed, asked, MEASURES)


def _lists(collection: Collection, way: Callable[[str], list[str]]) -> tuple[dict[str, list[str]], list[float]]:
    lists, times = {}, []
    for id_ in collection.queries:
        start = time.perf_counter()
        found = way(record_id(id_))
        times.append(1000 * (time.perf_counter() - start))
        lists[id_] = [collection.given_ids[work] for work in found]
    return lists, times


def _by_api(indexed: Indexed) -> Callable[[str], list[str]]:
    client = indexed.client()

    def find(id_: str) -> list[str]:
        answer, _ = ask(client, f"works/{quote(id_, safe=':')}/similar", per_page=DEPTH, select="id")
        return [work["id"] for work in answer["results"]]

    return find


def _by_keyword(indexed: Indexed) -> Callable[[str], list[str]]:
    """Find by the keyword part of the API's query alone."""
    services = indexed.services

    def find(id_: str) -> list[str]:
        like = queries.more_like(services.names.works, [id_])
        body = {"query": {"bool": {"must": [like], "filter": [queries.not_these([id_])]}}, "size": DEPTH}
        return [hit["_id"] for hit in services.search(services.names.works, body | {"_source": False})["hits"]["hits"]]

    return find


def _by_vector(indexed: Indexed) -> Callable[[str], list[str]]:
    """Find by the vector part of the API's query alone."""
    services = indexed.services

    def find(id_: str) -> list[str]:
        work = services.get(services.names.works, id_, _source_includes="embedding") or {}
        weights = RankingWeights.from_settings(services.settings)
        query = knn(work["embedding"], [queries.not_these([id_])], weights)
        body = {"query": query, "size": DEPTH, "_source": False}
        return [hit["_id"] for hit in services.search(services.names.works, body)["hits"]["hits"]]

    return find
