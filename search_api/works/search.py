"""Asks OpenSearch for works, and makes results of its hits; the JSON views and the pages both call this."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import bare_doi, work_id
from search_api import facets as facet
from search_api import filters, ranking
from search_api.errors import Problem, not_found
from search_api.listing import SLACK, count_of, dump_facets, envelope, in_total_order
from search_api.paging import WINDOW, Pagination, decode_cursor, encode_cursor
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.filters import Filter
    from search_api.services import Services

Result = dict[str, Any]


def search(services: Services, args: Mapping[str, Any], fixed: Sequence[Result] = ()) -> Result:
    """Search works as `WorksArgs` describes; `fixed` clauses hold besides its filters (a researcher's works)."""
    asked = filters.parse(queries.FILTERS, args)
    text, vector, mode, degraded = _prepare(services, args)
    sort = args["sort"] or ("relevance" if text else "newest")
    if sort == "relevance" and not text:
        sort = "newest"
    pagination = Pagination(args["page"], args["per_page"], args["cursor"])
    query = queries.query(mode, text, vector, [*filters.clauses(asked), *fixed])
    body: dict[str, Any] = {
        "query": query,
        "_source": queries.SOURCE,
        "track_total_hits": True,
        "aggs": facet.riding_along(queries.FACETS, args["facets"], asked),
        **_position(mode if text else "keyword", sort, pagination),
    }
    if args["highlight"] and text:
        body["highlight"] = queries.highlight()
    answer = services.search(services.names.works, body, _pipeline(services, query))
    hits = answer["hits"]["hits"]
    if "hybrid" in query and sort == "relevance":
        hits = in_total_order(hits, pagination)
    results = [_scored(hit, answer["hits"]["max_score"], mode if text else None) for hit in hits]
    if args["explain"] and text:
        explain(services, results, text, vector)
    return envelope(
        results,
        **count_of(answer),
        pagination=pagination,
        took_ms=answer["took"],
        facets=_facets(services, args, asked, fixed, (mode, text, vector), answer.get("aggregations", {})),
        mode=mode if text else None,
        next_cursor=_next_cursor(pagination, hits),
        degraded=degraded,
    )


def _prepare(services: Services, args: Mapping[str, Any]) -> tuple[str, NDArray[np.float32] | None, str, list[str]]:
    """Give the text, its vector where the mode needs one, the mode that can be answered, and what is degraded."""
    text, mode = args["q"].strip(), args["mode"]
    if not text or mode == "keyword":
        return text, None, mode, []
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works with mode=keyword or without q: neighbours in vector space have no end to read on to.",
            {"cursor": ["Needs mode=keyword, or no q."]},
        )
    vector = services.embed_query(text)
    if vector is None:
        return text, None, "keyword", ["semantic"]
    return text, vector, mode, []


def _position(mode: str, sort: str, pagination: Pagination) -> dict[str, Any]:
    """Give the sort and the place in the list, as far as OpenSearch can do both."""
    if mode == "hybrid" and sort == "relevance":
        return {"size": min(WINDOW, pagination.offset + pagination.per_page + SLACK)}
    order = queries.SORTS[sort]
    if pagination.cursor is None:
        place: dict[str, Any] = {"from": pagination.offset}
    else:
        after = decode_cursor(pagination.cursor, len(order))
        place = {"search_after": after} if after is not None else {}
    return {"size": pagination.per_page, "sort": order, "track_scores": True, **place}


def _pipeline(services: Services, query: Mapping[str, Any]) -> str | None:
    return services.names.hybrid if "hybrid" in query else None


def _next_cursor(pagination: Pagination, hits: Sequence[Mapping[str, Any]]) -> str | None:
    if pagination.cursor is None or len(hits) < pagination.per_page:
        return None
    return encode_cursor(hits[-1]["sort"])


def _scored(hit: Mapping[str, Any], best: float | None, mode: str | None) -> Result:
    """Make a result of a hit, with its score on [0, 1] when the list is ranked by a query."""
    result = dressed(hit["_source"])
    if mode is not None and hit["_score"] is not None:
        result["score"] = _score(hit["_score"], best, mode)
    if "highlight" in hit:
        result["highlight"] = hit["highlight"]
    return result


