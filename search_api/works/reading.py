"""Reads the hits of a search: one page, or all of them, in the same total order.

The fused list of a hybrid search ends where its depth does (see `ranking.PAGINATION_DEPTH`), but more works have the
words. They follow it with a score of 0, in the order of their keyword scores, so that a list is as long as its count.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from search_api.listing import first_hits, in_total_order, take_scores
from search_api.paging import WINDOW, Pagination, decode_cursor
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_api.services import Services
    from search_api.works.plan import Plan

Hit = dict[str, Any]

#: Works that are read at once when a whole list is wanted: about 1.5 MB of them.
CHUNK = 500
#: What only the first request of a page has to ask.
_ONCE = {"aggs", "suggest", "track_total_hits"}


def page(services: Services, asked: Plan, pagination: Pagination, extras: Mapping[str, Any]) -> tuple[Hit, list[Hit]]:
    """Give OpenSearch's answer, and the hits of one page; `extras` are the parts besides query, order and place."""
    works = services.names.works
    if not asked.is_fused:
        place = _position(asked.sort, pagination)
        answer = services.search(works, {"query": asked.query(fused=False), **extras, **place})
        if asked.is_hybrid:
            take_scores(services, works, answer["hits"]["hits"], asked.query())
        return answer, answer["hits"]["hits"]
    wanted = first_hits(pagination)
    answer = services.search(works, {"query": asked.query(), **extras, **wanted})
    fused = answer["hits"]["hits"]
    hits = in_total_order(fused, pagination)
    if len(hits) < pagination.per_page and len(fused) < min(wanted["size"], answer["hits"]["total"]["value"]):
        place = {"from": max(0, pagination.offset - len(fused)), "size": pagination.per_page - len(hits)}
        hits += _beyond(services, asked, fused, {**extras, **place})
    return answer, hits


def _position(sort: str, pagination: Pagination) -> dict[str, Any]:
    """Give the order and the place in the list."""
    order = queries.SORTS[sort]
    if pagination.cursor is None:
        place: dict[str, Any] = {"from": pagination.offset}
    else:
        after = decode_cursor(pagination.cursor, len(order))
        place = {"search_after": after} if after is not None else {}
    return {"size": pagination.per_page, "sort": order, "track_scores": True, **place}


def _beyond(services: Services, asked: Plan, fused: Sequence[Hit], more: Mapping[str, Any]) -> list[Hit]:
    """Give hits of the words that lie beyond the fused ones."""
    body = {"query": _tail(asked, fused), "sort": queries.SORTS["relevance"]}
    body |= {name: value for name, value in more.items() if name not in _ONCE}
    hits: list[Hit] = services.search(services.names.works, body)["hits"]["hits"]
    return [{**hit, "_score": 0.0} for hit in hits]


def _tail(asked: Plan, fused: Sequence[Hit]) -> dict[str, Any]:
    others = queries.not_these([hit["_id"] for hit in fused])
    return queries.query("keyword", asked.text, None, [*asked.clauses(), others])


def every(services: Services, asked: Plan, limit: int) -> Iterator[Hit]:
    """Give all hits of a search, at most `limit`, a chunk in memory at a time; each has its score, if there is one."""
    plain = asked.query(fused=False)
    return islice(_fused_then_rest(services, asked) if asked.is_fused else _read_on(services, plain, asked.sort), limit)


def _fused_then_rest(services: Services, asked: Plan) -> Iterator[Hit]:
    body = {"query": asked.query(), "_source": queries.SOURCE, "size": WINDOW}
    fused = services.search(services.names.works, body)["hits"]["hits"]
    yield from in_total_order(fused, Pagination(per_page=WINDOW))
    for hit in _read_on(services, _tail(asked, fused), "relevance"):
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
