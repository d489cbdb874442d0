"""Responses that are lists: the envelope around results with counts and page links, and total order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from flask import request

from search_api.http.paging import WINDOW
from search_api.http.timing import took_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.paging import Pagination

Hit = TypeVar("Hit", bound="Mapping[str, Any]")

#: Hits with the same score are ordered by id; to find those that tie with a page's last, this many more are fetched.
SLACK = 25


def envelope(
    results: Sequence[Any],
    *,
    count: int,
    pagination: Pagination,
    count_relation: str = "eq",
    mode: str | None = None,
    next_cursor: str | None = None,
    degraded: Sequence[str] = (),
    did_you_mean: str | None = None,
    facets: Mapping[str, Any] | None = None,
    notes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return results in the envelope of every list. `degraded` names parts that are unavailable.

    `did_you_mean` is a corrected query; `notes` are further members of `meta`, of which empty ones are left out.
    `took_ms` is the time since the request began.
    """
    return {
        "meta": {
            "count": count,
            "count_relation": count_relation,
            "page": None if pagination.cursor else pagination.page,
            "per_page": pagination.per_page,
            "mode": mode,
            "took_ms": took_ms(),
            "next_cursor": next_cursor,
            **({"degraded": degraded} if degraded else {}),
            **({"did_you_mean": did_you_mean} if did_you_mean else {}),
            **{name: note for name, note in (notes or {}).items() if note},
        },
        "results": results,
        "facets": facets or {},
        "links": page_links(pagination, count, next_cursor),
    }


def page_links(pagination: Pagination, count: int, next_cursor: str | None) -> dict[str, str | None]:
    """Return the links to this page, the next and the previous one."""
    following = replace(pagination, cursor=next_cursor) if next_cursor else pagination.after(count)
    return {
        "self": address(),
        "next": address(_position(following)) if following else None,
        "prev": address(_position(previous)) if (previous := pagination.before()) else None,
    }


def _position(pagination: Pagination) -> dict[str, str]:
    return {"cursor": pagination.cursor} if pagination.cursor else {"page": str(pagination.page)}


def path() -> str:
    """Return this request's path, quoted for a link: Flask decodes it, and an id may contain # or ?."""
    return quote(request.path, safe="/:@!$&'()*+,;=~")


def address(changes: Mapping[str, str] | None = None) -> str:
    """Return this request's path and query string, with some parameters changed."""
    changes = changes or {}
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    query = urlencode([*kept, *changes.items()])
    return f"{path()}?{query}" if query else path()


def first_hits(pagination: Pagination) -> dict[str, Any]:
    """Return the size of a hybrid request: everything up to the end of the page, and what may tie with its last hit."""
    return {"size": min(WINDOW, pagination.offset + pagination.per_page + SLACK)}


def in_total_order(hits: Iterable[Hit], pagination: Pagination) -> list[Hit]:
    """Return one page of hits ordered by score, then id.

    OpenSearch cannot sort a hybrid query by score and a second key, so the hits up to the end of the page and `SLACK`
    more are sorted here, which is complete unless `ties_beyond`.
    """
    ordered = sorted(hits, key=lambda hit: (-(hit["_score"] or 0.0), hit["_id"]))
    return ordered[pagination.offset : pagination.offset + pagination.per_page]


def ties_beyond(hits: Sequence[Mapping[str, Any]], pagination: Pagination) -> bool:
    """Return whether hits beyond those fetched may tie with the page's last hit, so that more must be fetched.

    `hits` are the first ones, best first, as many as `first_hits` asks for.
    """
    end = pagination.offset + pagination.per_page
    return len(hits) == first_hits(pagination)["size"] > end and bool(hits[end - 1]["_score"] == hits[-1]["_score"])


def count_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return `count` and `count_relation` of an OpenSearch response."""
    total = response["hits"]["total"]
    return {"count": total["value"], "count_relation": total["relation"]}
