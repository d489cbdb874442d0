"""From the name of a feed and what is wanted of it to its source."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from indexer.sources.arxiv import ArxivQuery
from indexer.sources.base import SourceError
from indexer.sources.oai import ArxivHarvest
from indexer.sources.openalex import OpenAlexWorks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from indexer.sources.remote import Feed


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to ask a feed for. Each feed understands some of it; days are inclusive."""

    query: str | None = None
    filter_: str | None = None
    set_: str | None = None
    since: date | None = None
    until: date | None = None
    limit: int | None = None

    def given(self) -> set[str]:
        """Name the options that are not left open."""
        return {field.name.rstrip("_") for field in fields(self) if getattr(self, field.name) is not None}


#: Each feed with what narrows it down, and how it is made. Days and the limit go with every one.
_FEEDS: dict[str, tuple[set[str], Callable[[Wanted], Feed]]] = {
    "arxiv": ({"query"}, lambda wanted: ArxivQuery(wanted.query, wanted.since, wanted.until, wanted.limit)),
    "arxiv-oai": ({"set"}, lambda wanted: ArxivHarvest(wanted.set_, wanted.since, wanted.until, wanted.limit)),
    "openalex": (
        {"query", "filter"},
        lambda wanted: OpenAlexWorks(wanted.query, wanted.filter_, wanted.since, wanted.until, wanted.limit),
    ),
}
FEEDS = tuple(_FEEDS)
_DAYS = {"since", "until"}


def open_feed(name: str, wanted: Wanted) -> Feed:
    """Make the source; nothing is asked yet.

    Raises SourceError for what the feed does not understand, for an empty span, and for asking it for everything: the
    hosts ask for other ways in that case, and a slip of the keyboard would take days.
    """
    narrowing, make = _FEEDS[name]
    if foreign := sorted(wanted.given() - narrowing - _DAYS - {"limit"}):
        raise SourceError(f"--{foreign[0]} does not go with --source {name}")
    if not wanted.given():
        options = ", ".join(f"--{option}" for option in [*sorted(narrowing), *sorted(_DAYS), "limit"])
        raise SourceError(f"--source {name} would bring in everything; say what, with one or more of {options}")
    if name == "arxiv" and not wanted.given() & (narrowing | _DAYS):
        raise SourceError("--source arxiv needs --query, --since or --until")
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise SourceError(f"--since {wanted.since} is after --until {wanted.until}")
    return make(wanted)
