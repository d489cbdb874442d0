"""PubMed's E-utilities: works that match a query, or changed in a period, in PubMed's own XML.

A search leaves its result on the server, from which the records are then fetched in pages. The server forgets it after
some hours; the search is then repeated from the start, without the records that were yielded before.
"""

from __future__ import annotations

import json
import re
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources.base import SourceError
from indexer.sources.http_client import HttpClient
from indexer.sources.remote import Harvester, RemoteSource, Selection
from indexer.sources.xml_files import element_item
from indexer.sources.xml_records import Records, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from indexer.sources.base import Item
    from peerscope.settings import Settings

#: At most three requests per second without a key.
PAUSE = 0.4
PAGE = 200
#: The server returns no records after this many.
MAX_RESULTS = 9_999
#: Maximum number of results that the server forgets in one harvest.
MAX_RESTARTS = 3
_RECORDS = {"PubmedArticle", "PubmedBookArticle"}
#: What the server responds when it has forgotten a result.
_FORGOTTEN = re.compile(r"unable to obtain query|history data|WebEnv|query_key", re.IGNORECASE)


class _Found(NamedTuple):
    """A result on the server: the keys to it, and its size."""

    environment: str
    key: str
    total: int


class PubmedQuery(Harvester):
    """The works that match a query in PubMed's language; days are those of the entry in PubMed."""

    def __init__(
        self, selection: Selection, url: str, client: HttpClient | None = None, mailto: str | None = None
    ) -> None:
        """Store the selection, the base URL of the E-utilities, and a contact address."""
        super().__init__("PubMed", client or HttpClient(PAUSE), selection.limit)
        self._url, self._selection = url.rstrip("/"), selection
        self._common = {"db": "pubmed", "tool": "peerscope", **({"email": mailto} if mailto else {})}

    def items(self) -> Iterator[Item]:
        """Yield an Item for each work. Raises SourceError when the query has more results than PubMed returns."""
        found = self._find()
        position, restarts = 0, 0
        yielded: set[str | None] = set()
        while position < min(found.total, MAX_RESULTS):
            articles = self._page(found, position)
            if articles is None:
                restarts += 1
                if restarts > MAX_RESTARTS:
                    raise SourceError(f"{self.name}: the server forgot the result for the {restarts}th time")
                found, position = self._find(), 0
                continue
            if not articles:
                raise SourceError(f"{self.name}: the server returned {position:,} of {found.total:,} records")
            position += len(articles)
            for article in articles:
                id_ = text_of(article.find(".//PMID"))
                if id_ is None or id_ not in yielded:
                    yielded.add(id_)
                    yield element_item(self.name, len(yielded), article, [])
        if found.total > MAX_RESULTS:
            raise SourceError(
                f"{self.name}: the query has {found.total:,} results, of which PubMed returns only the first "
                f"{MAX_RESULTS:,}; divide it with --since and --until, or read the baseline files"
            )

    def _find(self) -> _Found:
        return self.client.fetch(f"{self._url}/esearch.fcgi", self._search(), _decode_search)

    def _search(self) -> dict[str, str]:
        selection = self._selection
        params = {
            **self._common,
            "term": selection.query or "all[sb]",
            "usehistory": "y",
            "retmode": "json",
            "retmax": "0",
        }
        if selection.since or selection.until:
            params |= {
                "datetype": "edat",
                "mindate": f"{selection.since:%Y/%m/%d}" if selection.since else "1800/01/01",
                "maxdate": f"{selection.until:%Y/%m/%d}" if selection.until else "3000/12/31",
            }
        return params

    def _page(self, found: _Found, start: int) -> list[Element] | None:
        """Return the records of a page; None when the server has forgotten the result."""
        size = PAGE if self.limit is None else min(PAGE, self.limit - start)
        params = {
            **self._common,
            "WebEnv": found.environment,
            "query_key": found.key,
            "retstart": str(start),
            "retmax": str(min(size, MAX_RESULTS - start)),
            "retmode": "xml",
        }
        try:
            return self.client.fetch(f"{self._url}/efetch.fcgi", params, _decode_page)
        except SourceError as error:
            if _FORGOTTEN.search(str(error)):
                return None
            raise


def _decode_search(body: bytes) -> _Found:
    """Return the result of a search. Raises SourceError for an invalid query, ValueError for a damaged response."""
    try:
        result = json.loads(body)["esearchresult"]
        if message := result.get("ERROR"):
            raise SourceError(f"PubMed: {message}")
        return _Found(result["webenv"], result["querykey"], int(result["count"]))
    except (AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError("JSON that is not the result of a search") from error


def _decode_page(body: bytes) -> list[Element] | None:
    """Return the records of a response; None for a forgotten result. Raises ValueError for a damaged response."""
    records = Records(BytesIO(body), {*_RECORDS, "ERROR"})
    articles = [element for element, _ in records]
    if any(element.tag == "ERROR" and _FORGOTTEN.search(text_of(element) or "") for element in articles):
        return None
    if records.root != "PubmedArticleSet":
        raise ValueError(f"a <{records.root}> instead of a PubmedArticleSet")
    return articles


def _open(selection: Selection, settings: Settings) -> PubmedQuery:
    return PubmedQuery(selection, settings.pubmed_url, mailto=settings.mailto)


REMOTE = RemoteSource("pubmed", frozenset({"query"}), _open, is_limit_enough=False)
