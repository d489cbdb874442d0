"""Search for researchers by name or by what they work on: `GET /researchers` starts here; the pages call it too."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.http.errors import Problem
from search_api.http.paging import WINDOW, Pagination, best_score, next_cursor, own_cursor, place
from search_api.researchers import queries
from search_api.researchers.documents import serialize_researcher
from search_api.researchers.experts import Expert, best_first, experts, serialize_experts
from search_api.researchers.fields import FIELDS, SORTS
from search_api.researchers.names import by_name
from search_api.retrieval import filters, ranking
from search_api.retrieval.facets import inline_aggregations, read_facets
from search_api.retrieval.listing import count_of, envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services
    from search_api.researchers.documents import ResearcherResult
    from search_api.retrieval.filters import Filter

Result = dict[str, Any]

#: Filters that at most this many researchers pass restrict the works that vote, so that nobody is lost to the works of
#: others. Wider ones are applied to the researchers who got votes, some thousands.
NARROW = 2_000


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """Return the list that `ResearchersArgs` describe."""
    asked = filters.parse(FIELDS, args)
    if not args["about"].strip():
        return _by_name(services, args, asked)
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works without about: votes are counted again for every page.",
            {"cursor": ["Works without about."]},
        )
    return _by_topic(services, args, asked)


def _by_name(services: Services, args: Mapping[str, Any], asked: list[Filter]) -> Result:
    """Return researchers by name, or all."""
    name = args["q"].strip()
    sort = args["sort"] or ("relevance" if name else "works_count")
    pagination = Pagination(args["page"], args["per_page"], args["cursor"], reads_on="cursor=*")

    def query(without: str | None = None) -> Result:
        return queries.search_query(name, filters.clauses(asked, without))

    body: Result = {
        "query": query(),
        **place(pagination, SORTS[sort].order),
        "_source": queries.SUMMARY,
        "track_total_hits": True,
        "aggs": inline_aggregations(FIELDS, args["facets"], asked),
    }
    index = services.names.researchers
    with own_cursor(pagination):
        response = services.search(index, body)
    best = best_score(pagination, response)
    return envelope(
        [_to_result(hit, best if name else None) for hit in response["hits"]["hits"]],
        **count_of(response),
        pagination=pagination,
        next_cursor=next_cursor(pagination, response),
        facets=read_facets(services, index, FIELDS, args["facets"], asked, response, query),
    )


def _to_result(hit: Mapping[str, Any], best: float | None) -> ResearcherResult:
    result = serialize_researcher(hit["_source"])
    if best is not None and hit["_score"] is not None:
        result["score"] = ranking.relative(hit["_score"], best)
    return result


def _by_topic(services: Services, args: Mapping[str, Any], asked: list[Filter]) -> Result:
    """Return experts on `about` by the votes of works, of those who also have the name `q`."""
    name, about = args["q"].strip(), args["about"].strip()
    pagination = Pagination(args["page"], args["per_page"])
    vector, index = services.embed_query(about), services.names.researchers

    def clauses(without: str | None) -> list[Result]:
        return [*filters.clauses(asked, without), *([by_name(name)] if name else [])]

    @cache
    def voted(without: str | None) -> dict[str, Expert]:
        voting = _works_of_narrow(services, clauses(without))
        return {expert.id: expert for expert in experts(services, about, vector, filters=voting)[:WINDOW]}

    def query(without: str | None = None) -> Result:
        return queries.these(voted(without), clauses(without))

    by_score = args["sort"] in {None, "relevance"}
    body = {"query": query(), "_source": False, "track_total_hits": True}
    body["aggs"] = inline_aggregations(FIELDS, args["facets"], asked)
    if by_score:
        body |= {"size": len(voted(None)), "sort": ["_doc"]}
    else:
        body |= {"size": pagination.per_page, "from": pagination.offset, "sort": SORTS[args["sort"]].order}
    response = services.search(index, body)
    page = [voted(None)[hit["_id"]] for hit in response["hits"]["hits"]]
    if by_score:
        page = best_first(page)[pagination.offset : pagination.offset + pagination.per_page]
    return envelope(
        serialize_experts(services, page),
        count=response["hits"]["total"]["value"],
        count_relation="eq" if len(voted(None)) < WINDOW else "gte",
        pagination=pagination,
        facets=read_facets(services, index, FIELDS, args["facets"], asked, response, query),
        mode="keyword" if vector is None else "hybrid",
        degraded=["semantic"] if vector is None else [],
    )


def _works_of_narrow(services: Services, clauses: list[Result]) -> list[Result]:
    """Return the clause for works of the researchers who pass narrow filters; none for wide filters."""
    if not clauses:
        return []
    body = {"query": {"bool": {"filter": clauses}}, "size": NARROW, "_source": False, "sort": ["_doc"]}
    hits = services.search(services.names.researchers, {**body, "track_total_hits": NARROW + 1})["hits"]
    if hits["total"]["value"] > NARROW:
        return []
    return [{"terms": {"researchers.id": [hit["_id"] for hit in hits["hits"]]}}]
