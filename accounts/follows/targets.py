"""What can be followed: found in the index, under the id and name that it has there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.follows import searches
from accounts.records import record_of
from search_api.http.errors import Problem
from search_api.topics import search as topics_search

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_api.http.services import Services


@dataclass(frozen=True)
class Target:
    """A thing to follow: its kind, its id (of a search the query string), and its name."""

    kind: str
    id: str
    label: str


def target(services: Services, kind: str, given: str) -> Target:
    """Find a thing under any of its ids. Raises Problem: 404 for what is not there, 400 for a search that cannot be."""
    return Target(kind, *_FINDERS[kind](services, given))


def _researcher(services: Services, given: str) -> tuple[str, str]:
    found = record_of(services, given)
    return found["id"], found["name"]


def _topic(services: Services, given: str) -> tuple[str, str]:
    found = topics_search.find(services, given)
    return found["id"], found["name"]


def _search(services: Services, given: str) -> tuple[str, str]:
    saved = searches.read(services, given)
    return saved.canonical(), searches.label(services, saved)


def own_id(services: Services, kind: str, given: str) -> str:
    """Return the id that a thing is followed under, or what was given when it is not there (any more)."""
    try:
        return target(services, kind, given).id if kind in _FINDERS else given
    except Problem:
        return given


#: Kinds that are found by an id; a search is found by nothing but its query.
FOUND_BY_ID = ("researcher", "topic")
_FINDERS: dict[str, Callable[[Services, str], tuple[str, str]]] = {
    "researcher": _researcher,
    "topic": _topic,
    "search": _search,
}
