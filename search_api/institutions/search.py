"""Asks OpenSearch for institutions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import institution_id, ror_address
from search_api.http.errors import not_found
from search_api.http.paging import own_cursor
from search_api.institutions import queries
from search_api.retrieval import browse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """List institutions as `InstitutionsArgs` describes."""
    args = {**args, "q": institution_id(args["q"])}
    with own_cursor(browse.pagination_of(args)):
        answer = services.search(services.names.institutions, browse.request(args))
    return browse.to_list(answer, args, lambda stored: serialize_institutions(services, stored))


def serialize_institutions(services: Services, stored: Sequence[Mapping[str, Any]]) -> list[Result]:
    """Return stored institutions with their links and the number of their own researchers.

    What is stored counts everyone on their works, co-authors from elsewhere included.
    """
    ids = [source["id"] for source in stored]
    people: dict[str, int] = {}
    if ids:
        counted = services.search(services.names.researchers, queries.headcount(ids))["aggregations"]["at"]["buckets"]
        people = {bucket["key"]: bucket["doc_count"] for bucket in counted}
    return [
        {
            **source,
            "ror": ror_address(source["id"]),
            "researchers_count": people.get(source["id"], 0),
            "links": _links(source["id"]),
        }
        for source in stored
    ]


def _links(id_: str) -> dict[str, str]:
    return {
        "self": url_for("institutions.institution", id_=id_),
        "html": url_for("web.institution", id_=id_),
        "works": url_for("works.works", institution=id_),
        "researchers": url_for("researchers.researchers", institution=id_),
    }


def find(services: Services, given: str) -> Result:
    """Return the stored institution of an id or ROR id. Raises Problem (404)."""
    source = services.get(services.names.institutions, institution_id(given), _source_excludes="indexed_at")
    if source is None:
        raise not_found("institution", given)
    return source


def institution(services: Services, given: str) -> Result:
    """Return one institution with works by year, its leading researchers and main topics. Raises Problem (404)."""
    source, names = find(services, given), services.names
    id_ = source["id"]
    counted = services.search(names.works, queries.inside(id_))["aggregations"]
    (result,) = serialize_institutions(services, [source])
    return {
        **result,
        "counts_by_year": browse.counts_by_year(counted["years"]["buckets"]),
        "researchers": _leading(services, id_, counted["people"]["buckets"]),
        "topics": browse.with_names(services, names.topics, counted["topics"]["buckets"], "count"),
    }


def _leading(services: Services, id_: str, buckets: Sequence[Mapping[str, Any]]) -> list[Result]:
    """Return the institution's own among the people on its works, in the order they came."""
    if not buckets:
        return []
    body = queries.own_people(id_, [bucket["key"] for bucket in buckets])
    own = {hit["_source"]["id"] for hit in services.search(services.names.researchers, body)["hits"]["hits"]}
    leading = [bucket for bucket in buckets if bucket["key"] in own][: browse.LEADING]
    return browse.with_names(services, services.names.researchers, leading, "works")
