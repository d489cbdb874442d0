"""Servers that return JSON page by page: Crossref, Europe PMC and DataCite.

A page is requested when the one before has been consumed, with the cursor that it returned. Days are those of the last
change, so that a later harvest gets what is new.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from indexer.sources.base import SourceError
from indexer.sources.http_client import HttpClient
from indexer.sources.json_files import value_item
from indexer.sources.remote import Harvester, RemoteSource, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from indexer.sources.base import Item
    from peerscope.settings import Settings

#: Seconds between requests; each server allows several per second.
PAUSE = 0.5
PAGE = 100


class Page(NamedTuple):
    """One response: its values, and the cursor for the next page (None: the last one)."""

    values: list[Any]
    cursor: str | None


@dataclass(frozen=True)
class JsonApi:
    """A server: its name, the path of its list of works, the parameters of a page, and how a response is read."""

    name: str
    path: str
    params: Callable[[Selection, int, str], dict[str, str | None]]
    read: Callable[[dict[str, Any]], Page]
    first_cursor: str = "*"


class JsonHarvest(Harvester):
    """The works that match a query, or changed in a period."""

    def __init__(
        self, api: JsonApi, selection: Selection, url: str, client: HttpClient | None = None, mailto: str | None = None
    ) -> None:
        """Store the selection, the base URL of the server, and a contact address."""
        super().__init__(api.name, client or HttpClient(PAUSE), selection.limit)
        self._api, self._selection, self._mailto = api, selection, mailto
        self._url = url.rstrip("/") + api.path

    def items(self) -> Iterator[Item]:
        """Yield an Item for each work. Raises SourceError when the server returns the same cursor twice."""
        cursor: str | None = self._api.first_cursor
        number = 0
        while cursor:
            size = PAGE if self.limit is None else min(PAGE, self.limit - number)
            params = {**self._api.params(self._selection, size, cursor), "mailto": self._mailto}
            page = self.client.fetch(self._url, {key: value for key, value in params.items() if value}, self._decode)
            for value in page.values:
                number += 1
                yield value_item(self.name, number, value)
            if page.values and page.cursor == cursor and len(page.values) >= size:
                raise SourceError(f"{self.name}: the server returns the same page again and again")
            cursor = page.cursor if page.values and page.cursor != cursor else None

    def _decode(self, body: bytes) -> Page:
        """Return the page of a response. Raises ValueError when it is damaged."""
        try:
            page = self._api.read(json.loads(body))
        except (AttributeError, LookupError, RecursionError, TypeError) as error:
            raise ValueError("JSON that is not a page of works") from error
        if not isinstance(page.values, list) or not isinstance(page.cursor, str | None):
            raise ValueError("JSON that is not a page of works")
        return page


def _period(selection: Selection, since: str, until: str) -> list[str]:
    """Return the days of a selection in the form of a server."""
    days = [selection.since and since.format(selection.since), selection.until and until.format(selection.until)]
    return [day for day in days if day]


def _crossref(selection: Selection, size: int, cursor: str) -> dict[str, str | None]:
    filters = [selection.filter_, *_period(selection, "from-update-date:{}", "until-update-date:{}")]
    return {
        "query": selection.query,
        "filter": ",".join(filter(None, filters)),
        "rows": str(size),
        "cursor": cursor,
    }


def _europe_pmc(selection: Selection, size: int, cursor: str) -> dict[str, str | None]:
    parts = [f"({selection.query})" if selection.query else None]
    if selection.since or selection.until:
        parts.append(f"(UPDATE_DATE:[{selection.since or '1900-01-01'} TO {selection.until or '3000-01-01'}])")
    return {
        "query": " AND ".join(filter(None, parts)),
        "format": "json",
        "resultType": "core",
        "pageSize": str(size),
        "cursorMark": cursor,
    }


def _datacite(selection: Selection, size: int, cursor: str) -> dict[str, str | None]:
    parts = [f"({selection.query})" if selection.query else None]
    if selection.since or selection.until:
        parts.append(f"updated:[{selection.since or '*'} TO {selection.until or '*'}]")
    return {
        "query": " AND ".join(filter(None, parts)),
        "page[size]": str(size),
        "page[cursor]": cursor,
    }


def _datacite_page(document: dict[str, Any]) -> Page:
    following = (document.get("links") or {}).get("next")
    cursors = parse_qs(urlsplit(following).query).get("page[cursor]") if following else None
    return Page(document["data"], cursors[0] if cursors else None)


CROSSREF = JsonApi(
    "Crossref",
    "/works",
    _crossref,
    lambda document: Page(document["message"]["items"], document["message"].get("next-cursor")),
)
EUROPE_PMC = JsonApi(
    "Europe PMC",
    "/search",
    _europe_pmc,
    lambda document: Page(document["resultList"]["result"], document.get("nextCursorMark")),
)
DATACITE = JsonApi("DataCite", "/dois", _datacite, _datacite_page, first_cursor="1")


def _open_crossref(selection: Selection, settings: Settings) -> JsonHarvest:
    return JsonHarvest(CROSSREF, selection, settings.crossref_url, mailto=settings.mailto)


REMOTES = (
    RemoteSource("crossref", frozenset({"query", "filter"}), _open_crossref),
    RemoteSource(
        "europepmc",
        frozenset({"query"}),
        lambda selection, settings: JsonHarvest(EUROPE_PMC, selection, settings.europepmc_url),
        is_limit_enough=False,
    ),
    RemoteSource(
        "datacite",
        frozenset({"query"}),
        lambda selection, settings: JsonHarvest(DATACITE, selection, settings.datacite_url),
    ),
)
