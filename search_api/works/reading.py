"""Reads the hits of a search: one page, or all of them, in the same total order.

The fused list of a hybrid search ends where its depth does (see `ranking.PAGINATION_DEPTH`), but more works have the
words. They follow it with a score of 0, in the order of their keyword scores, so that a list is as long as its count.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from search_api.http.paging import WINDOW, Pagination, best_score, own_cursor, place
from search_api.retrieval.listing import first_hits, in_total_order, take_scores, ties_beyond
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.works.plan import Plan

Hit = dict[str, Any]

#: Works that are read at once when a whole list is wanted: about 1.5 MB of them.
CHUNK = 500
#: What only the first request of a page has to ask.
_ONCE = {"aggs", "suggest", "track_total_hits"}
#: What is read of the works of a page, once it is known which they are.
_READ = {"_source", "highlight"}


def page(services: Services, asked: Plan, pagination: Pagination, extras: Mapping[str, Any]) -> tuple[Hit, list[Hit]]:
    """Return OpenSearch's answer, and the hits of one page; `extras` are the parts besides query, order and place."""
    if asked.is_fused and pagination.cursor is None:
        return fused_page(services, asked.query(), asked.keyword(), pagination, extras)
    body = {"query": asked.query(fused=False), **extras, **place(pagination, queries.SORTS[asked.sort])}
    with own_cursor(pagination):
        answer = services.search(services.names.works, body)
    hits = answer["hits"]["hits"]
    if asked.is_hybrid and pagination.cursor is None:
        take_scores(services, services.names.works, hits, asked.query())
    answer["hits"]["max_score"] = best_score(pagination, answer)
    return answer, hits


def fused_page(
    services: Services,
    query: Mapping[str, Any],
    keyword: Mapping[str, Any],
    pagination: Pagination,
    extras: Mapping[str, Any],
) -> tuple[Hit, list[Hit]]:
    """Return the answer to a hybrid query, and the hits of one page; `keyword` finds what its keyword part does.

    The works are read apart: OpenSearch would read all that it fuses before it knows the first few.
    """
    wanted = first_hits(pagination)
    body = {name: value for name, value in extras.items() if name not in _READ} | {"query": query, "_source": False}
    answer = services.search(services.names.works, {**body, **wanted})
    if ties_beyond(answer["hits"]["hits"], pagination):
        wanted = {"size": WINDOW}
        answer = services.search(services.names.works, {**body, **wanted})
    fused = answer["hits"]["hits"]
    hits = read(services, in_total_order(fused, pagination), extras)
    if len(hits) < pagination.per_page and len(fused) < min(wanted["size"], answer["hits"]["total"]["value"]):
        rest = {"from": max(0, pagination.offset - len(fused)), "size": pagination.per_page - len(hits)}
        hits += _beyond(services, _tail(keyword, fused), {**extras, **rest})
    return answer, hits


def read(services: Services, hits: Sequence[Hit], extras: Mapping[str, Any]) -> list[Hit]:
    """Return hits with what is to be read of them: `_source` and `highlight` of `extras`.

    A work that was removed meanwhile is left out.
    """
    if not hits:
        return []
    body = {"query": queries.only([hit["_id"] for hit in hits]), "size": len(hits), "track_total_hits": False}
    body |= {name: value for name, value in extras.items() if name in _READ}
    found = {hit["_id"]: hit for hit in services.search(services.names.works, body)["hits"]["hits"]}
    return [{**found[hit["_id"]], "_score": hit["_score"]} for hit in hits if hit["_id"] in found]


def _beyond(services: Services, query: Mapping[str, Any], more: Mapping[str, Any]) -> list[Hit]:
    body = {"query": query, "sort": queries.SORTS["relevance"]}
    body |= {name: value for name, value in more.items() if name not in _ONCE}
    hits: list[Hit] = services.search(services.names.works, body)["hits"]["hits"]
    return [{**hit, "_score": 0.0} for hit in hits]


def _tail(keyword: Mapping[str, Any], fused: Sequence[Hit]) -> dict[str, Any]:
    """Return the query for what has the words and lies beyond the fused hits."""
    return {"bool": {"must": [keyword], "filter": [queries.not_these([hit["_id"] for hit in fused])]}}


def every(services: Services, asked: Plan, limit: int) -> Iterator[Hit]:
    """Return all hits of a search, at most `limit`, one chunk in memory at a time; each with its score, if any."""
    plain = asked.query(fused=False)
    return islice(_fused_then_rest(services, asked) if asked.is_fused else _read_on(services, plain, asked.sort), limit)


def _fused_then_rest(services: Services, asked: Plan) -> Iterator[Hit]:
    body = {"query": asked.query(), "_source": False, "size": WINDOW}
    fused = services.search(services.names.works, body)["hits"]["hits"]
    hits = in_total_order(fused, Pagination(per_page=WINDOW))
    for start in range(0, len(hits), CHUNK):
        yield from read(services, hits[start : start + CHUNK], {"_source": queries.SOURCE})
    for hit in _read_on(services, _tail(asked.keyword(), fused), "relevance"):
        yield {**hit, "_score": 0.0}


def _read_on(services: Services, query: Mapping[str, Any], sort: str) -> Iterator[Hit]:
    """Read a list to its end, each chunk after the last hit of the one before."""
    body: dict[str, Any] = {
        "query": query,
        "_source": queries.SOURCE,
        "size": CHUNK,
        "sort": queries.SORTS[sort],
        "track_scores": True,
        "track_total_hits": False,
    }
    while hits := services.search(services.names.works, body)["hits"]["hits"]:
        yield from hits
        if len(hits) < CHUNK:
            return
        body["search_after"] = hits[-1]["sort"]
