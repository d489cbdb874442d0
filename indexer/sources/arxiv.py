"""arXiv's query API: works that match a query, oldest first, page by page.

Oldest first, because what is submitted meanwhile then comes at the end and moves nothing between two pages. For whole
archives there is OAI-PMH (oai.py): this API ends at 30,000 works.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources.arxiv_records import ATOM
from indexer.sources.base import Item, SourceError
from indexer.sources.remote import Feed
from indexer.sources.web import Web
from indexer.sources.xml_file import ATOM_ENTRY, element_item
from indexer.sources.xml_records import Records, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from xml.etree.ElementTree import Element

URL = "https://export.arxiv.org/api/query"
#: arXiv's terms of use: no more than one request every three seconds.
PAUSE = 3.0
#: Up to 2,000 are allowed; arXiv advises smaller pages, and a page that fails is asked for again as a whole.
PAGE = 500
#: Beyond this the API gives nothing.
MAX_RESULTS = 30_000
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_ERROR_ID = "arxiv.org/api/errors"


class Page(NamedTuple):
    """One answer: its entries, and how many there are on all pages."""

    entries: list[Element]
    total: int


class ArxivQuery(Feed):
    """The works that a query finds, as Items."""

    def __init__(
        self,
        query: str | None,
        since: date | None = None,
        until: date | None = None,
        limit: int | None = None,
        web: Web | None = None,
    ) -> None:
        """Take a query in arXiv's own language (`cat:q-bio.NC AND ti:learning`) and days of first submission."""
        super().__init__("arXiv", web or Web(PAUSE), limit)
        self._url = os.environ.get("PEERSCOPE_ARXIV_URL") or URL
        self._query = search_query(query, since, until)

    def items(self) -> Iterator[Item]:
        """Return an Item for each entry. Raises SourceError when there are more than the API gives."""
        start, total = 0, 1
        while start < min(total, MAX_RESULTS):
            page = self._page(start)
            total = page.total
            for entry in page.entries:
                start += 1
                yield element_item(self.name, start, entry, [])
        if total > MAX_RESULTS:
            raise SourceError(
                f"{self.name}: the query finds {total:,} works, and the API gives the first {MAX_RESULTS:,} only; "
                "divide it by --since and --until, or use --source arxiv-oai"
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
        return self.web.fetch(self._url, params, lambda answer: _decoded(answer, start))


def search_query(query: str | None, since: date | None, until: date | None) -> str:
    """Join a query and a span of days into one query; a span needs both its ends."""
    parts = [f"({query})" if since or until else query] if query else []
    if since or until:
        first = f"{since:%Y%m%d}0000" if since else "199101010000"
        # Tomorrow, for what is submitted while the pages are read.
        last = until or datetime.now(UTC).date() + timedelta(days=1)
        parts.append(f"submittedDate:[{first} TO {last:%Y%m%d}2359]")
    return " AND ".join(parts)


def _decoded(answer: bytes, start: int) -> Page:
    """Read a page. Raises SourceError for arXiv's own error entry, ValueError for a page that came broken or empty."""
    records = Records(BytesIO(answer), {ATOM_ENTRY, _TOTAL})
    entries, total = [], None
    for element, _ in records:
        if element.tag == _TOTAL:
            total = int(text_of(element) or 0)
        elif _ERROR_ID in (text_of(element.find(f"{ATOM}id")) or ""):
            raise SourceError(f"arXiv: {text_of(element.find(f'{ATOM}summary'))}")
        else:
            entries.append(element)
    if total is None:
        raise ValueError(f"no Atom feed with a total, but a <{records.root}>")
    # Now and then the API gives an empty page in the middle of a result; asked again, it gives the full one.
    if not entries and start < total:
        raise ValueError(f"no entries from {start:,} on, where {total:,} are announced")
    return Page(entries, total)
