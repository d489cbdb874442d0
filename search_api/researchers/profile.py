"""One researcher: found under any of their ids, and dressed as the schemas name the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from mappings import person_id
from search_api.http.errors import MovedError, not_found
from search_api.http.paging import Pagination
from search_api.http.timing import took_ms
from search_api.researchers import trust
from search_api.retrieval.listing import envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_api.http.services import Services

Result = dict[str, Any]

#: Topics that a tagline names.
TAGLINE = 3


def find(services: Services, given: str) -> Result:
    """Return the stored researcher of an id: their own, one of a source, or an ORCID iD.

    Raises MovedError for an id that was merged into another, and Problem (404) for one that nobody has.
    """
    if found := services.get(services.names.researchers, given.strip()):
        return found
    given = person_id(given)
    body = {"size": 1, "sort": ["id"], "query": {"term": {"ids": given}}}
    for hit in services.search(services.names.researchers, body)["hits"]["hits"]:
        source: Result = hit["_source"]
        return source
    if alias := services.get(services.names.redirects, given):
        raise MovedError(alias["researcher_id"])
    raise not_found("researcher", given)


def dressed(source: Mapping[str, Any]) -> Result:
    """Return a stored researcher as the schemas name the parts: with tagline, counts, trust and links."""
    id_ = source["id"]
    links = {
        "self": url_for("researchers.researcher", id_=id_),
        "html": url_for("web.researcher", id_=id_),
        **{part: url_for(f"researchers.{part}", id_=id_) for part in ("works", "similar", "collaborators", "graph")},
        "feed": url_for("feeds.researcher", id_=id_),
    }
    counts = {
        "works": source["works_count"],
        "followers": source["followers_count"],
        "topics": len(source["topics"]),
        "close_collaborators": source["close_collaborators_count"],
    }
    # A profile that nobody has claimed has no owner's words, not empty ones.
    known = {name: value for name, value in source.items() if name != "owner" or value}
    added = {"tagline": tagline(source), "counts": counts, "trust": trust.snapshot(source), "links": links}
    return known | added


def tagline(source: Mapping[str, Any]) -> str | None:
    """Say in one line what someone works on, from their most frequent topics; None where none is known."""
    # Names of topics hold commas and "and" themselves, so neither can part them.
    return " · ".join(topic["name"] for topic in source["topics"][:TAGLINE]) or None


def collaborators(services: Services, given: str, args: Mapping[str, Any]) -> Result:
    """List who is on works with a researcher, most works together first."""
    stored = find(services, given)
    people = stored["collaborators"]
    pagination = Pagination(args["page"], args["per_page"])
    page = people[pagination.offset : pagination.offset + pagination.per_page]
    # A record holds the first 500 of them.
    relation = "gte" if len(people) < stored["collaborators_count"] else "eq"
    return envelope(page, count=len(people), count_relation=relation, pagination=pagination, took_ms=took_ms())
