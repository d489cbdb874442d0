"""Asks OpenSearch for topics; the JSON views and the pages both call this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import topic_id
from search_api.http.errors import not_found
from search_api.http.paging import own_cursor
from search_api.retrieval import browse
from search_api.topics import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services

Result = dict[str, Any]


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """List topics as `TopicsArgs` describes."""
    with own_cursor(browse.pagination_of(args)):
        answer = services.search(services.names.topics, request(args))
    return listed(answer, args)


def request(args: Mapping[str, Any]) -> Result:
    """Return the request for such a list, to be asked together with others."""
    args = {**args, "q": topic_id(args["q"])}
    return browse.request(args, [{"term": {"parent": args["parent"]}}] if args["parent"] else [])


def listed(answer: Mapping[str, Any], args: Mapping[str, Any]) -> Result:
    """Make the list of the answer to `request`."""
    return browse.to_list(answer, args, lambda stored: [serialize_topic(source) for source in stored])


def serialize_topic(source: Mapping[str, Any]) -> Result:
    """Return a stored topic with its links."""
    id_ = source["id"]
    links = {
        "self": url_for("topics.topic", id_=id_),
        "html": url_for("web.topic", id_=id_),
        "works": url_for("works.works", topic=id_),
        "researchers": url_for("researchers.researchers", topic=id_),
        "feed": url_for("feeds.topic", id_=id_),
    }
    return {**source, "links": links}


def find(services: Services, given: str) -> Result:
    """Return the stored topic of an id, or of its address at OpenAlex. Raises Problem (404)."""
    source = services.get(services.names.topics, topic_id(given), _source_excludes="indexed_at")
    if source is None:
        raise not_found("topic", given)
    return source


def topic(services: Services, given: str) -> Result:
    """Return one topic with works by year, leading researchers and related topics. Raises Problem (404)."""
    source, names = find(services, given), services.names
    id_ = source["id"]
    around = queries.around(source["name"], source["parent"])
    answer, beside = services.search_together([(names.works, queries.inside(id_)), (names.topics, around)])
    counted, works = answer["aggregations"], answer["hits"]["total"]["value"]
    with_topics = counted["topics"]["bg_count"]
    related = [bucket for bucket in counted["topics"]["buckets"] if bucket["key"] != id_][: browse.LEADING]
    return {
        **serialize_topic(source),
        **hierarchy(source, beside),
        "counts_by_year": browse.counts_by_year(counted["years"]["buckets"]),
        "researchers": browse.with_names(services, names.researchers, counted["researchers"]["buckets"], "works"),
        "related_topics": browse.with_names(
            services, names.topics, related, "count", lift=lambda bucket: queries.lift(bucket, works, with_topics)
        ),
    }


def hierarchy(source: Mapping[str, Any], beside: Mapping[str, Any]) -> Result:
    """Return the topic above, where it has a page, and those right below, of the answer to `queries.around`."""
    others = [hit["_source"] for hit in beside["hits"]["hits"] if hit["_source"]["id"] != source["id"]]
    above = (other["id"] for other in others if other["name"] == source["parent"])
    return {
        "parent_id": next(above, None),
        "children": [other for other in others if other["parent"] == source["name"]],
    }
