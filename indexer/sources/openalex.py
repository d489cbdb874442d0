"""OpenAlex's works API: search, filters and days, page by page with a cursor.

All of OpenAlex is available as a snapshot, whose files are read like any other file. OpenAlex asks everyone who reads
more than a few pages a day for a key (free of charge).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources.base import Item, SourceError
from indexer.sources.http_client import HttpClient
from indexer.sources.json_repair import convert_json
from indexer.sources.openalex_records import is_work, short_id, work_record
from indexer.sources.remote import Harvester, RemoteSource, Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from peerscope.settings import Settings

#: OpenAlex allows up to 100 requests per second; ten are enough next to an embedding rate of 84 works per second.
PAUSE = 0.1
#: The maximum of the API, because requests count against the daily limit.
PAGE = 100


class Page(NamedTuple):
    """One response: its works, and the cursor for the next page (None: the last one)."""

    works: list[object]
    cursor: str | None


class OpenAlexWorks(Harvester):
    """The works that match a search and a filter in OpenAlex's own language; days are of publication."""

    def __init__(
        self,
        selection: Selection,
        url: str,
        client: HttpClient | None = None,
        credentials: Mapping[str, str | None] | None = None,
    ) -> None:
        """Store the selection, the base URL of the API, and the parameters `api_key` and `mailto`."""
        super().__init__("OpenAlex", client or HttpClient(PAUSE), selection.limit)
        self._url = url.rstrip("/") + "/works"
        filters = [
            selection.filter_,
            selection.since and f"from_publication_date:{selection.since.isoformat()}",
            selection.until and f"to_publication_date:{selection.until.isoformat()}",
        ]
        self._credentials = {name: value for name, value in (credentials or {}).items() if value}
        params = {"search": selection.query, "filter": ",".join(part for part in filters if part)}
        self._params = {name: value for name, value in params.items() if value} | self._credentials

    def items(self) -> Iterator[Item]:
        """Yield an Item for each work. Raises SourceError when the server returns the same cursor twice."""
        cursor: str | None = "*"
        number = 0
        while cursor:
            page = self._page(cursor, number)
            for work in page.works:
                number += 1
                yield convert_json(self.name, number, work_record, self._complete(work))
            if page.cursor == cursor:
                raise SourceError(f"{self.name}: the server returns the same page again and again")
            cursor = page.cursor if page.works else None

    def _complete(self, work: object) -> object:
        """Return a work with all its authors: lists contain at most 100, and mark works that have more."""
        if not (is_work(work) and work.get("is_authors_truncated")):
            return work
        try:
            return self.client.fetch(f"{self._url}/{short_id(work['id'])}", self._credentials, _decode_work)
        except SourceError:
            # The work is kept, marked, with its known authors; if the server is down, the next page reports it.
            return work

    def _page(self, cursor: str, yielded: int) -> Page:
        size = PAGE if self.limit is None else min(PAGE, self.limit - yielded)
        params = {**self._params, "per_page": str(size), "cursor": cursor}
        return self.client.fetch(self._url, params, _decode_page)


def _decode_page(body: bytes) -> Page:
    """Return the page of a response. Raises ValueError when it is damaged."""
    try:
        page = json.loads(body)
        works, cursor = page["results"], page["meta"].get("next_cursor")
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError("JSON that is not a page of works") from error
    if not isinstance(works, list) or not isinstance(cursor, str | None):
        raise ValueError("JSON that is not a page of works")
    return Page(works, cursor)


def _decode_work(body: bytes) -> object:
    """Return the single work of a response. Raises ValueError when it is damaged."""
    try:
        work: object = json.loads(body)
    except RecursionError as error:
        raise ValueError("JSON that is not a work") from error
    if not is_work(work):
        raise ValueError("JSON that is not a work")
    return work


def _open(selection: Selection, settings: Settings) -> OpenAlexWorks:
    key = settings.openalex_key.get_secret_value() if settings.openalex_key else None
    return OpenAlexWorks(selection, settings.openalex_url, credentials={"mailto": settings.mailto, "api_key": key})


REMOTE = RemoteSource("openalex", frozenset({"query", "filter"}), _open)
