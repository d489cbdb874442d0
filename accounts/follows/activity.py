"""An account's activity: the works that its follows bring, found by one query with one named clause per follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accounts.follows import searches
from search_api.http.errors import Problem
from search_api.http.paging import Pagination
from search_api.institutions import search as institutions_search
from search_api.retrieval.listing import count_of, envelope
from search_api.works.documents import serialize_work
from search_api.works.queries import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from accounts.follows.models import Follow
    from search_api.http.services import Services

Body = dict[str, Any]

FIELDS = {"researcher": "researchers.id", "topic": "topics.id", "institution": "institutions.id"}
#: Works added last come first; works added together are in the order of their own date, newest first.
ORDER: list[Body] = [
    {"added_at": {"order": "desc", "missing": "_last", "unmapped_type": "date"}},
    {"year": {"order": "desc", "missing": "_last"}},
    {"date": {"order": "desc", "missing": "_last"}},
    {"id": "asc"},
]


def list_activity(services: Services, follows: Sequence[Follow], args: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of works, newest first, each with `matched_follows`: the follows that brought it.

    `args["since"]` is `follow` for works added since each follow was made, or `ever` for all.
    """
    pagination = Pagination(args["page"], args["per_page"])
    body = build_request(services, follows, since_followed=args["since"] == "follow")
    window = {"from": pagination.offset, "size": pagination.per_page, "track_total_hits": True}
    answer = services.search(services.names.works, {**body, **window})
    results = [_to_result(hit, follows) for hit in answer["hits"]["hits"]]
    return envelope(results, **count_of(answer), pagination=pagination)


def new_works(
    services: Services, follows: Sequence[Follow], after: datetime | None, until: datetime, limit: int
) -> dict[str, Any]:
    """Return works added since each follow, after `after` and up to `until`: `count` and at most `limit` `works`."""
    body = build_request(services, follows, since_followed=True, after=after, until=until)
    answer = services.search(services.names.works, {**body, "size": limit, "track_total_hits": True})
    works = [_to_result(hit, follows) for hit in answer["hits"]["hits"]]
    return {"count": answer["hits"]["total"]["value"], "works": works}


def build_request(
    services: Services,
    follows: Iterable[Follow],
    *,
    since_followed: bool,
    after: datetime | None = None,
    until: datetime | None = None,
) -> Body:
    """Build the request for the works that follows bring, in `ORDER`. Without follows it matches nothing."""
    clauses = []
    for follow in follows:
        added: list[Body] = []
        if since_followed:
            since = max(follow.created_at, after) if after else follow.created_at
            limits = {"gt": since.isoformat(), **({"lte": until.isoformat()} if until else {})}
            added = [{"range": {"added_at": limits}}]
        clause = _clause(services, follow, added)
        clauses += [{"bool": {"filter": [clause, *added], "_name": follow.id}}] if clause else []
    query = {"bool": {"should": clauses, "minimum_should_match": 1}} if clauses else {"match_none": {}}
    return {"query": query, "sort": ORDER, "_source": SOURCE}


def _clause(services: Services, follow: Follow, added: Sequence[Body]) -> Body | None:
    """Return the clause of one follow among works `added` in a span; None for a search that is no longer valid."""
    if follow.kind != "search":
        return {"terms": {FIELDS[follow.kind]: _ids(services, follow)}}
    try:
        return searches.query(services, searches.read(services, follow.target), among=added)
    except Problem:
        return None


def _ids(services: Services, follow: Follow) -> list[str]:
    """Return the ids of a target: of an institution that was known by name only also its id from a source since."""
    if follow.kind != "institution" or ":" in follow.target:
        return [follow.target]
    try:
        return sorted({follow.target, institutions_search.find(services, follow.target)["id"]})
    except Problem:
        return [follow.target]


def _to_result(hit: Mapping[str, Any], follows: Sequence[Follow]) -> dict[str, Any]:
    matched = set(hit.get("matched_queries", ()))
    return {**serialize_work(hit["_source"]), "matched_follows": [follow for follow in follows if follow.id in matched]}
