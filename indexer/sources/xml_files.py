"""XML files: saved responses of arXiv (Atom or OAI-PMH) and collections of the ACL Anthology, recognized by their tags.

A new kind of XML record needs an entry in `_CONVERT` and, if its documents can be empty, in `_ROOTS`.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import tostring

from indexer.sources.acl import paper_record
from indexer.sources.arxiv_records import ATOM, OAI, atom_record, oai_record
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.xml_records import Records, XmlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

ATOM_ENTRY = f"{ATOM}entry"
OAI_RECORD = f"{OAI}record"
ACL_PAPER = "paper"
#: Metadata of a volume: venue and year.
ACL_META = "meta"

#: Converters by tag of the record element; they also get the elements around it, outermost first.
_CONVERT: dict[str, Callable[[Element, list[Element]], dict[str, Any]]] = {
    ATOM_ENTRY: lambda entry, _: atom_record(entry),
    OAI_RECORD: lambda record, _: oai_record(record),
    ACL_PAPER: paper_record,
}
#: Root elements of documents that may be empty; any other document without a record is not supported.
_ROOTS = {f"{ATOM}feed", f"{OAI}OAI-PMH", "collection"}


class XmlFile(FileSource):
    """One file of arXiv or ACL Anthology records."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each record. Raises SourceError when the XML is damaged or not supported."""
        records = Records(file, _CONVERT, keep={ACL_META})
        number = 0
        try:
            for number, (element, around) in enumerate(records, 1):
                yield element_item(self.name, number, element, around)
        except XmlError as error:
            raise SourceError(f"{self.name}: {error}") from error
        if not number and records.root not in _ROOTS:
            raise SourceError(
                f"{self.name}: no records found; an XML file must be a response of arXiv (Atom or OAI-PMH) or a "
                f"collection of the ACL Anthology, not a <{records.root}>"
            )


FORMAT = FileFormat("XML", XmlFile, suffixes=(".xml",), starts=("<",))


def element_item(source: str, number: int, element: Element, around: list[Element]) -> Item:
    """Return the Item of one record element."""
    text = tostring(element, encoding="unicode")[:EXCERPT]
    return convert_record(source, number, lambda value: _CONVERT[value.tag](value, around), element, text)
