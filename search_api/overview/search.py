"""Asks OpenSearch how much there is, and for what is largest; the first page and its JSON twin both call this."""

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

TOPICS, PEOPLE = 12, 6
#: Titles offered as first searches: of works on the largest topics, since these find much here.
SEARCHES = 4
HANDY = 60
LISTS = ("works", "researchers", "topics", "institutions")


def overview(services: Services) -> Result:
    """Return what `Overview` describes."""
    names = services.names
    tops = TopicsArgs().load({"per_page": TOPICS})
    counted: Result = {"size": 0, "track_total_hits": True}
    leading = {"size": PEOPLE, "track_total_hits": True, "sort": SORTS["works_count"].order, "_source": SUMMARY}
    every, people, places, largest = services.search_together(
        [
            (names.works, {**counted, "aggs": {"years": YEARS}}),
            (names.researchers, leading),
            (names.institutions, counted),
            (names.topics, topics_search.request(tops)),
        ]
    )
    topics = topics_search.listed(largest, tops)
    return {
        "counts": {
            "works": every["hits"]["total"]["value"],
            "researchers": people["hits"]["total"]["value"],
            "topics": topics["meta"]["count"],
            "institutions": places["hits"]["total"]["value"],
        },
        "counts_by_year": counts_by_year(every["aggregations"]["years"]["buckets"]),
        "topics": topics["results"],
        "researchers": [serialize_researcher(hit["_source"]) for hit in people["hits"]["hits"]],
        "searches": _searches(services, [topic["id"] for topic in topics["results"][:SEARCHES]]),
        "links": {
            "self": url_for("overview.overview"),
            "html": url_for("web.home"),
            **{kind: url_for(f"{kind}.{kind}") for kind in LISTS},
        },
    }


def _searches(services: Services, topic_ids: Sequence[str]) -> list[str]:
    """Return one title for each topic to search with: the newest with a title of a handy length."""
    order = [{"year": {"order": "desc", "missing": "_last"}}, {"id": "asc"}]
    bodies = [
        {"size": 10, "query": {"term": {"topics.id": id_}}, "sort": order, "_source": ["title"]} for id_ in topic_ids
    ]
    titles: list[str] = []
    for answer in services.search_together([(services.names.works, body) for body in bodies]):
        found = [hit["_source"]["title"] for hit in answer["hits"]["hits"]]
        titles += [title for title in found if len(title) < HANDY and title not in titles][:1]
    return titles
