"""Request bodies for topics; pure functions, tested without a server."""

from __future__ import annotations

from typing import Any

from search_api.retrieval.browse import LEADING, SORTS, YEARS

Body = dict[str, Any]

#: Works that two topics have to share before they are called related: one or two may be a slip of a source.
MIN_TOGETHER = 3
#: Topics above or below shown beside a topic.
NEIGHBOURS = 100


def inside(topic_id: str) -> Body:
    """Return the request that counts what a topic holds: works by year, leading researchers, related topics.

    Related are the topics that share more works with it than chance would give, so not simply the largest ones. The
    order is by JLH, (p - q) * p / q with p the other topic's share of this topic's works and q its share of all that
    have topics: it weighs how many against how unusual.
    """
    return {
        "size": 0,
        "track_total_hits": True,
        "query": {"bool": {"filter": [{"term": {"topics.id": topic_id}}]}},
        "aggs": {
            "years": YEARS,
            "researchers": {"terms": {"field": "researchers.id", "size": LEADING}},
            "topics": {
                "significant_terms": {
                    "field": "topics.id",
                    # One more: the topic itself comes first.
                    "size": LEADING + 1,
                    "min_doc_count": MIN_TOGETHER,
                    "jlh": {},
                    # Without a filter it counts works that were replaced as well, until their segments are merged.
                    "background_filter": {"exists": {"field": "topics.id"}},
                }
            },
        },
    }


def lift(bucket: Body, works: int, with_topics: int) -> float:
    """Say how many times more works two topics share than chance would give: P(a and b) / (P(a) P(b))."""
    return float(round(bucket["doc_count"] * with_topics / (works * bucket["bg_count"]), 2))


def around(name: str, parent: str | None) -> Body:
    """Return the request for the topics right below one, which know their parent by its name, and its parent's page."""
    below = {"term": {"parent": name}}
    above = [{"term": {"name.sort": parent}}] if parent else []
    return {
        "size": NEIGHBOURS,
        "query": {"bool": {"should": [below, *above], "minimum_should_match": 1}},
        "sort": SORTS["works_count"].order,
        "_source": ["id", "name", "parent", "works_count"],
    }
