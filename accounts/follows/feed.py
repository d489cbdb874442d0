"""What is new in the things that somebody follows: one query, in which each follow names itself to what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.follows import searches
from search_api.http.errors import Problem
from search_api.http.paging import Pagination
from search_api.retrieval.listing import count_of, envelope
from search_api.works.documents import serialize_work
from search_api.works.queries import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from accounts.follows.models import Follow
    from search_api.http.services import Services

Body = dict[str, Any]

FIELDS = {"researcher": "researchers.id", "topic": "topics.id"}
#: What came in last stands first; of what came in together, the latest by its own date.
ORDER: list[Body] = [
    {"added_at": {"order": "desc", "missing": "_last", "unmapped_type": "date"}},
    {"year": {"order": "desc", "missing": "_last"}},
    {"date": {"order": "desc", "missing": "_last"}},
    {"id": "asc"},
]


def feed(services: Services, follows: Sequence[Follow], args: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of works, newest first, each with `because`: the follows that brought it.

    `args["since"]` is `follow` for what came in since each thing is followed, or `ever` for all of it.
    """
    pagination = Pagination(args["page"], args["per_page"])
    body = request(services, follows, since_followed=args["since"] == "follow")
    place = {"from": pagination.offset, "size": pagination.per_page, "track_total_hits": True}
    answer = services.search(services.names.works, {**body, **place})
    results = [_result(hit, follows) for hit in answer["hits"]["hits"]]
    return envelope(results, **count_of(answer), pagination=pagination)


def news(
    services: Services, follows: Sequence[Follow], after: datetime | None, until: datetime, most: int
) -> dict[str, Any]:
    """Return the works added since each follow, between two moments: `count`, and up to `most` `works`."""
    body = request(services, follows, since_followed=True, after=after)
    body["query"] = {"bool": {"must": [body["query"]], "filter": [{"range": {"added_at": {"lte": until.isoformat()}}}]}}
    answer = services.search(services.names.works, {**body, "size": most, "track_total_hits": True})
    works = [_result(hit, follows) for hit in answer["hits"]["hits"]]
    return {"count": answer["hits"]["total"]["value"], "works": works}


def request(
    services: Services, follows: Iterable[Follow], *, since_followed: bool, after: datetime | None = None
) -> Body:
    """Return the request for works that follows bring, in the feed's order. Without a follow it finds nothing."""
    clauses = []
    for one in follows:
        clause = _clause(services, one)
        since = max(one.created_at, after) if after else one.created_at
        holds = [clause, {"range": {"added_at": {"gt": since.isoformat()}}}] if since_followed else [clause]
        clauses += [{"bool": {"filter": holds, "_name": one.id}}] if clause else []
    found = {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else {"match_none": {}}
    return {"query": found, "sort": ORDER, "_source": SOURCE}


def _clause(services: Services, one: Follow) -> Body | None:
    """Return the clause of one follow; None for a search that can no longer be made."""
    if one.kind != "search":
        return {"term": {FIELDS[one.kind]: one.target}}
    try:
        return searches.query(services, searches.read(services, one.target))
    except Problem:
        return None


def _result(hit: Mapping[str, Any], follows: Sequence[Follow]) -> dict[str, Any]:
    brought = set(hit.get("matched_queries", ()))
    because = [one for one in follows if one.id in brought]
    return {**serialize_work(hit["_source"]), "because": because}