def _score(score: float, best: float | None, mode: str) -> float:
    if mode == "keyword":
        return ranking.relative(score, best)
    return ranking.cosine_of(score) if mode == "semantic" else min(1.0, score)


def _facets(
    services: Services,
    args: Mapping[str, Any],
    asked: Sequence[Filter],
    fixed: Sequence[Result],
    ranked_by: tuple[str, str, NDArray[np.float32] | None],
    counted: Mapping[str, Any],
) -> dict[str, Any]:
    """Give all facets asked for; those with a selection are counted apart, without their own filter."""
    counted = dict(counted)
    for name in facet.apart(args["facets"], asked):
        query = queries.query(*ranked_by, [*filters.clauses(asked, without=name), *fixed])
        body = {"size": 0, "query": query, "aggs": {name: queries.FACETS[name].aggregation()}}
        counted |= services.search(services.names.works, body, _pipeline(services, query))["aggregations"]
    return dump_facets(services, queries.FACETS, args["facets"], counted, asked)


def explain(services: Services, results: Sequence[Result], text: str, vector: NDArray[np.float32] | None) -> None:
    """Add to each result what keyword search and vector search found in it by themselves."""
    found = parts(services, [result["id"] for result in results], queries.keyword(text), vector)
    for result in results:
        result["match"] = found[result["id"]]


def parts(
    services: Services, ids: Sequence[str], keyword: Mapping[str, Any], vector: NDArray[np.float32] | list[float] | None
) -> dict[str, dict[str, float]]:
    """Give for each work its keyword score (a share of the best among all works) and its cosine to the vector."""
    if not ids:
        return {}
    works, size = services.names.works, len(ids)
    slim: dict[str, Any] = {"_source": False, "size": size}
    best = services.search(works, {"query": keyword, "_source": False, "size": 1})["hits"]["max_score"]
    inside = {"bool": {"must": [keyword], "filter": [queries.only(ids)]}}
    found = {id_: {"keyword": 0.0, "semantic": 0.0} for id_ in ids}
    for hit in services.search(works, {"query": inside, **slim})["hits"]["hits"]:
        found[hit["_id"]]["keyword"] = ranking.relative(hit["_score"], best)
    if vector is not None:
        near = ranking.knn(vector, [queries.only(ids)], k=size)
        for hit in services.search(works, {"query": near, **slim})["hits"]["hits"]:
            found[hit["_id"]]["semantic"] = ranking.cosine_of(hit["_score"])
    return found


def dressed(source: Mapping[str, Any]) -> Result:
    """Give a stored work with its links; authors in the order of their position."""
    id_ = source["id"]
    links = {
        "self": url_for("works.work", id_=id_),
        "html": url_for("web.work", id_=id_),
        "similar": url_for("works.similar", id_=id_),
    }
    return {**source, "links": links}


def find(services: Services, given: str) -> Result:
    """Give the stored work of an id in any spelling, with its vector. Raises Problem (404)."""
    id_ = work_id(given)
    if found := services.get(services.names.works, id_):
        return found
    spellings = [given, id_]
    with suppress(ValueError):
        spellings.append(f"doi:{bare_doi(given)}")
    body = {"size": 1, "sort": ["id"], "query": {"terms": {"ids": spellings}}}
    for hit in services.search(services.names.works, body)["hits"]["hits"]:
        source: Result = hit["_source"]
        return source
    raise not_found("work", given)


def similar(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """Give works like one: by its telling words and by its vector, itself left out, each with reasons."""
    work = find(services, given)
    asked = filters.parse(queries.FILTERS, args)
    pagination = Pagination(args["page"], args["per_page"])
    clauses = [*filters.clauses(asked), queries.not_these([work["id"]])]
    keyword = queries.more_like(services.names.works, work["id"])
    body = {
        "query": ranking.hybrid(keyword, ranking.knn(work["embedding"], clauses), clauses),
        "_source": queries.SOURCE,
        "track_total_hits": True,
        "size": min(WINDOW, pagination.offset + pagination.per_page + SLACK),
    }
    answer = services.search(services.names.works, body, services.names.hybrid)
    hits = in_total_order(answer["hits"]["hits"], pagination)
    results = [_scored(hit, None, "hybrid") for hit in hits]
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
