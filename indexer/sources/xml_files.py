"""XML files: records of many catalogues, recognized by their tags.

A format is a tuple of `XmlRecord`s, and a new one is added to `RECORDS`. OAI-PMH responses contain records of any of
these formats.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import IO, TYPE_CHECKING
from xml.etree.ElementTree import tostring

from indexer.sources import acl, arxiv_records
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.xml_records import ENCODINGS, Damage, Record, Records, XmlError, XmlRecord, local_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

#: All kinds of records; the first that matches an element converts it.
RECORDS: tuple[XmlRecord, ...] = (*arxiv_records.RECORDS, *acl.RECORDS)
#: Root elements of documents that may be empty; any other document without a record is not supported.
_ROOTS = {f"{arxiv_records.ATOM}feed", f"{arxiv_records.OAI}OAI-PMH", "collection"}
_KEPT = {tag for kind in RECORDS for tag in kind.keep}

_BY_NAME: dict[str, list[XmlRecord]] = defaultdict(list)
for _kind in RECORDS:
    for _tag in _kind.tags:
        _BY_NAME[local_name(_tag)].append(_kind)


def kind_of(tag: str, around: Sequence[Element]) -> XmlRecord | None:
    """Return the kind of record that an element is, by its tag and the elements around it; None for no record."""
    candidates = _BY_NAME.get(local_name(tag), ())
    return next((kind for kind in candidates if kind.is_one(tag, around)), None)


class XmlFile(FileSource):
    """One file of records in one or several XML formats."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each record. Raises SourceError when the file breaks off or is not supported."""
        records = Records(file, _BY_NAME, _KEPT, lambda tag, around: kind_of(tag, around) is not None)
        number = 0
        try:
            for number, record in enumerate(records.recovered(), 1):
                if number == 1:
                    self.note_encoding(ENCODINGS.get(records.encoding or "", "UTF-8"))
                yield self._item(number, record)
        except XmlError as error:
            raise SourceError(f"{self.name}: {error}") from error
        if not number and records.root not in _ROOTS:
            known = ", ".join(dict.fromkeys(kind.name for kind in RECORDS))
            raise SourceError(f"{self.name}: no records found; a <{records.root}> is none of {known}")

    def _item(self, number: int, record: Record | Damage) -> Item:
        if isinstance(record, Damage):
            return Item(self.name, number, problem=record.message, text=record.text)
        return element_item(self.name, number, record.element, record.around)


FORMAT = FileFormat("XML", XmlFile, suffixes=(".xml",), starts=("<",))


def element_item(source: str, number: int, element: Element, around: list[Element]) -> Item:
    """Return the Item of one record element."""
    kind = kind_of(element.tag, around)
    text = tostring(element, encoding="unicode")[:EXCERPT]
    if kind is None:
        return Item(source, number, problem=f"a <{local_name(element.tag)}> is no record of a known format", text=text)
    return convert_record(source, number, partial(_convert, kind, around=around), element, text)


def _convert(kind: XmlRecord, element: Element, around: list[Element]) -> dict[str, object]:
    return kind.convert(element, around)
