"""Experts for a text or a work: who could review it, who knows about it; conflicts of interest left out on request."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.http.errors import Problem
from search_api.http.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE, WINDOW, Pagination
from search_api.researchers.about import documents, shown
from search_api.researchers.experts import experts
from search_api.researchers.ids import own_ids
from search_api.retrieval.listing import envelope
from search_api.works import queries as works_queries
from search_api.works import search as works

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]

#: Collaborators that can be left out: OpenSearch's own limit on buckets.
MAX_CONFLICTS = 65_000


def rank(services: Services, args: Mapping[str, Any], body: Mapping[str, Any]) -> Result:
    """Rank experts as `RankBody` describes; with `candidates` all of them, on one page unless `per_page` is given."""
    started = time.monotonic()
    if body["candidates"] is None and (args["per_page"] or 0) > MAX_PER_PAGE:
        message = f"Must be at most {MAX_PER_PAGE} without candidates."
        raise Problem(HTTPStatus.BAD_REQUEST, f"per_page: {message}", {"per_page": [message]})
    named = ("candidates", "exclude", "exclude_collaborators_of")
    people = own_ids(services, {name: body[name] or [] for name in named})
    candidates = people["candidates"] if body["candidates"] is not None else None
    text, vector, clauses = _question(services, body)
    left_out = {*people["exclude"], *conflicts(services, people["exclude_collaborators_of"])}
    if candidates is not None:
        candidates = [id_ for id_ in candidates if id_ not in left_out]
    everyone = [one for one in experts(services, text, vector, candidates, clauses) if one.id not in left_out]
    found = everyone[:WINDOW]
    stored = documents(services, services.names.researchers, [one.id for one in found], {"includes": ["id"]})
    found = [one for one in found if one.id in stored]
    whole = max(1, len(found)) if candidates is not None else DEFAULT_PER_PAGE
    pagination = Pagination(args["page"], args["per_page"] or whole)
    return envelope(
        shown(services, found[pagination.offset : pagination.offset + pagination.per_page]),
        count=len(found),
        count_relation="eq" if len(everyone) <= WINDOW else "gte",
        pagination=pagination,
        took_ms=round(1000 * (time.monotonic() - started)),
        mode="keyword" if vector is None else "hybrid",
        degraded=["semantic"] if vector is None else [],
    )


def _question(services: Services, body: Mapping[str, Any]) -> tuple[str, Any, list[Result]]:
    """Return the text, its vector, and the clause for works that may vote: a work has no vote on itself."""
    if body["text"] is not None:
        return body["text"], services.embed_query(body["text"]), []
    try:
        work = works.find(services, body["work"])
    except Problem as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem.detail, {"work": [problem.detail]}) from problem
    text = f"{work['title']} {work['abstract'] or ''}"
    return text, work["embedding"], [works_queries.not_these([work["id"]])]


def conflicts(services: Services, ids: Sequence[str]) -> set[str]:
    """Return everyone who is on a work with one of these researchers; of these, those who are on one with another."""
    if not ids:
        return set()
    body = {
        "size": 0,
        "query": {"terms": {"researchers.id": list(ids)}},
        "aggs": {"people": {"terms": {"field": "researchers.id", "size": MAX_CONFLICTS}}},
    }
    buckets = services.search(services.names.works, body)["aggregations"]["people"]["buckets"]
    stored = documents(services, services.names.researchers, ids, {"includes": ["collaborators.id"]})
    of_each = {one["id"] for source in stored.values() for one in source.get("collaborators", [])}
    return {bucket["key"] for bucket in buckets} - set(ids) | (of_each & set(ids))
