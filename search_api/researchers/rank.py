"""Rank experts for a text or a work, such as reviewers; conflicts of interest can be excluded."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.http.errors import Problem
from search_api.http.paging import DEFAULT_PER_PAGE, MAX_PER_PAGE, WINDOW, Pagination
from search_api.researchers.documents import canonical_ids, read, refuse_unknown
from search_api.researchers.experts import experts, serialize_experts, teams
from search_api.retrieval.filters import year
from search_api.retrieval.listing import envelope, noting_unknown
from search_api.works import documents as works
from search_api.works.queries import not_these

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]

#: Collaborators that can be excluded: OpenSearch's limit on buckets.
MAX_CONFLICTS = 65_000


def rank(services: Services, args: Mapping[str, Any], body: Mapping[str, Any]) -> Result:
    """Rank experts as `RankBody` describes; `candidates` are all on one page unless `per_page` is given.

    `meta.unknown` lists the unknown ids. Raises Problem (422) if no candidate is left.
    """
    if body["candidates"] is None and (args["per_page"] or 0) > MAX_PER_PAGE:
        message = f"Must be at most {MAX_PER_PAGE} without candidates."
        raise Problem(HTTPStatus.BAD_REQUEST, f"per_page: {message}", {"per_page": [message]})
    named = ("candidates", "exclude", "exclude_collaborators_of")
    ids, unknown = canonical_ids(services, {name: body[name] or [] for name in named})
    candidates = ids["candidates"] if body["candidates"] is not None else None
    if body["candidates"] and not candidates:
        refuse_unknown(unknown)
    text, vector, clauses = _question(services, body)
    clauses += [year(body["year"])] if body["year"] else []
    excluded = {*ids["exclude"], *conflicts(services, ids["exclude_collaborators_of"])}
    if candidates is not None:
        candidates = [id_ for id_ in candidates if id_ not in excluded]
    ranked = experts(services, text, vector, candidates, clauses)
    ranked = [expert for expert in ranked if expert.id not in excluded]
    ranked = teams(ranked) if args["teams"] else ranked
    is_cut = len(ranked) > WINDOW
    ranked = ranked[:WINDOW]
    stored = read(services, services.names.researchers, [expert.id for expert in ranked], {"includes": ["id"]})
    ranked = [expert for expert in ranked if expert.id in stored]
    default = max(1, len(ranked)) if candidates is not None else DEFAULT_PER_PAGE
    pagination = Pagination(args["page"], args["per_page"] or default)
    answer = envelope(
        serialize_experts(services, ranked[pagination.offset : pagination.offset + pagination.per_page]),
        count=len(ranked),
        count_relation="gte" if is_cut else "eq",
        pagination=pagination,
        mode="keyword" if vector is None else "hybrid",
        degraded=["semantic"] if vector is None else [],
    )
    return noting_unknown(answer, unknown)


def _question(services: Services, body: Mapping[str, Any]) -> tuple[str, Any, list[Result]]:
    """Return the text, its vector, and the clauses for works that may vote: a work does not vote on itself."""
    if body["text"] is not None:
        return body["text"], services.embed_query(body["text"]), []
    try:
        work = works.find(services, body["work"])
    except Problem as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, problem.detail, {"work": [problem.detail]}) from problem
    text = f"{work['title']} {work['abstract'] or ''}"
    return text, work["embedding"], [not_these([work["id"]])]


def conflicts(services: Services, ids: Sequence[str]) -> set[str]:
    """Return all co-authors of these researchers; of themselves, those who are co-authors of another."""
    if not ids:
        return set()
    body = {
        "size": 0,
        "query": {"terms": {"researchers.id": list(ids)}},
        "aggs": {"people": {"terms": {"field": "researchers.id", "size": MAX_CONFLICTS}}},
    }
    buckets = services.search(services.names.works, body)["aggregations"]["people"]["buckets"]
    stored = read(services, services.names.researchers, ids, {"includes": ["collaborators.id"]})
    co_authors = {person["id"] for source in stored.values() for person in source.get("collaborators", [])}
    return {bucket["key"] for bucket in buckets} - set(ids) | (co_authors & set(ids))
