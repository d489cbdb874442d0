"""Reads the hits of a search: one page or all of them, in the same total order.

The fused list of a hybrid search ends at its depth (see `ranking.PAGINATION_DEPTH`), but more works match by keyword.
They follow with a score of 0, in the order of their keyword scores, so that a list is as long as its count.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from search_api.http.paging import WINDOW, Pagination, best_score, own_cursor, place
from search_api.retrieval import clauses, ranking
from search_api.retrieval.listing import first_hits, in_total_order, ties_beyond
from search_api.works import queries
from search_api.works.documents import READ, read_hits
from search_api.works.fields import SORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.ranking import RankingWeights
    from search_api.works.documents import WorkHit
    from search_api.works.plan import Plan

Body = dict[str, Any]

#: Works per request when a whole list is read: about 1.5 MB.
CHUNK = 500
#: Parts of a request that only the first request for a page needs.
_ONCE = {"aggs", "suggest", "track_total_hits"}


def read_page(
    services: Services, plan: Plan, pagination: Pagination, extras: Mapping[str, Any]
) -> tuple[Body, list[WorkHit]]:
    """Return OpenSearch's response and the hits of one page. `extras` are request parts besides query and order."""
    if plan.is_fused and pagination.cursor is None:
        extras = {"search_pipeline": plan.fusion(), **extras}
        return fused_page(services, plan.search_query(), plan.keyword_query(), pagination, extras)
    body = {"query": plan.search_query(fused=False), **extras, **place(pagination, plan.order)}
    with own_cursor(pagination):
        response = services.search(services.names.works, body)
    hits = response["hits"]["hits"]
    if plan.is_hybrid and pagination.cursor is None:
        _add_fused_scores(services, plan, hits)
    response["hits"]["max_score"] = best_score(pagination, response)
    return response, hits


def fused_page(
    services: Services, query: Body, keyword: Body, pagination: Pagination, extras: Mapping[str, Any]
) -> tuple[Body, list[WorkHit]]:
    """Return the response to a hybrid query and the hits of one page. `keyword` matches what its keyword part matches.

    The works are read in a second request: OpenSearch reads the source of everything it fuses. `extras` contain the
    `search_pipeline`.
    """
    wanted = first_hits(pagination)
    body = {name: value for name, value in extras.items() if name not in READ} | {"query": query, "_source": False}
    response = services.search(services.names.works, {**body, **wanted})
    if ties_beyond(response["hits"]["hits"], pagination):
        wanted = {"size": WINDOW}
        response = services.search(services.names.works, {**body, **wanted})
    fused: list[WorkHit] = response["hits"]["hits"]
    hits = read_hits(services, in_total_order(fused, pagination), extras)
    if len(hits) < pagination.per_page and len(fused) < min(wanted["size"], response["hits"]["total"]["value"]):
        window = {"from": max(0, pagination.offset - len(fused)), "size": pagination.per_page - len(hits)}
        hits += _keyword_rest(services, _without(keyword, fused), {**extras, **window})
    return response, hits


def _keyword_rest(services: Services, query: Body, extras: Mapping[str, Any]) -> list[WorkHit]:
    """Return hits by keyword that follow the fused ones, with score 0."""
    body = {"query": query, "sort": SORTS["relevance"].order}
    body |= {name: value for name, value in extras.items() if name not in {*_ONCE, "search_pipeline"}}
    hits: list[WorkHit] = services.search(services.names.works, body)["hits"]["hits"]
    return [{**hit, "_score": 0.0} for hit in hits]


def _without(keyword: Body, fused: Sequence[WorkHit]) -> Body:
    """Return the query for works that match by keyword and are not among the fused hits."""
    return {"bool": {"must": [keyword], "filter": [queries.not_these([hit["_id"] for hit in fused])]}}


def _add_fused_scores(services: Services, plan: Plan, hits: Sequence[WorkHit]) -> None:
    """Set the fused score of hits that were sorted by a field; 0 beyond the depth of the fusion."""
    size = ranking.PAGINATION_DEPTH + plan.weights.k
    body = {"query": plan.search_query(), "search_pipeline": plan.fusion(), "_source": False, "size": size}
    fused = services.search(services.names.works, body)["hits"]["hits"]
    scores = {hit["_id"]: hit["_score"] for hit in fused}
    for hit in hits:
        hit["_score"] = scores.get(hit["_id"], 0.0)


def read_all(services: Services, plan: Plan, limit: int) -> Iterator[WorkHit]:
    """Yield all hits of a search, at most `limit`, with one chunk in memory at a time; each with its score, if any."""
    hits = (
        _fused_then_rest(services, plan)
        if plan.is_fused
        else _scroll(services, plan.search_query(fused=False), plan.order)
    )
    return islice(hits, limit)


def _fused_then_rest(services: Services, plan: Plan) -> Iterator[WorkHit]:
    body = {"query": plan.search_query(), "search_pipeline": plan.fusion(), "_source": False, "size": WINDOW}
    fused: list[WorkHit] = services.search(services.names.works, body)["hits"]["hits"]
    hits = in_total_order(fused, Pagination(per_page=WINDOW))
    for start in range(0, len(hits), CHUNK):
        yield from read_hits(services, hits[start : start + CHUNK], {"_source": queries.SOURCE})
    for hit in _scroll(services, _without(plan.keyword_query(), fused), SORTS["relevance"].order):
        yield {**hit, "_score": 0.0}


def _scroll(services: Services, query: Body, order: list[Body]) -> Iterator[WorkHit]:
    """Yield a list to its end, each chunk after the last hit of the previous one."""
    body: Body = {
        "query": query,
        "_source": queries.SOURCE,
        "size": CHUNK,
        "sort": order,
        "track_scores": True,
        "track_total_hits": False,
    }
    while hits := services.search(services.names.works, body)["hits"]["hits"]:
        yield from hits
        if len(hits) < CHUNK:
            return
        body["search_after"] = hits[-1]["sort"]


def score_parts(
    services: Services,
    ids: Sequence[str],
    keyword: Body,
    vector: NDArray[np.float32] | None,
    weights: RankingWeights,
) -> dict[str, dict[str, float]]:
    """Return the parts of each work's score: `keyword`, a share of the best of all works, and `semantic`, a cosine."""
    if not ids:
        return {}
    index, size = services.names.works, len(ids)
    slim: Body = {"_source": False, "size": size}
    best = services.search(index, {"query": keyword, "_source": False, "size": 1})["hits"]["max_score"]
    among = {"bool": {"must": [keyword], "filter": [queries.only(ids)]}}
    parts = {id_: {"keyword": 0.0, "semantic": 0.0} for id_ in ids}
    for hit in services.search(index, {"query": among, **slim})["hits"]["hits"]:
        parts[hit["_id"]]["keyword"] = ranking.relative(hit["_score"], best)
    if vector is not None:
        nearest = clauses.knn(vector, [queries.only(ids)], weights, k=size)
        for hit in services.search(index, {"query": nearest, **slim})["hits"]["hits"]:
            parts[hit["_id"]]["semantic"] = ranking.cosine_of(hit["_score"])
    return parts
