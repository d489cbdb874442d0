"""Asks OpenSearch for works, and makes results of its hits; the JSON views and the pages both call this."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import bare_doi, person_id, work_id
from search_api import facets as facet
from search_api import filters, ranking, syntax
from search_api.errors import Problem, not_found
from search_api.listing import count_of, dump_facets, envelope, first_hits, in_total_order, take_scores
from search_api.paging import Pagination, decode_cursor, encode_cursor
from search_api.works import queries, spelling
from search_api.works.parts import parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.services import Services

Result = dict[str, Any]


def search(services: Services, args: Mapping[str, Any], fixed: Sequence[Result] = ()) -> Result:
    """Search works as `WorksArgs` describes; `fixed` clauses hold besides its filters (a researcher's works)."""
    asked = filters.parse(queries.FILTERS, own_ids(services, args))
    text, vector, mode, degraded = _prepare(services, args)
    sort = _sort(args["sort"], text)
    pagination = Pagination(args["page"], args["per_page"], args["cursor"])
    clauses = [*filters.clauses(asked), *fixed]
    fused = queries.query(mode, text, vector, clauses)

    def query_without(name: str) -> Result:
        return queries.query(mode, text, vector, [*filters.clauses(asked, without=name), *fixed])

    is_hybrid = "hybrid" in fused
    by_score = is_hybrid and sort == "relevance"
    body: dict[str, Any] = {
        "query": fused if by_score else queries.query(mode, text, vector, clauses, fused=False),
        "_source": queries.SOURCE,
        "track_total_hits": True,
        "aggs": facet.riding_along(queries.FACETS, args["facets"], asked),
        **({"highlight": queries.highlight()} if args["highlight"] and text else {}),
        **({"suggest": spelling.suggesters(text)} if text and mode == "keyword" else {}),
        **(first_hits(pagination) if by_score else _position(sort, pagination)),
    }
    answer = services.search(services.names.works, body)
    hits = answer["hits"]["hits"]
    if by_score:
        hits = in_total_order(hits, pagination)
    elif is_hybrid:
        take_scores(services, services.names.works, hits, fused)
    results = [scored(hit, answer["hits"]["max_score"], mode if text else None) for hit in hits]
    if args["explain"] and text:
        found = parts(services, [result["id"] for result in results], queries.keyword(text), vector)
        for result in results:
            result["match"] = found[result["id"]]
    return envelope(
        results,
        **count_of(answer),
        pagination=pagination,
        took_ms=answer["took"],
        facets=dump_facets(
            services, services.names.works, queries.FACETS, args["facets"], asked, answer, query_without
        ),
        mode=mode if text else None,
        next_cursor=_next_cursor(pagination, hits),
        degraded=degraded,
        did_you_mean=_did_you_mean(services, text, mode, answer, clauses),
    )


def _did_you_mean(
    services: Services, text: str, mode: str, answer: Mapping[str, Any], clauses: Sequence[Result]
) -> str | None:
    """Give another spelling of a keyword search, and of a hybrid one whose words found nothing."""
    if not text:
        return None
    if "suggest" in answer:
        return spelling.did_you_mean(services, text, answer["suggest"], clauses)
    only_near = mode == "hybrid" and answer["hits"]["total"]["value"] <= ranking.K
    return spelling.ask(services, text, clauses) if only_near else None


def own_ids(services: Services, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the arguments with every researcher under their own id, whatever id they are asked for by.

    That may be one of a source, an ORCID iD, or an id that was merged into another; one that nobody has stays.
    """
    if not args["researcher"]:
        return args
    given = {value: person_id(value.removeprefix("!")) for value in args["researcher"]}
    known = services.researcher_ids(list(given.values()))
    own = [("!" if value.startswith("!") else "") + known.get(plain, plain) for value, plain in given.items()]
    return {**args, "researcher": own}


def _sort(asked: str | None, text: str) -> str:
    """Give the order of the list: by default relevance, which only a query can give."""
    if asked is None or asked == "relevance":
        return "relevance" if text else "newest"
    return asked


def _prepare(services: Services, args: Mapping[str, Any]) -> tuple[str, NDArray[np.float32] | None, str, list[str]]:
    """Give the text, its vector where the mode needs one, the mode that can be answered, and what is degraded."""
    text, mode = args["q"].strip(), args["mode"]
    words = syntax.parse(text).text
    if not words or mode == "keyword":
        return text, None, "keyword", []
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works with mode=keyword or without q: neighbours in vector space have no end to read on to.",
            {"cursor": ["Needs mode=keyword, or no q."]},
        )
    vector = services.embed_query(words)
    if vector is None:
        return text, None, "keyword", ["semantic"]
    return text, vector, mode, []


def _position(sort: str, pagination: Pagination) -> dict[str, Any]:
    """Give the order and the place in the list."""
    order = queries.SORTS[sort]
    if pagination.cursor is None:
        place: dict[str, Any] = {"from": pagination.offset}
    else:
        after = decode_cursor(pagination.cursor, len(order))
        place = {"search_after": after} if after is not None else {}
    return {"size": pagination.per_page, "sort": order, "track_scores": True, **place}


def _next_cursor(pagination: Pagination, hits: Sequence[Mapping[str, Any]]) -> str | None:
    if pagination.cursor is None or len(hits) < pagination.per_page:
        return None
    return encode_cursor(hits[-1]["sort"])


def scored(hit: Mapping[str, Any], best: float | None, mode: str | None) -> Result:
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
