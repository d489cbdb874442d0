"""OpenAlex's works API: filters, words and days, page by page with a cursor.

For all of OpenAlex there is its snapshot, whose part files are read like any other file. OpenAlex asks for a
key (free of charge) from everyone who reads more than a few pages a day.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources.base import Item, SourceError, converted
from indexer.sources.openalex_records import is_work, short_id, work_record
from indexer.sources.remote import Feed
from indexer.sources.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

URL = "https://api.openalex.org"
#: OpenAlex allows up to 100 requests a second; ten are plenty beside an embedding at 84 works a second.
PAUSE = 0.1
#: The most that the API gives at once, and calls are what it counts.
PAGE = 100


class Page(NamedTuple):
    """One answer: its works, and the cursor for the next one (None: this is the last one)."""

    works: list[object]
    cursor: str | None


class OpenAlexWorks(Feed):
    """The works that the API finds, as Items."""

    def __init__(
        self,
        search: str | None = None,
        filter_: str | None = None,
        since: date | None = None,
        until: date | None = None,
        limit: int | None = None,
        web: Web | None = None,
    ) -> None:
        """Take words to search for, a filter in OpenAlex's own language, and days of publication."""
        super().__init__("OpenAlex", web or Web(PAUSE), limit)
        self._url = (os.environ.get("PEERSCOPE_OPENALEX_URL") or URL).rstrip("/") + "/works"
        filters = [
            filter_,
            since and f"from_publication_date:{since.isoformat()}",
            until and f"to_publication_date:{until.isoformat()}",
        ]
        key = {"mailto": os.environ.get("PEERSCOPE_MAILTO"), "api_key": os.environ.get("PEERSCOPE_OPENALEX_KEY")}
        params = {"search": search, "filter": ",".join(part for part in filters if part)}
        self._key = {name: value for name, value in key.items() if value}
        self._params = {name: value for name, value in params.items() if value} | self._key

    def items(self) -> Iterator[Item]:
        """Return an Item for each work. Raises SourceError when the server gives the same cursor twice."""
        cursor: str | None = "*"
        number = 0
        while cursor:
            page = self._page(cursor, number)
            for work in page.works:
                number += 1
                yield converted(self.name, number, work_record, self._whole(work))
            if page.cursor == cursor:
                raise SourceError(f"{self.name}: the server gives the same page again and again")
            cursor = page.cursor if page.works else None

    def _whole(self, work: object) -> object:
        """Return a work with all its authors: lists name the first 100 at the most, and say where there are more."""
        if not (is_work(work) and work.get("is_authors_truncated")):
            return work
        return self.web.fetch(f"{self._url}/{short_id(work['id'])}", self._key, _decoded_work)

    def _page(self, cursor: str, given: int) -> Page:
        size = PAGE if self.limit is None else min(PAGE, self.limit - given)
        return self.web.fetch(self._url, {**self._params, "per_page": str(size), "cursor": cursor}, _decoded)


def _decoded(answer: bytes) -> Page:
    """Read a page. Raises ValueError when it came broken."""
    try:
        page = json.loads(answer)
        works, cursor = page["results"], page["meta"].get("next_cursor")
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError("no page of works, but other JSON") from error
    if not isinstance(works, list) or not isinstance(cursor, str | None):
        raise ValueError("no page of works, but other JSON")
    return Page(works, cursor)


def _decoded_work(answer: bytes) -> object:
    """Read a single work. Raises ValueError when it came broken."""
    try:
        work: object = json.loads(answer)
    except RecursionError as error:
        raise ValueError("no work, but other JSON") from error
    if not is_work(work):
        raise ValueError("no work, but other JSON")
    return work
