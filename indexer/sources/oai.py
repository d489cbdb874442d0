"""OAI-PMH: whole sets and periods of arXiv, and of any repository (DSpace, EPrints, Dataverse, OJS, HAL).

Days are those of the last change of a record, not of its submission. A list comes in parts, each with a token for the
next one. Tokens expire; a harvest then starts again at the last day it reached and skips the records of that day that
it has already yielded, so that nothing is lost or repeated.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from indexer.sources.arxiv_records import OAI
from indexer.sources.base import Item, SourceError
from indexer.sources.http_client import HttpClient
from indexer.sources.remote import Harvester, RemoteSource, Selection
from indexer.sources.xml_files import element_item
from indexer.sources.xml_records import Records, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from peerscope.settings import Settings

#: arXiv refuses days before its first record and after today, also when records exist in between.
EARLIEST = date(2005, 9, 16)
PAUSE = 3.0
#: Maximum number of expired tokens in one harvest, so that it ends even if the server's tokens never work.
MAX_RESTARTS = 10
_RECORD = f"{OAI}record"
_TOKEN, _ERROR, _LIST = f"{OAI}resumptionToken", f"{OAI}error", f"{OAI}OAI-PMH"


class Part(NamedTuple):
    """One response: records, the token for the next part (None: the last one), and whether our token has expired."""

    records: list[Element]
    token: str | None
    expired: bool = False


class _Progress:
    """The last day that a harvest reached, and which records of that day it has yielded."""

    def __init__(self, first: str | None) -> None:
        self._first = self.day = first
        self._yielded: set[str | None] = set()
        self._is_sorted = True

    def is_new(self, record: Element) -> bool:
        """Register a record; return whether it has not been yielded before."""
        id_ = text_of(record.find(f"{OAI}header/{OAI}identifier"))
        day = (text_of(record.find(f"{OAI}header/{OAI}datestamp")) or "")[:10]
        if day == self.day and id_ in self._yielded:
            return False
        if self.day and day < self.day:
            self._is_sorted = False
        elif day != self.day:
            self.day = day
            self._yielded.clear()
        self._yielded.add(id_)
        return True

    def restart(self) -> str | None:
        """Return the day to start again from: the last one reached if the list is sorted by day, else the first one."""
        if not self._is_sorted:
            self.day, self._is_sorted = self._first, True
            self._yielded.clear()
        return self.day


class OaiHarvest(Harvester):
    """The records of a set, or of a whole repository, that changed in a period."""

    def __init__(
        self,
        selection: Selection,
        url: str,
        client: HttpClient | None = None,
        *,
        name: str = "OAI-PMH",
        prefix: str = "",
    ) -> None:
        """Store the set, the days of change, the URL of the server, and the metadata format."""
        super().__init__(name, client or HttpClient(PAUSE), selection.limit)
        since, until = selection.since, selection.until
        self._url, self._prefix = url, prefix or selection.prefix or "oai_dc"
        self._set = selection.set_
        self._since = since.isoformat() if since else None
        self._until = until.isoformat() if until and until < datetime.now(UTC).date() else None

    def items(self) -> Iterator[Item]:
        """Yield an Item for each record; one that the repository has deleted becomes a withdrawn record."""
        progress, number, restarts = _Progress(self._since), 0, 0
        params = self._list_params(self._since)
        while params:
            part = self.client.fetch(self._url, params, partial(_decode, name=self.name))
            if part.expired:
                restarts += 1
                if restarts > MAX_RESTARTS:
                    raise SourceError(f"{self.name}: a token expired for the {restarts}th time")
                params = self._list_params(progress.restart())
                continue
            for record in filter(progress.is_new, part.records):
                number += 1
                yield element_item(self.name, number, record, [])
            params = self._next_params(params, part.token)

    def _list_params(self, since: str | None) -> dict[str, str]:
        params = {
            "verb": "ListRecords",
            "metadataPrefix": self._prefix,
            "set": self._set,
            "from": since,
            "until": self._until,
        }
        return {key: value for key, value in params.items() if value}

    def _next_params(self, params: dict[str, str], token: str | None) -> dict[str, str]:
        if token and token == params.get("resumptionToken"):
            raise SourceError(f"{self.name}: the server returns the same part again and again")
        return {"verb": "ListRecords", "resumptionToken": token} if token else {}


class ArxivHarvest(OaiHarvest):
    """The records of a set (`cs`, `physics:astro-ph`), or of all arXiv, that changed in a period."""

    def __init__(self, selection: Selection, url: str, client: HttpClient | None = None) -> None:
        """Store the set, the days of change, and the URL of the server."""
        super().__init__(selection, url, client, name="arXiv (OAI-PMH)", prefix="arXiv")
        if self._since and self._since <= EARLIEST.isoformat():
            self._since = None


def _decode(body: bytes, name: str) -> Part:
    """Return the part of a response. Raises SourceError for a protocol error, ValueError for a damaged response."""
    elements = Records(BytesIO(body), {_RECORD, _TOKEN, _ERROR})
    records, token = [], None
    for element, _ in elements:
        if element.tag == _ERROR:
            return _error(name, element.get("code", ""), text_of(element))
        if element.tag == _TOKEN:
            token = text_of(element)
        else:
            records.append(element)
    if elements.root != _LIST:
        raise ValueError(f"a <{elements.root}> instead of an OAI-PMH response")
    return Part(records, token)


def _error(name: str, code: str, message: str | None) -> Part:
    if code == "noRecordsMatch":
        return Part([], None)
    if code == "badResumptionToken":
        return Part([], None, expired=True)
    raise SourceError(f"{name}: {code}: {message or 'no reason given'}")


def _open_repository(selection: Selection, _: Settings) -> OaiHarvest:
    if not selection.url:
        raise SourceError("--source oai needs the address of the repository's OAI-PMH server: --url URL.")
    return OaiHarvest(selection, selection.url, name=f"OAI-PMH ({urlsplit(selection.url).hostname})")


REMOTES = (
    RemoteSource(
        "arxiv-oai", frozenset({"set"}), lambda selection, settings: ArxivHarvest(selection, settings.arxiv_oai_url)
    ),
    RemoteSource("oai", frozenset({"url", "set", "prefix"}), _open_repository),
)
