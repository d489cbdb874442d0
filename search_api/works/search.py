"""Search for works: `GET /works` starts here. Pages, feeds and exports call it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api.http.paging import Pagination, next_cursor
from search_api.retrieval.facets import inline_aggregations, read_facets
from search_api.retrieval.listing import count_of, envelope
from search_api.works import queries, spelling
from search_api.works.documents import to_result
from search_api.works.fields import FIELDS
from search_api.works.plan import Plan, plan
from search_api.works.reading import read_all, read_page, score_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.works.documents import WorkResult

Result = dict[str, Any]

#: How a list is read beyond the window of pages, for error messages.
READS_ON = "cursor=* (with mode=keyword, or without q)"


def search(services: Services, args: Mapping[str, Any], fixed: Sequence[Result] = ()) -> Result:
    """Return the list that `WorksArgs` describe; `fixed` are clauses besides its filters (works of a researcher)."""
    asked = plan(services, args, fixed)
    pagination = Pagination(args["page"], args["per_page"], args["cursor"], READS_ON)
    response, hits = read_page(services, asked, pagination, _extras(asked, args))
    results = [to_result(hit, response["hits"]["max_score"], asked.ranked_mode) for hit in hits]
    if args["explain"] and asked.query.source:
        _explain(services, asked, results)
    return envelope(
        results,
        **count_of(response),
        pagination=pagination,
        facets=read_facets(
            services, services.names.works, FIELDS, args["facets"], asked.filters, response, asked.search_query
        ),
        mode=asked.ranked_mode,
        next_cursor=next_cursor(pagination, response),
        degraded=asked.degraded,
        did_you_mean=_did_you_mean(services, asked, response),
        notes={"interpreted": asked.interpretation and asked.interpretation.to_dict()},
    )


def search_all(
    services: Services, args: Mapping[str, Any], limit: int, fixed: Sequence[Result] = ()
) -> Iterator[WorkResult]:
    """Yield all results of a search, at most `limit`, while they are read; the first has the best score."""
    asked = plan(services, args, fixed)
    mode = asked.ranked_mode if asked.sort == "relevance" else None
    best = None
    for hit in read_all(services, asked, limit):
        best = hit["_score"] if best is None else best
        yield to_result(hit, best, mode)


def _extras(asked: Plan, args: Mapping[str, Any]) -> Result:
    """Return the parts of the request besides query and order."""
    query, extras = asked.query, {"_source": queries.SOURCE, "track_total_hits": True}
    extras["aggs"] = inline_aggregations(FIELDS, args["facets"], asked.filters)
    if args["highlight"] and query.source:
        extras["highlight"] = queries.highlight(query, asked.weights)
    if query.source and asked.mode == "keyword":
        extras["suggest"] = spelling.suggesters(query)
    return extras


def _explain(services: Services, asked: Plan, results: Sequence[WorkResult]) -> None:
    """Add to each result the two parts of its score as `match`."""
    keyword = queries.keyword(asked.query, asked.weights)
    parts = score_parts(services, [result["id"] for result in results], keyword, asked.vector, asked.weights)
    for result in results:
        result["match"] = parts[result["id"]]


def _did_you_mean(services: Services, asked: Plan, response: Mapping[str, Any]) -> str | None:
    """Return another spelling of a keyword search, and of a hybrid one that matched nothing by keyword."""
    if "suggest" in response:
        return spelling.did_you_mean(services, asked, response["suggest"])
    is_semantic_only = asked.is_hybrid and response["hits"]["total"]["value"] <= asked.weights.k
    return spelling.suggest_if_unmatched(services, asked) if is_semantic_only else None
