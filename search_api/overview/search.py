"""Totals, largest topics and most prolific researchers; the home page and the API both call this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from search_api.researchers.documents import serialize_researcher
from search_api.researchers.fields import SORTS
from search_api.researchers.queries import SUMMARY
from search_api.retrieval.browse import YEARS, counts_by_year
from search_api.topics import search as topics_search
from search_api.topics.schemas import TopicsArgs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search_api.http.services import Services

Result = dict[str, Any]

TOPICS, RESEARCHERS = 12, 6
#: Suggested queries: titles of works on the largest topics, since these match many works; and their maximum length.
SEARCHES = 4
MAX_TITLE = 60
LISTS = ("works", "researchers", "topics", "institutions")


def overview(services: Services) -> Result:
    """Return the overview as in `schemas.Overview`."""
    names = services.names
    topics_args = TopicsArgs().load({"per_page": TOPICS})
    counted: Result = {"size": 0, "track_total_hits": True}
    leading = {"size": RESEARCHERS, "track_total_hits": True, "sort": SORTS["works_count"].order, "_source": SUMMARY}
    works, researchers, institutions, largest = services.search_together(
        [
            (names.works, {**counted, "aggs": {"years": YEARS}}),
            (names.researchers, leading),
            (names.institutions, counted),
            (names.topics, topics_search.request(topics_args)),
        ]
    )
    topics = topics_search.to_list(largest, topics_args)
    return {
        "counts": {
            "works": works["hits"]["total"]["value"],
            "researchers": researchers["hits"]["total"]["value"],
            "topics": topics["meta"]["count"],
            "institutions": institutions["hits"]["total"]["value"],
        },
        "counts_by_year": counts_by_year(works["aggregations"]["years"]["buckets"]),
        "topics": topics["results"],
        "researchers": [serialize_researcher(services, hit["_source"]) for hit in researchers["hits"]["hits"]],
        "searches": _searches(services, [topic["id"] for topic in topics["results"][:SEARCHES]]),
        "links": {
            "self": url_for("overview.overview"),
            "html": url_for("web.home"),
            **{kind: url_for(f"{kind}.{kind}") for kind in LISTS},
        },
    }


def _searches(services: Services, topic_ids: Sequence[str]) -> list[str]:
    """Return a suggested query for each topic: the title of the newest work with a short title."""
    order = [{"year": {"order": "desc", "missing": "_last"}}, {"id": "asc"}]
    bodies = [
        {"size": 10, "query": {"term": {"topics.id": id_}}, "sort": order, "_source": ["title"]} for id_ in topic_ids
    ]
    titles: list[str] = []
    for response in services.search_together([(services.names.works, body) for body in bodies]):
        newest = [hit["_source"]["title"] for hit in response["hits"]["hits"]]
        titles += [title for title in newest if len(title) < MAX_TITLE and title not in titles][:1]
    return titles
