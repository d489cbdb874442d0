"""arXiv's query API: works that match a query, oldest first, page by page.

Oldest first, because works that are submitted meanwhile then come at the end and do not shift the pages. This API ends
at 30,000 works; whole archives are harvested over OAI-PMH (`oai`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources.arxiv_records import ATOM
from indexer.sources.base import Item, SourceError
from indexer.sources.http_client import HttpClient
from indexer.sources.remote import Harvester, RemoteSource, Selection
from indexer.sources.xml_files import element_item
from indexer.sources.xml_records import Records, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from xml.etree.ElementTree import Element

#: arXiv's terms of use: at most one request every three seconds.
PAUSE = 3.0
#: Up to 2,000 are allowed; arXiv advises smaller pages, and a page that fails is requested again as a whole.
PAGE = 500
#: The API returns no results after this many.
MAX_RESULTS = 30_000
_ENTRY = f"{ATOM}entry"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_ERROR_ID = "arxiv.org/api/errors"


class Page(NamedTuple):
    """One response: its entries, and the number of entries on all pages."""

    entries: list[Element]
    total: int


class ArxivQuery(Harvester):
    """The works that match a query in arXiv's own language (`cat:q-bio.NC AND ti:learning`); days are of submission."""

    def __init__(self, selection: Selection, url: str, client: HttpClient | None = None) -> None:
        """Store the query and the URL of the API."""
        super().__init__("arXiv", client or HttpClient(PAUSE), selection.limit)
        self._url = url
        self._query = search_query(selection.query, selection.since, selection.until)

    def items(self) -> Iterator[Item]:
        """Yield an Item for each entry. Raises SourceError when the query has more results than the API returns."""
        start, total = 0, 1
        while start < min(total, MAX_RESULTS):
            page = self._page(start)
            total = page.total
            for entry in page.entries:
                start += 1
                yield element_item(self.name, start, entry, [])
        if total > MAX_RESULTS:
            raise SourceError(
                f"{self.name}: the query has {total:,} results, of which the API returns only the first "
                f"{MAX_RESULTS:,}; divide it with --since and --until, or use --source arxiv-oai"
            )

    def _page(self, start: int) -> Page:
        size = PAGE if self.limit is None else min(PAGE, self.limit - start)
        params = {
            "search_query": self._query,
            "start": str(start),
            "max_results": str(min(size, MAX_RESULTS - start)),
            "sortBy": "submittedDate",
            "sortOrder": "ascending",
        }
        return self.client.fetch(self._url, params, lambda body: _decode(body, start))


def search_query(query: str | None, since: date | None, until: date | None) -> str:
    """Return one query for a query and a period; arXiv needs both ends of a period."""
    parts = [f"({query})" if since or until else query] if query else []
    if since or until:
        first = f"{since:%Y%m%d}0000" if since else "199101010000"
        # Tomorrow, for works that are submitted while the pages are read.
        last = until or datetime.now(UTC).date() + timedelta(days=1)
        parts.append(f"submittedDate:[{first} TO {last:%Y%m%d}2359]")
    return " AND ".join(parts)


def _decode(body: bytes, start: int) -> Page:
    """Return the page of a response. Raises SourceError for arXiv's error entry, ValueError for a damaged page."""
    records = Records(BytesIO(body), {_ENTRY, _TOTAL})
    entries, total = [], None
    for element, _ in records:
        if element.tag == _TOTAL:
            total = int(text_of(element) or 0)
        elif _ERROR_ID in (text_of(element.find(f"{ATOM}id")) or ""):
            raise SourceError(f"arXiv: {text_of(element.find(f'{ATOM}summary'))}")
        else:
            entries.append(element)
    if total is None:
        raise ValueError(f"a <{records.root}> instead of an Atom feed with a total")
    # Sometimes the API returns an empty page in the middle of a result; requested again, it is complete.
    if not entries and start < total:
        raise ValueError(f"no entries from position {start:,}, although the total is {total:,}")
    return Page(entries, total)


REMOTE = RemoteSource(
    "arxiv",
    frozenset({"query"}),
    lambda selection, settings: ArxivQuery(selection, settings.arxiv_url),
    is_limit_enough=False,
)
