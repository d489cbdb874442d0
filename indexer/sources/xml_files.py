"""XML files: records of many catalogues, recognized by their tags.

A format is a tuple of `XmlRecord`s, and a new one is added to `RECORDS`. OAI-PMH responses contain records of any of
these formats.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from functools import partial
from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import tostring

from indexer.sources import (
    acl,
    arxiv_records,
    cerif,
    crossref,
    datacite,
    dblp,
    dublin_core,
    endnote_xml,
    europe_pmc,
    jats,
    library_xml,
    orcid,
    pubmed,
)
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, NotAWork, SourceError, convert_record
from indexer.sources.xml_records import ENCODINGS, Damage, Record, Records, XmlError, XmlRecord, local_name, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

#: Elements that wrap a record inside of the metadata of OAI-PMH.
_MAX_WRAPPERS = 6
#: Elements around the records of an OAI-PMH response.
_OAI_LISTS = ("ListRecords", "GetRecord")
#: All kinds of records; the first that matches an element converts it.
RECORDS: tuple[XmlRecord, ...] = (
    *arxiv_records.RECORDS,
    XmlRecord("OAI-PMH", ("record",), lambda record, _: oai_record(record), frozenset(_OAI_LISTS)),
    *acl.RECORDS,
    *dblp.RECORDS,
    *pubmed.RECORDS,
    *crossref.RECORDS,
    *datacite.RECORDS,
    *dublin_core.RECORDS,
    *europe_pmc.RECORDS,
    *jats.RECORDS,
    *orcid.RECORDS,
    *cerif.RECORDS,
    *endnote_xml.RECORDS,
    *library_xml.RECORDS,
    XmlRecord("OAI-PMH", (f"{arxiv_records.OAI}record", "{}record"), lambda record, _: oai_record(record)),
)
#: Root elements of documents that may be empty; any other document without a record is not supported.
_ROOTS = {
    f"{arxiv_records.ATOM}feed",
    f"{arxiv_records.OAI}OAI-PMH",
    "collection",
    "{http://www.orcid.org/ns/record}record",
}
_NESTING = {local_name(tag) for kind in RECORDS if kind.may_nest for tag in kind.tags}
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
        records = Records(file, _BY_NAME, _KEPT, lambda tag, around: kind_of(tag, around) is not None, _NESTING)
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
        return Item(source, number, problem=f"a <{local_name(element.tag)}> is not a known kind of record", text=text)
    item = convert_record(source, number, partial(_convert, kind, around=around), element, text)
    return replace(item, format=kind.name)


def _convert(kind: XmlRecord, element: Element, around: list[Element]) -> dict[str, object]:
    return kind.convert(element, around)


def oai_record(record: Element) -> dict[str, Any]:
    """Return a record of OAI-PMH with metadata of any known format, in the import format.

    Its id is that of the repository, so that a deleted record, which has no metadata, withdraws it. Raises NotAWork for
    other metadata.
    """
    header, metadata = _child(record, "header"), _child(record, "metadata")
    if header is None and metadata is None:
        return library_xml.any_record(record)
    id_ = _oai_id(header)
    if header is not None and header.get("status") == "deleted":
        return {"id": id_, "withdrawn": True}
    found = None if metadata is None else _described(metadata)
    if found is None:
        name = "none" if metadata is None or not len(metadata) else f"<{local_name(metadata[0].tag)}>"
        raise NotAWork(f"its metadata ({name}) have no known format; harvest with metadataPrefix=oai_dc")
    result = found[0].convert(*found[1:])
    if id_ is None or result.get("withdrawn"):
        return result
    return {**result, "id": id_, "ids": [*result.get("ids", []), *_stable(result["id"])]}


def _described(metadata: Element) -> tuple[XmlRecord, Element, list[Element]] | None:
    """Return the outermost record in metadata, with its kind and the elements around it; None when there is none."""
    around, content = [metadata], list(metadata)
    while len(content) > 0 and len(around) < _MAX_WRAPPERS:
        for element in content:
            if kind := kind_of(element.tag, around):
                return kind, element, around
        around, content = [*around, content[0]], list(content[0])
    return None


def _oai_id(header: Element | None) -> str | None:
    """Return the id of a record; those of arXiv have its own scheme."""
    identifier = None if header is None else text_of(_child(header, "identifier"))
    if not identifier:
        return None
    if identifier.lower().startswith("oai:arxiv.org:"):
        return f"arxiv:{identifier[len('oai:arxiv.org:') :]}"
    return f"oai:{identifier.removeprefix('oai:')}"


def _child(element: Element, name: str) -> Element | None:
    return next((child for child in element if local_name(child.tag) == name), None)


def _stable(id_: str | None) -> list[str]:
    """Return an id in a list, unless it is made from the content of the record."""
    return [id_] if id_ and not id_.startswith("local:") else []
