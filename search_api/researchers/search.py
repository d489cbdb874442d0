"""Asks OpenSearch for researchers; the JSON views and the pages both call this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import person_id
from search_api import facets as facet
from search_api import filters, ranking
from search_api.errors import MovedError, not_found
from search_api.listing import count_of, dump_facets, envelope, first_hits, in_total_order, take_scores
from search_api.paging import Pagination
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

    def query(without: str | None = None, *, fused: bool = True) -> Result:
        return queries.query(name, about, vector, filters.clauses(asked, without), fused=fused)

    is_hybrid = vector is not None
    by_score = is_hybrid and sort == "relevance"
    order = {"from": pagination.offset, "size": pagination.per_page, "sort": queries.SORTS[sort], "track_scores": True}
    body: Result = {
        "query": query(fused=by_score),
        "_source": queries.SUMMARY,
        "track_total_hits": True,
        "aggs": facet.riding_along(queries.FACETS, args["facets"], asked),
        **(first_hits(pagination) if by_score else order),
    }
    answer = services.search(services.names.researchers, body)
    hits = answer["hits"]["hits"]
    if by_score:
        hits = in_total_order(hits, pagination)
    elif is_hybrid:
        take_scores(services, services.names.researchers, hits, query())
    best = 1.0 if is_hybrid else answer["hits"]["max_score"]
    return envelope(
        [_ranked(hit, best if name or about else None) for hit in hits],
        **count_of(answer),
        pagination=pagination,
        took_ms=answer["took"],
        facets=dump_facets(services, services.names.researchers, queries.FACETS, args["facets"], asked, answer, query),
        mode=("hybrid" if is_hybrid else "keyword") if about else None,
        degraded=["semantic"] if about and not is_hybrid else [],
    )


def _ranked(hit: Mapping[str, Any], best: float | None) -> Result:
    result = dressed(hit["_source"])
    if best is not None and hit["_score"] is not None:
        result["score"] = ranking.relative(hit["_score"], best)
    return result


def find(services: Services, given: str) -> Result:
    """Give the stored researcher of an id: their own, one of a source, or an ORCID iD.

    Raises MovedError for an id that was merged into another, and Problem (404) for one that nobody has.
    """
    if found := services.get(services.names.researchers, given):
        return found
    given = person_id(given)
    body = {"size": 1, "sort": ["id"], "query": {"term": {"ids": given}}}
    for hit in services.search(services.names.researchers, body)["hits"]["hits"]:
        source: Result = hit["_source"]
        return source
    if alias := services.get(services.names.aliases, given):
        raise MovedError(alias["researcher_id"])
    raise not_found("researcher", given)


def dressed(source: Mapping[str, Any]) -> Result:
    """Give a stored researcher as the schemas name the parts: with tagline, counts, trust and links."""
    id_ = source["id"]
    links = {
        "self": url_for("researchers.researcher", id_=id_),
        "html": url_for("web.researcher", id_=id_),
        **{part: url_for(f"researchers.{part}", id_=id_) for part in ("works", "similar", "collaborators")},
        "feed": url_for("feeds.researcher", id_=id_),
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
    # Names of topics hold commas and "and" themselves, so neither can part them.
    return " · ".join(topic["name"] for topic in source["topics"][:TAGLINE]) or None


def collaborators(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """List who is on works with a researcher, most works together first."""
    people = find(services, given)["collaborators"]
    pagination = Pagination(args["page"], args["per_page"])
    page = people[pagination.offset : pagination.offset + pagination.per_page]
    return envelope(page, count=len(people), pagination=pagination, took_ms=0)
