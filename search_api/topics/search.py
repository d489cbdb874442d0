"""Asks OpenSearch for topics; the JSON views and the pages both call this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from search_api.errors import not_found
from search_api.listing import count_of, envelope
from search_api.paging import Pagination
from search_api.topics import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.services import Services

Result = dict[str, Any]


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """List topics as `TopicsArgs` describes."""
    pagination = Pagination(args["page"], args["per_page"])
    body = {
        "query": queries.query(args["q"].strip()),
        "sort": queries.SORTS[args["sort"]],
        "from": pagination.offset,
        "size": pagination.per_page,
        "track_total_hits": True,
        "_source": queries.SOURCE,
    }
    answer = services.search(services.names.topics, body)
    results = [dressed(hit["_source"]) for hit in answer["hits"]["hits"]]
    return envelope(results, **count_of(answer), pagination=pagination, took_ms=answer["took"])


def dressed(source: Mapping[str, Any]) -> Result:
    """Give a stored topic with its links."""
    id_ = source["id"]
    links = {
        "self": url_for("topics.topic", id_=id_),
        "html": url_for("web.topic", id_=id_),
        "works": url_for("works.works", topic=id_),
    }
    return {**source, "links": links}


def topic(services: Services, id_: str) -> Result:
    """Give one topic with works by year, leading researchers and related topics. Raises Problem (404)."""
    source = services.get(services.names.topics, id_, _source_excludes="indexed_at")
    if source is None:
        raise not_found("topic", id_)
    counted = services.search(services.names.works, queries.inside(id_))["aggregations"]
    people, related = counted["researchers"]["buckets"], counted["topics"]["buckets"]
    related = [bucket for bucket in related if bucket["key"] != id_][: queries.LEADING]
    names = services.labels(services.names.researchers, [bucket["key"] for bucket in people])
    topics = services.labels(services.names.topics, [bucket["key"] for bucket in related])
    return {
        **dressed(source),
        "counts_by_year": [{"year": b["key"], "works": b["doc_count"]} for b in counted["years"]["buckets"]],
        "researchers": [
            {"id": b["key"], "name": names.get(b["key"], b["key"]), "works": b["doc_count"]} for b in people
        ],
        "related_topics": [
            {"id": b["key"], "name": topics.get(b["key"], b["key"]), "count": b["doc_count"]} for b in related
        ],
    }
