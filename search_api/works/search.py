"""Asks OpenSearch for works, and makes results of its hits; the JSON views and the pages both call this."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import bare_doi, work_id
from search_api.http.errors import not_found
from search_api.http.paging import WINDOW, Pagination, next_cursor
from search_api.http.timing import took_ms
from search_api.retrieval import facets as facet
from search_api.retrieval import ranking
from search_api.retrieval.listing import count_of, dump_facets, envelope
from search_api.works import queries, spelling
from search_api.works.parts import parts
from search_api.works.plan import Plan, plan
from search_api.works.reading import page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]

READS_ON = "cursor=* (with mode=keyword, or without q)"


def search(services: Services, args: Mapping[str, Any], fixed: Sequence[Result] = ()) -> Result:
    """Search works as `WorksArgs` describes; `fixed` clauses hold besides its filters (a researcher's works)."""
    asked = plan(services, args, fixed)
    pagination = Pagination(args["page"], args["per_page"], args["cursor"], READS_ON)
    answer, hits = page(services, asked, pagination, _extras(asked, args))
    results = [scored(hit, answer["hits"]["max_score"], asked.mode if asked.text else None) for hit in hits]
    if args["explain"] and asked.text:
        found = parts(services, [result["id"] for result in results], queries.keyword(asked.text), asked.vector)
        for result in results:
            result["match"] = found[result["id"]]
    return envelope(
        results,
        **count_of(answer),
        pagination=pagination,
        facets=dump_facets(
            services, services.names.works, queries.FACETS, args["facets"], asked.filters, answer, asked.query
        ),
        mode=asked.mode if asked.text else None,
        next_cursor=next_cursor(pagination, answer),
        degraded=asked.degraded,
        did_you_mean=_did_you_mean(services, asked, answer),
        took_ms=took_ms(),
    )


def _extras(asked: Plan, args: Mapping[str, Any]) -> Result:
    """Return the parts of the request besides query and place."""
    return {
        "_source": queries.SOURCE,
        "track_total_hits": True,
        "aggs": facet.riding_along(queries.FACETS, args["facets"], asked.filters),
        **({"highlight": queries.highlight(asked.text)} if args["highlight"] and asked.text else {}),
        **({"suggest": spelling.suggesters(asked.text)} if asked.text and asked.mode == "keyword" else {}),
    }


def _did_you_mean(services: Services, asked: Plan, answer: Mapping[str, Any]) -> str | None:
    """Return another spelling of a keyword search, and of a hybrid one whose words found nothing."""
    if "suggest" in answer:
        return spelling.did_you_mean(services, asked.text, answer["suggest"], asked.clauses())
    only_near = asked.is_hybrid and answer["hits"]["total"]["value"] <= ranking.K
    return spelling.ask(services, asked.text, asked.clauses()) if only_near else None


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
    """Return a stored work with its links; authors in the order of their position."""
    id_ = source["id"]
    links = {
        "self": url_for("works.work", id_=id_),
        "html": url_for("web.work", id_=id_),
        "similar": url_for("works.similar", id_=id_),
    }
    return {**source, "links": links}


def find(services: Services, given: str) -> Result:
    """Return the stored work of an id in any spelling, with its vector. Raises Problem (404)."""
    if found := services.get(services.names.works, work_id(given)):
        return found
    body = {"size": 1, "sort": ["id"], "query": {"terms": {"ids": _spellings(given)}}}
    for hit in services.search(services.names.works, body)["hits"]["hits"]:
        source: Result = hit["_source"]
        return source
    raise not_found("work", given)


def find_ids(services: Services, given: Sequence[str]) -> dict[str, str]:
    """Return the id of each work that is named by an id in any spelling; those that nothing has are left out."""
    spelled = {one: _spellings(one) for one in given}
    every = sorted({spelling for spellings in spelled.values() for spelling in spellings})
    body = {"size": WINDOW, "sort": [{"id": "desc"}], "query": {"terms": {"ids": every}}, "_source": ["id", "ids"]}
    hits = services.search(services.names.works, body)["hits"]["hits"] if every else []
    owner = {id_: hit["_source"]["id"] for hit in hits for id_ in hit["_source"]["ids"]}
    found = {
        one: next((owner[name] for name in spellings if name in owner), None) for one, spellings in spelled.items()
    }
    return {one: id_ for one, id_ in found.items() if id_}


def _spellings(given: str) -> list[str]:
    """Return the ids under which a work may be stored, the likeliest first."""
    spellings = [work_id(given), given]
    with suppress(ValueError):
        spellings.append(f"doi:{bare_doi(given)}")
    return spellings
