"""The first page: what is in the index, as numbers and pictures, and where to begin."""

from __future__ import annotations

from typing import Any

from flask import render_template

from search_api.graphs.around import around
from search_api.groups import YEARS, by_year
from search_api.researchers.profile import dressed
from search_api.researchers.queries import SORTS, SUMMARY
from search_api.services import services
from search_api.topics import search as topics_search
from search_api.topics.schemas import TopicsArgs
from search_api.web.blueprint import blueprint
from search_api.web.picture import Picture, picture

TOPICS, PEOPLE, NODES = 12, 6, 24
#: Titles offered as first searches: of works on the largest topics, since these find much here.
SEARCHES = 4
HANDY = 60


@blueprint.get("/")
def home() -> str:
    """Say what this is, how much there is, and where to begin."""
    names = services().names
    tops = TopicsArgs().load({"per_page": TOPICS})
    counted: dict[str, Any] = {"size": 0, "track_total_hits": True}
    leading = {"size": PEOPLE, "track_total_hits": True, "sort": SORTS["works_count"], "_source": SUMMARY}
    every, people, places, largest = services().search_together(
        [
            (names.works, {**counted, "aggs": {"years": YEARS}}),
            (names.researchers, leading),
            (names.institutions, counted),
            (names.topics, topics_search.request(tops)),
        ]
    )
    topics = topics_search.listed(largest, tops)
    counts = {
        "works": every["hits"]["total"]["value"],
        "researchers": people["hits"]["total"]["value"],
        "topics": topics["meta"]["count"],
        "institutions": places["hits"]["total"]["value"],
    }
    people_found = [hit["_source"] for hit in people["hits"]["hits"]]
    return render_template(
        "home.html",
        counts=counts,
        topics=topics["results"],
        years=by_year(every["aggregations"]["years"]["buckets"]),
        people=[dressed(person) for person in people_found],
        graph=_picture(people_found),
        searches=_searches([topic["id"] for topic in topics["results"][:SEARCHES]]),
    )


def _picture(people: list[dict[str, Any]]) -> Picture | None:
    """Draw what is around the first of these; nothing without works that join things."""
    if not people:
        return None
    first = people[0]
    drawn = picture(around(services(), ("researcher", first["id"]), first["name"], limit=NODES))
    return drawn if len(drawn.dots) > 1 else None


def _searches(topic_ids: list[str]) -> list[str]:
    """Give one title for each topic to search with: the newest with a title of a handy length."""
    if not topic_ids:
        return []
    order = [{"year": {"order": "desc", "missing": "_last"}}, {"id": "asc"}]
    bodies = [
        {"size": 10, "query": {"term": {"topics.id": id_}}, "sort": order, "_source": ["title"]} for id_ in topic_ids
    ]
    titles: list[str] = []
    for answer in services().search_together([(services().names.works, body) for body in bodies]):
        found = [hit["_source"]["title"] for hit in answer["hits"]["hits"]]
        titles += [title for title in found if len(title) < HANDY and title not in titles][:1]
    return titles
