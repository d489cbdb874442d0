"""arXiv over OAI-PMH: whole sets and spans of days, for harvests that the query API is too small for.

Days are those of the last change of a record, not of its submission. A list comes in parts, each with a token for the
next one. Tokens expire; a harvest then starts again from the day it had come to, and leaves out what it gave of that
day already, so that nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from indexer.sources.arxiv_records import OAI
from indexer.sources.base import Item, SourceError
from indexer.sources.remote import Feed
from indexer.sources.web import Web
from indexer.sources.xml_file import OAI_RECORD, element_item
from indexer.sources.xml_records import Records, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

URL = "https://oaipmh.arxiv.org/oai"
#: arXiv refuses days before its first record and after today, and would give nothing of what lies between.
EARLIEST = date(2005, 9, 16)
PAUSE = 3.0
#: Times that a token may expire in one harvest: a server whose tokens never last would otherwise be asked for ever.
MAX_RESTARTS = 10
_TOKEN, _ERROR, _LIST = f"{OAI}resumptionToken", f"{OAI}error", f"{OAI}OAI-PMH"


class Part(NamedTuple):
    """One answer: records, the token for the next part (None: this is the last one), and whether ours has expired."""

    records: list[Element]
    token: str | None
    expired: bool = False


class _Place:
    """How far a harvest has come: the last day seen, and which records of that day were given."""

    def __init__(self, first: str | None) -> None:
        self._first = self.day = first
        self._given: set[str | None] = set()
        self._sorted = True

    def is_new(self, record: Element) -> bool:
        """Note a record, and tell whether it has not been given before."""
        id_ = text_of(record.find(f"{OAI}header/{OAI}identifier"))
        day = (text_of(record.find(f"{OAI}header/{OAI}datestamp")) or "")[:10]
        if day == self.day and id_ in self._given:
            return False
        if self.day and day < self.day:
            self._sorted = False
        elif day != self.day:
            self.day = day
            self._given.clear()
        self._given.add(id_)
        return True

    def restart(self) -> str | None:
        """Return the day to start again from: the last one seen, if the server goes by days, else the first one."""
        if not self._sorted:
            self.day, self._sorted = self._first, True
            self._given.clear()
        return self.day


class ArxivHarvest(Feed):
    """The records of a set, or of all arXiv, that changed in a span of days, as Items."""

    def __init__(
        self,
        set_: str | None = None,
        since: date | None = None,
        until: date | None = None,
        limit: int | None = None,
        web: Web | None = None,
    ) -> None:
        """Take a set as arXiv names it (`cs`, `physics:astro-ph`) and days of change."""
        super().__init__("arXiv (OAI-PMH)", web or Web(PAUSE), limit)
        self._url = os.environ.get("PEERSCOPE_ARXIV_OAI_URL") or URL
        self._set = set_
        self._since = since.isoformat() if since and since > EARLIEST else None
        self._until = until.isoformat() if until and until < datetime.now(UTC).date() else None

    def items(self) -> Iterator[Item]:
        """Return an Item for each record; one that arXiv has deleted comes as a withdrawn record."""
        place, number, restarts = _Place(self._since), 0, 0
        params = self._list(self._since)
        while params:
            part = self._part(params)
            if part.expired:
                restarts += 1
                if restarts > MAX_RESTARTS:
                    raise SourceError(f"{self.name}: a token expired for the {restarts}th time")
                params = self._list(place.restart())
                continue
            for record in filter(place.is_new, part.records):
                number += 1
                yield element_item(self.name, number, record, [])
            params = self._next(params, part.token)

    def _list(self, since: str | None) -> dict[str, str]:
        params = {
            "verb": "ListRecords",
            "metadataPrefix": "arXiv",
            "set": self._set,
            "from": since,
            "until": self._until,
        }
        return {key: value for key, value in params.items() if value}

    def _next(self, params: dict[str, str], token: str | None) -> dict[str, str]:
        if token and token == params.get("resumptionToken"):
            raise SourceError(f"{self.name}: the server gives the same part again and again")
        return {"verb": "ListRecords", "resumptionToken": token} if token else {}

    def _part(self, params: dict[str, str]) -> Part:
        return self.web.fetch(self._url, params, _decoded)


def _decoded(answer: bytes) -> Part:
    """Read a part. Raises SourceError for an error of the protocol, ValueError for an answer that came broken."""
    found = Records(BytesIO(answer), {OAI_RECORD, _TOKEN, _ERROR})
    records, token = [], None
    for element, _ in found:
        if element.tag == _ERROR:
            return _error(element.get("code", ""), text_of(element))
        if element.tag == _TOKEN:
            token = text_of(element)
        else:
            records.append(element)
    if found.root != _LIST:
        raise ValueError(f"no OAI-PMH answer, but a <{found.root}>")
    return Part(records, token)


def _error(code: str, words: str | None) -> Part:
    if code == "noRecordsMatch":
        return Part([], None)
    if code == "badResumptionToken":
        return Part([], None, expired=True)
    raise SourceError(f"arXiv (OAI-PMH): {code}: {words or 'no reason given'}")
