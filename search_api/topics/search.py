"""Browse topics, and read one; the API and the pages both call this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flask import url_for

from mappings import topic_id
from mappings.documents import TopicDocument
from search_api.http.errors import not_found
from search_api.http.paging import own_cursor
from search_api.retrieval import browse
from search_api.topics import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services

Result = dict[str, Any]


class TopicResult(TopicDocument):
    """A topic as `schemas.TopicSummary` serializes it."""

    links: dict[str, str]


def search(services: Services, args: Mapping[str, Any]) -> Result:
    """Return the list of topics that `TopicsArgs` describe."""
    with own_cursor(browse.pagination_of(args)):
        response = services.search(services.names.topics, request(args))
    return to_list(response, args)


def request(args: Mapping[str, Any]) -> Result:
    """Return the request body for such a list, which can be sent together with others."""
    args = {**args, "q": topic_id(args["q"])}
    return browse.request(args, [{"term": {"parent": args["parent"]}}] if args["parent"] else [])


def to_list(response: Mapping[str, Any], args: Mapping[str, Any]) -> Result:
    """Return the list of a response to `request`."""
    return browse.to_list(response, args, lambda topics: [serialize_topic(topic) for topic in topics])


def serialize_topic(topic: TopicDocument) -> TopicResult:
    """Return a stored topic with its links."""
    id_ = topic["id"]
    links = {
        "self": url_for("topics.topic", id_=id_),
        "html": url_for("web.topic", id_=id_),
        "works": url_for("works.works", topic=id_),
        "researchers": url_for("researchers.researchers", topic=id_),
        "feed": url_for("feeds.topic", id_=id_),
    }
    return cast("TopicResult", {**topic, "links": links})


def find(services: Services, id_: str) -> TopicDocument:
    """Return the stored topic of an id or OpenAlex URL. Raises Problem (404)."""
    topic = services.get(services.names.topics, topic_id(id_), _source_excludes="indexed_at")
    if topic is None:
        raise not_found("topic", id_)
    return cast("TopicDocument", topic)


def read_topic(services: Services, id_: str) -> Result:
    """Return one topic as in `schemas.Topic`. Raises Problem (404)."""
    topic, names = find(services, id_), services.names
    works_of = queries.works_of(topic["id"])
    hierarchy = queries.hierarchy(topic["name"], topic["parent"])
    response, neighbours = services.search_together([(names.works, works_of), (names.topics, hierarchy)])
    counted, works = response["aggregations"], response["hits"]["total"]["value"]
    with_topics = counted["topics"]["bg_count"]
    related = [bucket for bucket in counted["topics"]["buckets"] if bucket["key"] != topic["id"]][: browse.LEADING]
    return {
        **serialize_topic(topic),
        **_hierarchy(topic, neighbours),
        "counts_by_year": browse.counts_by_year(counted["years"]["buckets"]),
        "researchers": browse.with_names(services, names.researchers, counted["researchers"]["buckets"], "works"),
        "related_topics": browse.with_names(
            services, names.topics, related, "count", lift=lambda bucket: queries.lift(bucket, works, with_topics)
        ),
    }


def _hierarchy(topic: TopicDocument, response: Mapping[str, Any]) -> Result:
    """Return the id of the topic above, if it is stored, and the topics directly below."""
    others = [hit["_source"] for hit in response["hits"]["hits"] if hit["_source"]["id"] != topic["id"]]
    above = (other["id"] for other in others if other["name"] == topic["parent"])
    return {
        "parent_id": next(above, None),
        "children": [other for other in others if other["parent"] == topic["name"]],
    }
