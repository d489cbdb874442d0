"""Request bodies for topics; pure functions, tested without a server."""

from __future__ import annotations

from typing import Any

from search_api.retrieval.browse import LEADING, SORTS, YEARS

Body = dict[str, Any]

#: Works that two topics must share to be related: one or two may be a slip of a source.
MIN_SHARED = 3
#: Topics above and below in the hierarchy, at most.
MAX_NEIGHBOURS = 100


def works_of(topic_id: str) -> Body:
    """Return the request that counts the works of a topic by year, leading researchers and related topics.

    Related topics share more works with it than expected by chance, so they are not simply the largest ones. They are
    ranked by JLH, (p - q) * p / q with p the other topic's share of this topic's works and q its share of all works
    with topics: it weighs frequency against how unusual it is.
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
                    "min_doc_count": MIN_SHARED,
                    "jlh": {},
                    # Without a filter it also counts replaced works until their segments are merged.
                    "background_filter": {"exists": {"field": "topics.id"}},
                }
            },
        },
    }


def lift(bucket: Body, works: int, with_topics: int) -> float:
    """Return how many times more works two topics share than expected by chance: P(a and b) / (P(a) P(b)).

    `works` is the number of works of one topic, `with_topics` of all works that have topics.
    """
    return float(round(bucket["doc_count"] * with_topics / (works * bucket["bg_count"]), 2))


def hierarchy(name: str, parent: str | None) -> Body:
    """Return the request for the topics directly below a topic and for its parent; a topic stores its parent's name."""
    below = {"term": {"parent": name}}
    above = [{"term": {"name.sort": parent}}] if parent else []
    return {
        "size": MAX_NEIGHBOURS,
        "query": {"bool": {"should": [below, *above], "minimum_should_match": 1}},
        "sort": SORTS["works_count"].order,
        "_source": ["id", "name", "parent", "works_count"],
    }
