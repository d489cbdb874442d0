"""Responses that are lists: the envelope around results with counts and page links."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from flask import request

from search_api.http.timing import took_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.paging import Pagination


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


def noting_unknown(answer: dict[str, Any], unknown: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return a list with the ids that the request named and nothing has, by field, as `meta.unknown`; each id once."""
    ids = list(dict.fromkeys(id_ for ids in unknown.values() for id_ in ids))
    return {**answer, "meta": {**answer["meta"], **({"unknown": ids} if ids else {})}}


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


def count_of(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return `count` and `count_relation` of an OpenSearch response."""
    total = response["hits"]["total"]
    return {"count": total["value"], "count_relation": total["relation"]}
