"""Works like one that is indexed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_api import filters, ranking
from search_api.listing import count_of, envelope, first_hits, in_total_order
from search_api.paging import Pagination
from search_api.works import queries
from search_api.works.parts import parts
from search_api.works.plan import own_ids
from search_api.works.search import Result, find, scored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.services import Services


def similar(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """Give works like one: by its telling words and by its vector, itself left out, each with reasons."""
    work = find(services, given)
    asked = filters.parse(queries.FILTERS, own_ids(services, args))
    pagination = Pagination(args["page"], args["per_page"])
    clauses = [*filters.clauses(asked), queries.not_these([work["id"]])]
    keyword = queries.more_like(services.names.works, work["id"])
    body = {
        "query": ranking.hybrid(keyword, ranking.knn(work["embedding"], clauses), clauses),
        "search_pipeline": ranking.fusion(ranking.SIMILAR_SEMANTIC_WEIGHT),
        "_source": queries.SOURCE,
        "track_total_hits": True,
        **first_hits(pagination),
    }
    answer = services.search(services.names.works, body)
    hits = in_total_order(answer["hits"]["hits"], pagination)
    results = [scored(hit, None, "hybrid") for hit in hits]
    found = parts(services, [result["id"] for result in results], keyword, work["embedding"])
    for result in results:
        result["reasons"] = {**shared(work, result), **found[result["id"]]}
    return envelope(results, **count_of(answer), pagination=pagination, took_ms=answer["took"], mode="hybrid")


def shared(work: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Give the topics and researchers that two works have in common, in the order of the first."""
    topics = {topic["id"] for topic in other["topics"]}
    people = {entry["id"] for entry in other["researchers"]}
    return {
        "shared_topics": [topic for topic in work["topics"] if topic["id"] in topics],
        "shared_authors": [
            {"id": entry["id"], "name": entry["name"]} for entry in work["researchers"] if entry["id"] in people
        ],
    }
