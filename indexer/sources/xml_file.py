"""XML files: saved answers of arXiv (Atom or OAI-PMH) and collections of the ACL Anthology, told by their tags."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import tostring

from indexer.sources.acl import paper_record
from indexer.sources.arxiv_records import ATOM, OAI, atom_record, oai_record
from indexer.sources.base import EXCERPT, FileSource, Item, SourceError, converted
from indexer.sources.xml_records import Records, XmlError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

ATOM_ENTRY = f"{ATOM}entry"
OAI_RECORD = f"{OAI}record"
ACL_PAPER = "paper"
#: What a volume says of itself: venue and year.
ACL_META = "meta"

#: What makes a record of each kind of element; a paper of the ACL Anthology needs the volume around it.
_CONVERT: dict[str, Callable[[Element, list[Element]], dict[str, Any]]] = {
    ATOM_ENTRY: lambda entry, _: atom_record(entry),
    OAI_RECORD: lambda record, _: oai_record(record),
    ACL_PAPER: paper_record,
}
#: Documents that may well be empty; any other without a record is of a kind that is not read.
_ROOTS = {f"{ATOM}feed", f"{OAI}OAI-PMH", "collection"}


class XmlFile(FileSource):
    """One file of arXiv or ACL Anthology records."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Return an Item for each record. Raises SourceError when the XML breaks off or is of another kind."""
        records = Records(file, _CONVERT, keep={ACL_META})
        number = 0
        try:
            for number, (element, around) in enumerate(records, 1):
                yield element_item(self.name, number, element, around)
        except XmlError as error:
            raise SourceError(f"{self.name}: {error}") from error
        if not number and records.root not in _ROOTS:
            raise SourceError(
                f"{self.name}: no records in it; an XML file is an answer of arXiv (Atom or OAI-PMH) or a collection "
                f"of the ACL Anthology, and this is a <{records.root}>"
            )


def element_item(source: str, number: int, element: Element, around: list[Element]) -> Item:
    """Return the Item of one record element."""
    text = tostring(element, encoding="unicode")[:EXCERPT]
    return converted(source, number, lambda value: _CONVERT[value.tag](value, around), element, text)
