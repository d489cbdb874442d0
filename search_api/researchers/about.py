"""The list of who works on something: the votes of works, under the filters, facets and sorts of researchers."""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING, Any

from search_api.http.paging import WINDOW, Pagination
from search_api.researchers import queries
from search_api.researchers.experts import Expert, experts
from search_api.researchers.names import by_name
from search_api.researchers.profile import dressed
from search_api.retrieval import facets as facet
from search_api.retrieval import filters
from search_api.retrieval.listing import dump_facets, envelope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]

#: Filters that leave at most this many researchers hold for the works that vote, so that nobody is lost to works of
#: others. Wider ones are applied to those who were voted for, of whom there are some thousands.
NARROW = 2_000


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """Search researchers by what they work on, and by name if `q` is given too, as `ResearchersArgs` describes."""
    started = time.monotonic()
    asked = filters.parse(queries.FILTERS, args)
    name, about = args["q"].strip(), args["about"].strip()
    pagination = Pagination(args["page"], args["per_page"])
    vector = services.embed_query(about)

    def clauses(without: str | None) -> list[Result]:
        return [*filters.clauses(asked, without), *([by_name(name)] if name else [])]

    @cache
    def found(without: str | None) -> dict[str, Expert]:
        inside = narrowed(services, clauses(without))
        return {expert.id: expert for expert in experts(services, about, vector, clauses=inside)[:WINDOW]}

    def query(without: str | None = None) -> Result:
        return queries.these(found(without), clauses(without))

    by_score = args["sort"] in {None, "relevance"}
    aggregations = facet.riding_along(queries.FACETS, args["facets"], asked)
    body = {"query": query(), "_source": False, "track_total_hits": True, "aggs": aggregations}
    if by_score:
        body |= {"size": len(found(None)), "sort": ["_doc"]}
    else:
        body |= {"size": pagination.per_page, "from": pagination.offset, "sort": queries.SORTS[args["sort"]]}
    answer = services.search(services.names.researchers, body)
    page = [found(None)[hit["_id"]] for hit in answer["hits"]["hits"]]
    if by_score:
        page = in_order(page)[pagination.offset : pagination.offset + pagination.per_page]
    return envelope(
        shown(services, page),
        count=answer["hits"]["total"]["value"],
        count_relation="eq" if len(found(None)) < WINDOW else "gte",
        pagination=pagination,
        took_ms=round(1000 * (time.monotonic() - started)),
        facets=dump_facets(services, services.names.researchers, queries.FACETS, args["facets"], asked, answer, query),
        mode="keyword" if vector is None else "hybrid",
        degraded=["semantic"] if vector is None else [],
    )


def narrowed(services: Services, clauses: list[Result]) -> list[Result]:
    """Return the clause that keeps to the works of those who pass narrow filters; none for wide filters."""
    if not clauses:
        return []
    body = {"query": {"bool": {"filter": clauses}}, "size": NARROW, "_source": False, "sort": ["_doc"]}
    hits = services.search(services.names.researchers, {**body, "track_total_hits": NARROW + 1})["hits"]
    if hits["total"]["value"] > NARROW:
        return []
    return [{"terms": {"researchers.id": [hit["_id"] for hit in hits["hits"]]}}]


def in_order(found: Sequence[Expert]) -> list[Expert]:
    """Return experts best first; ties end on the id."""
    return sorted(found, key=lambda expert: (-expert.score, expert.id))


def shown(services: Services, page: Sequence[Expert]) -> list[Result]:
    """Return experts as they go over the wire: the researcher, the score, and the works that speak for them.

    Who is not among the researchers yet, while a run is building them, is left out.
    """
    stored = documents(services, services.names.researchers, [expert.id for expert in page], queries.SUMMARY)
    works = [id_ for expert in page for id_, _ in expert.works]
    titles = documents(services, services.names.works, works, {"includes": ["title"]})
    return [
        {
            **dressed(stored[expert.id]),
            "score": expert.score,
            "works": [
                {"id": id_, "title": titles[id_]["title"], "score": score}
                for id_, score in expert.works
                if id_ in titles
            ],
        }
        for expert in page
        if expert.id in stored
    ]


def documents(services: Services, index: str, ids: Sequence[str], source: Mapping[str, Any]) -> dict[str, Result]:
    """Return what is stored under these ids, `source` saying which fields; at most 10,000."""
    if not ids:
        return {}
    hits = services.search(index, queries.stored(ids, source))["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}
