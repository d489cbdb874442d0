"""Answers that are lists: the envelope around results, with counts, page links and facets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import request

from search_api.http.paging import WINDOW
from search_api.retrieval import facets as facet
from search_api.retrieval import ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.paging import Pagination
    from search_api.http.services import Services
    from search_api.retrieval.facets import Facet
    from search_api.retrieval.filters import Filter

#: Hits that share the score of a page's last one are put in order of their id; this many beyond the page are looked at.
SLACK = 25


def envelope(
    results: Sequence[Any],
    *,
    count: int,
    pagination: Pagination,
    took_ms: int,
    count_relation: str = "eq",
    mode: str | None = None,
    next_cursor: str | None = None,
    degraded: Sequence[str] = (),
    did_you_mean: str | None = None,
    facets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put results in the envelope that every list has. `degraded` names parts that are out of order.

    `did_you_mean` is the query in another spelling.
    """
    return {
        "meta": {
            "count": count,
            "count_relation": count_relation,
            "page": None if pagination.cursor else pagination.page,
            "per_page": pagination.per_page,
            "mode": mode,
            "took_ms": took_ms,
            "next_cursor": next_cursor,
            **({"degraded": degraded} if degraded else {}),
            **({"did_you_mean": did_you_mean} if did_you_mean else {}),
        },
        "results": results,
        "facets": facets or {},
        "links": page_links(pagination, count, next_cursor),
    }


def page_links(pagination: Pagination, count: int, next_cursor: str | None) -> dict[str, str | None]:
    """Return the addresses of this page, the next and the one before."""
    following = replace(pagination, cursor=next_cursor) if next_cursor else pagination.after(count)
    return {
        "self": address(),
        "next": address(_position(following)) if following else None,
        "prev": address(_position(before)) if (before := pagination.before()) else None,
    }


def _position(pagination: Pagination) -> dict[str, str]:
    return {"cursor": pagination.cursor} if pagination.cursor else {"page": str(pagination.page)}


def path() -> str:
    """Return this request's path as a link needs it: Flask hands it out decoded, and an id may hold # or ?."""
    return quote(request.path, safe="/:@!$&'()*+,;=~")


def address(changes: Mapping[str, str] | None = None) -> str:
    """Return this request's path and query, with some parameters set to other values."""
    changes = changes or {}
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    query = urlencode([*kept, *changes.items()])
    return f"{path()}?{query}" if query else path()


def first_hits(pagination: Pagination) -> dict[str, Any]:
    """Return the part of a hybrid list to fetch: everything up to the page's end, and what may tie with it."""
    return {"size": min(WINDOW, pagination.offset + pagination.per_page + SLACK)}


def take_scores(services: Services, index: str, hits: Sequence[dict[str, Any]], fused: Mapping[str, Any]) -> None:
    """Return hits that were sorted by a field the score that the hybrid query has for them; 0 beyond its depth."""
    body = {"query": fused, "_source": False, "size": ranking.PAGINATION_DEPTH + ranking.K}
    found = services.search(index, body)["hits"]["hits"]
    scores = {hit["_id"]: hit["_score"] for hit in found}
    for hit in hits:
        hit["_score"] = scores.get(hit["_id"], 0.0)


def in_total_order(hits: Iterable[dict[str, Any]], pagination: Pagination) -> list[dict[str, Any]]:
    """Return one page of hits ordered by score, then id.

    A hybrid query cannot be sorted by score together with another key, so the hits up to the page's end and `SLACK`
    more are ordered here: as far as nothing `ties_beyond`.
    """
    ordered = sorted(hits, key=lambda hit: (-(hit["_score"] or 0.0), hit["_id"]))
    return ordered[pagination.offset : pagination.offset + pagination.per_page]


def ties_beyond(hits: Sequence[Mapping[str, Any]], pagination: Pagination) -> bool:
    """Return whether what was not fetched may have the score of the page's last hit: then more is needed to order it.

    `hits` are the first ones, best first, as many as `first_hits` asks for.
    """
    end = pagination.offset + pagination.per_page
    return len(hits) == first_hits(pagination)["size"] > end and bool(hits[end - 1]["_score"] == hits[-1]["_score"])


def count_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return `count` and `count_relation` of an OpenSearch answer."""
    total = answer["hits"]["total"]
    return {"count": total["value"], "count_relation": total["relation"]}


def dump_facets(
    services: Services,
    index: str,
    table: Mapping[str, Facet],
    asked: Sequence[str],
    filters: Sequence[Filter],
    answer: Mapping[str, Any],
    query_without: Callable[[str], dict[str, Any]],
) -> dict[str, list[dict[str, Any]]]:
    """Return the facets asked for, with labels, in the order asked for.

    `answer` has counted those without a selection. Each of the others is counted in `index` by the query that
    `query_without` gives for its name: the search with all filters but the facet's own.
    """
    chosen = {one.name: one for one in filters}
    counted = {name: found["buckets"] for name, found in answer.get("aggregations", {}).items()}
    for name in facet.apart(asked, filters):
        aggs = {name: table[name].aggregation(), **table[name].chosen(chosen[name])}
        found = services.search(index, {"size": 0, "query": query_without(name), "aggs": aggs})["aggregations"]
        counted[name] = facet.with_chosen(found[name]["buckets"], found.get("chosen", {"buckets": {}})["buckets"])
    result = {}
    for name in asked:
        buckets = counted[name]
        keys, kind = [str(bucket["key"]) for bucket in buckets], table[name].labels
        if kind:
            names = services.labels(services.names.name(kind), keys)
        else:
            names = {key: table[name].called(key) for key in keys}
        result[name] = facet.values(buckets, names, chosen.get(name))
    return result
