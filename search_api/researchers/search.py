"""Asks OpenSearch for researchers; the JSON views and the pages both call this."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import orcid_id
from search_api import facets as facet
from search_api import filters, ranking
from search_api.errors import not_found
from search_api.listing import SLACK, count_of, dump_facets, envelope, in_total_order
from search_api.paging import WINDOW, Pagination
from search_api.researchers import queries, trust

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.services import Services

Result = dict[str, Any]

#: Topics that a tagline names.
TAGLINE = 3


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """Search researchers as `ResearchersArgs` describes."""
    asked = filters.parse(queries.FILTERS, args)
    name, about = args["q"].strip(), args["about"].strip()
    vector = services.embed_query(about) if about else None
    sort = args["sort"] or ("relevance" if name or about else "works_count")
    pagination = Pagination(args["page"], args["per_page"])

    def query(without: str | None = None) -> Result:
        return queries.query(name, about, vector, filters.clauses(asked, without))

    body: Result = {
        "query": query(),
        "_source": queries.SUMMARY,
        "track_total_hits": True,
        "aggs": facet.riding_along(queries.FACETS, args["facets"], asked),
    }
    fused = "hybrid" in body["query"] and sort == "relevance"
    if fused:
        body["size"] = min(WINDOW, pagination.offset + pagination.per_page + SLACK)
    else:
        body |= {"from": pagination.offset, "size": pagination.per_page, "sort": queries.SORTS[sort]}
        body["track_scores"] = True
    answer = services.search(services.names.researchers, body, _pipeline(services, body["query"]))
    hits = in_total_order(answer["hits"]["hits"], pagination) if fused else answer["hits"]["hits"]
    best = 1.0 if fused else answer["hits"]["max_score"]
    counted = answer.get("aggregations", {})
    for own in facet.apart(args["facets"], asked):
        counted |= _count_apart(services, own, query(without=own))
    mode = ("hybrid" if vector is not None else "keyword") if about else None
    return envelope(
        [_ranked(hit, best if name or about else None) for hit in hits],
        **count_of(answer),
        pagination=pagination,
        took_ms=answer["took"],
        facets=dump_facets(services, queries.FACETS, args["facets"], counted, asked),
        mode=mode,
        degraded=["semantic"] if about and vector is None else [],
    )


def _pipeline(services: Services, query: Mapping[str, Any]) -> str | None:
    return services.names.hybrid if "hybrid" in query else None


def _count_apart(services: Services, own: str, query: Result) -> Result:
    body = {"size": 0, "query": query, "aggs": {own: queries.FACETS[own].aggregation()}}
    found: Result = services.search(services.names.researchers, body, _pipeline(services, query))["aggregations"]
    return found


def _ranked(hit: Mapping[str, Any], best: float | None) -> Result:
    result = dressed(hit["_source"])
    if best is not None and hit["_score"] is not None:
        result["score"] = ranking.relative(hit["_score"], best)
    return result


def find(services: Services, given: str) -> Result:
    """Give the stored researcher of an id: their own, one of a source, or an ORCID iD. Raises Problem (404)."""
    if found := services.get(services.names.researchers, given):
        return found
    with suppress(ValueError):
        given = orcid_id(given)
    body = {"size": 1, "sort": ["id"], "query": {"term": {"ids": given}}}
    for hit in services.search(services.names.researchers, body)["hits"]["hits"]:
        source: Result = hit["_source"]
        return source
    raise not_found("researcher", given)


def dressed(source: Mapping[str, Any]) -> Result:
    """Give a stored researcher as the schemas name the parts: with tagline, counts, trust and links."""
    id_ = source["id"]
    links = {
        "self": url_for("researchers.researcher", id_=id_),
        "html": url_for("web.researcher", id_=id_),
        **{part: url_for(f"researchers.{part}", id_=id_) for part in ("works", "similar", "collaborators")},
    }
    counts = {
        "works": source["works_count"],
        "followers": source["followers_count"],
        "topics": len(source["topics"]),
        "close_collaborators": source["close_collaborators_count"],
    }
    return {**source, "tagline": tagline(source), "counts": counts, "trust": trust.snapshot(source), "links": links}


def tagline(source: Mapping[str, Any]) -> str | None:
    """Say in one line what someone works on, from their most frequent topics; None where none is known."""
    names = [topic["name"] for topic in source["topics"][:TAGLINE]]
    if len(names) < 2:
        return names[0] if names else None
    return f"{', '.join(names[:-1])} and {names[-1]}"


def collaborators(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """List who is on works with a researcher, most works together first."""
    people = find(services, given)["collaborators"]
    pagination = Pagination(args["page"], args["per_page"])
    page = people[pagination.offset : pagination.offset + pagination.per_page]
    return envelope(page, count=len(people), pagination=pagination, took_ms=0)
