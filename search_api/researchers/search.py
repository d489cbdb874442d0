"""Asks OpenSearch for researchers; the JSON views and the pages both call this."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.http.errors import Problem
from search_api.http.paging import Pagination, best_score, next_cursor, own_cursor, place
from search_api.researchers import about, queries
from search_api.researchers.profile import collaborators, dressed, find
from search_api.retrieval import facets as facet
from search_api.retrieval import filters, ranking
from search_api.retrieval.listing import count_of, dump_facets, envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services

Result = dict[str, Any]

__all__ = ["collaborators", "dressed", "find", "search"]


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """Search researchers as `ResearchersArgs` describes: by name, or all; what they work on is asked in `about.py`."""
    if args["about"].strip():
        if args["cursor"]:
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                "cursor works without about: the votes of works are counted anew for every page.",
                {"cursor": ["Works without about."]},
            )
        return about.search(services, args)
    asked = filters.parse(queries.FILTERS, args)
    name = args["q"].strip()
    sort = args["sort"] or ("relevance" if name else "works_count")
    pagination = Pagination(args["page"], args["per_page"], args["cursor"], reads_on="cursor=*")

    def query(without: str | None = None) -> Result:
        return queries.listed(name, filters.clauses(asked, without))

    body: Result = {
        "query": query(),
        **place(pagination, queries.SORTS[sort]),
        "_source": queries.SUMMARY,
        "track_total_hits": True,
        "aggs": facet.riding_along(queries.FACETS, args["facets"], asked),
    }
    with own_cursor(pagination):
        answer = services.search(services.names.researchers, body)
    best = best_score(pagination, answer)
    return envelope(
        [_ranked(hit, best if name else None) for hit in answer["hits"]["hits"]],
        **count_of(answer),
        pagination=pagination,
        took_ms=answer["took"],
        next_cursor=next_cursor(pagination, answer),
        facets=dump_facets(services, services.names.researchers, queries.FACETS, args["facets"], asked, answer, query),
    )


def _ranked(hit: Mapping[str, Any], best: float | None) -> Result:
    result = dressed(hit["_source"])
    if best is not None and hit["_score"] is not None:
        result["score"] = ranking.relative(hit["_score"], best)
    return result
