"""Search for researchers by name or by what they work on: `GET /researchers` starts here; the pages call it too."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from search_api.http.errors import Problem
from search_api.http.paging import WINDOW, Pagination, best_score, next_cursor, own_cursor, place
from search_api.researchers import queries
from search_api.researchers.documents import canonical_ids, serialize_researcher
from search_api.researchers.experts import experts, read_experts, serialize_experts, sort_experts, teams
from search_api.researchers.fields import FIELDS, SORTS
from search_api.researchers.names import by_name
from search_api.researchers.rank import conflicts
from search_api.retrieval import filters, ranking
from search_api.retrieval.facets import counting as narrow
from search_api.retrieval.facets import read_facets
from search_api.retrieval.hits import hit_ids, only_fields
from search_api.retrieval.listing import count_of, envelope, noting_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services
    from search_api.researchers.documents import ResearcherResult
    from search_api.researchers.experts import Expert
    from search_api.retrieval.filters import Filter

Result = dict[str, Any]

#: A name that at most this many researchers have restricts the works that vote, so that works of others do not displace
#: researchers with that name. A more frequent one selects among the researchers who got votes, some thousands.
NARROW = 2_000


def search(services: Services, args: Mapping[str, Any], fixed: Sequence[Result] = ()) -> Result:
    """Return the list that `ResearchersArgs` describe; `fixed` are clauses besides its filters, if it has `about`."""
    asked = filters.parse(FIELDS, args)
    if not args["about"].strip():
        return _by_name(services, args, asked)
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works without about: votes are counted again for every page.",
            {"cursor": ["Works without about."]},
        )
    return _by_topic(services, args, asked, fixed)


def _by_name(services: Services, args: Mapping[str, Any], asked: list[Filter]) -> Result:
    """Return researchers by name, or all."""
    name = args["q"].strip()
    sort = args["sort"] or ("relevance" if name else "works_count")
    pagination = Pagination(args["page"], args["per_page"], args["cursor"], reads_on="cursor=*")

    early, counting = narrow(FIELDS, args["facets"], asked)
    body: Result = {
        "query": queries.search_query(name, early),
        **place(pagination, SORTS[sort].order),
        "_source": queries.SUMMARY,
        "track_total_hits": True,
        **counting,
    }
    with own_cursor(pagination):
        response = services.search(services.names.researchers, body)
    best = best_score(pagination, response)
    return envelope(
        [_to_result(services, hit, best if name else None) for hit in response["hits"]["hits"]],
        **count_of(response),
        pagination=pagination,
        next_cursor=next_cursor(pagination, response),
        facets=read_facets(services, FIELDS, args["facets"], asked, response.get("aggregations", {})),
    )


def _to_result(services: Services, hit: Mapping[str, Any], best: float | None) -> ResearcherResult:
    result = serialize_researcher(services, hit["_source"])
    if best is not None and hit["_score"] is not None:
        result["score"] = ranking.relative(hit["_score"], best)
    return result


def _by_topic(services: Services, args: Mapping[str, Any], asked: list[Filter], fixed: Sequence[Result]) -> Result:
    """Return experts on `about` by the votes of works, of those who also have the name `q`.

    Filters narrow the list of experts; they do not change whose works vote.
    """
    name, about = args["q"].strip(), args["about"].strip()
    pagination = Pagination(args["page"], args["per_page"])
    vector = services.embed_query(about)
    named = [by_name(name)] if name else []
    voting = [filters.year(args["published"])] if args["published"] else []
    known, unknown = canonical_ids(services, {"conflicts": args["conflicts"]})
    excluded = {*known["conflicts"], *conflicts(services, known["conflicts"])}
    ranked = experts(services, about, vector, filters=[*_works_of_narrow(services, named), *voting])
    ranked = [expert for expert in ranked if expert.id not in excluded][:WINDOW]
    early, counting = narrow(FIELDS, args["facets"], asked, [*named, *fixed])
    results, count, counted = _page_of(services, args, pagination, ranked, early, counting)
    answer = envelope(
        results,
        count=count,
        count_relation="eq" if len(ranked) < WINDOW else "gte",
        pagination=pagination,
        facets=read_facets(services, FIELDS, args["facets"], asked, counted),
        mode="keyword" if vector is None else "hybrid",
        degraded=["semantic"] if vector is None else [],
    )
    return noting_unknown(answer, unknown)


def _page_of(
    services: Services,
    args: Mapping[str, Any],
    pagination: Pagination,
    ranked: Sequence[Expert],
    early: list[Result],
    counting: Result,
) -> tuple[list[ResearcherResult], int, Mapping[str, Any]]:
    """Return one page of those experts who pass the filters, their number, and the aggregations.

    `early` and `counting` are the result of `facets.counting`.
    """
    by_score = args["sort"] in {None, "relevance"}
    by_id = {expert.id: expert for expert in ranked}
    body = {"query": queries.these(by_id, early), "track_total_hits": True, **only_fields(), **counting}
    window = slice(pagination.offset, pagination.offset + pagination.per_page)
    if by_score and not early and "post_filter" not in counting:
        # Usually all of them are stored, so that counting them, rather than reading their ids, is enough.
        shown = teams(ranked) if args["teams"] else ranked
        results, [response] = read_experts(services, shown[window], [(services.names.researchers, body | {"size": 0})])
        if response["hits"]["total"]["value"] == len(by_id):
            return results, len(shown), response.get("aggregations", {})
    if not by_score:
        body |= {"size": pagination.per_page, "from": pagination.offset, "sort": SORTS[args["sort"]].order}
        response = services.search(services.names.researchers, body)
        page = [by_id[id_] for id_ in hit_ids(response)]
        total: int = response["hits"]["total"]["value"]
        return serialize_experts(services, page), total, response.get("aggregations", {})
    response = services.search(services.names.researchers, body | {"size": len(by_id), "sort": ["_doc"]})
    passing = sort_experts([by_id[id_] for id_ in hit_ids(response)])
    passing = teams(passing) if args["teams"] else passing
    return serialize_experts(services, passing[window]), len(passing), response.get("aggregations", {})


def _works_of_narrow(services: Services, clauses: list[Result]) -> list[Result]:
    """Return the clause for works of the researchers with a rare name; none for a frequent one, or without a name."""
    if not clauses:
        return []
    body = {"query": {"bool": {"filter": clauses}}, "size": NARROW, "sort": ["_doc"], **only_fields()}
    response = services.search(services.names.researchers, {**body, "track_total_hits": NARROW + 1})
    if response["hits"]["total"]["value"] > NARROW:
        return []
    return [{"terms": {"researchers.id": hit_ids(response)}}]
