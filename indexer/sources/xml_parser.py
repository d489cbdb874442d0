"""An incremental XML parser that builds the elements of records only, with bounded memory even for a hostile file.

Document types are read, but nothing outside of the file is: external entities keep their reference as text, and
entities defined in the file may only stand for a few characters. The named characters of HTML, which PubMed, JATS and
DBLP take from their document types, are built in.
"""

from __future__ import annotations

import re
from html.entities import html5
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

#: Elements in memory, which cost far more than their bytes: 10,000 authors with their names and affiliations have some
#: 100,000.
MAX_ELEMENTS = 300_000
MAX_DEPTH = 100
#: Characters of an entity that the file itself defines. Longer ones would multiply the text of a small file.
MAX_ENTITY = 100
_START_TAG = re.compile(rb"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")


class XmlError(ValueError):
    """XML that is damaged or refused; the message is the reason."""


class DamagedRecordError(XmlError):
    """A record that is not well-formed, at a byte of the parser's input; the records after it can be read."""

    def __init__(self, message: str, position: int) -> None:
        """Store the message and the position."""
        super().__init__(message)
        self.position = position


class Record(NamedTuple):
    """A record element and the elements around it, outermost first, with the bytes of their start tags.

    The elements around contain only elements that are kept.
    """

    element: Element
    around: list[Element]
    start_tags: list[bytes]


class ElementParser:
    """Parses chunks of bytes, and collects the records in them.

    `is_record` decides by tag and surrounding elements; `keep` has the local names of elements whose first one is kept
    in the element around it. `around` are the open elements outside of records, `start_tags` their bytes.
    """

    def __init__(
        self,
        is_record: Callable[[str, Sequence[Element]], bool],
        keep: Collection[str] = (),
        encoding: str | None = None,
        *,
        nesting: Collection[str] = (),
        has_namespaces: bool = True,
    ) -> None:
        """Prepare to parse one document; `encoding` overrides the declared one.

        A record inside of one with the same tag is a sign of damage, unless its local name is in `nesting`. Without
        namespaces, prefixes of tags and attributes are removed.
        """
        self.around: list[Element] = []
        self.start_tags: list[bytes] = []
        self.record_start: int | None = None
        """Position of the open record in the input; None outside of records."""
        self.prolog: bytes | None = None
        """What stands before the first element: the XML declaration and the document type."""
        self._is_record, self._keep, self._nesting = is_record, keep, nesting
        self._records: list[Record] = []
        self._builder: TreeBuilder | None = None
        self._open: list[str] = []
        self._elements = 0
        self._input = bytearray()
        self._dropped = 0
        self._expat = self._new_parser(encoding, "}" if has_namespaces else None)

    def _new_parser(self, encoding: str | None, separator: str | None) -> expat.XMLParserType:
        try:
            parser = expat.ParserCreate(encoding, separator)
        except (LookupError, ValueError) as error:
            raise XmlError(f"not in the declared encoding: {error}") from error
        parser.buffer_text = True
        parser.ordered_attributes = True
        # Undefined entities are then passed to the default handler; nothing is ever loaded.
        parser.UseForeignDTD(True)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.DefaultHandlerExpand = self._default
        parser.EntityDeclHandler = self._define
        return parser

    def feed(self, data: bytes, *, is_final: bool = False) -> None:
        """Parse more of the document. Raises DamagedRecordError for malformed XML, XmlError if it is refused."""
        self._input += data
        try:
            self._expat.Parse(data, is_final)
        except expat.ExpatError as error:
            message = f"not well-formed XML: {error}"
            if "encoding" in str(error):
                raise XmlError(message) from error
            raise DamagedRecordError(message, self._expat.ErrorByteIndex) from error
        except (UnicodeError, LookupError) as error:
            raise XmlError(f"not in the declared encoding: {error}") from error
        self._drop(len(data))

    def take(self) -> list[Record]:
        """Return the records that are complete, once."""
        records, self._records = self._records, []
        return records

    def input_from(self, position: int) -> bytes:
        """Return the input from a position on; the start of the open record and the last chunk are available."""
        return bytes(self._input[max(0, position - self._dropped) :])

    def _drop(self, last: int) -> None:
        """Drop the input before the last chunk and before the open record."""
        end = self._dropped + len(self._input)
        start = min(end - last, end if self.record_start is None else self.record_start)
        if start > self._dropped:
            del self._input[: start - self._dropped]
            self._dropped = start

    def _start(self, name: str, attributes: list[str]) -> None:
        tag = _qualified(name)
        pairs = {_qualified(key): value for key, value in zip(attributes[::2], attributes[1::2], strict=True)}
        position = self._expat.CurrentByteIndex
        if self.prolog is None:
            self.prolog = bytes(self._input[:position])
        if len(self.around) + len(self._open) >= MAX_DEPTH:
            raise XmlError(f"elements are nested more than {MAX_DEPTH} deep")
        if self._builder is None:
            is_record = self._is_record(tag, self.around)
            if not is_record and not self._is_kept(tag):
                self.around.append(Element(tag, pairs))
                start = _START_TAG.match(self._input, position - self._dropped)
                self.start_tags.append(bytes(start[0]) if start else b"")
                return
            self._builder, self._elements = TreeBuilder(), 0
            self.record_start = position if is_record else None
        elif self.record_start is not None and tag == self._open[0] and _local(tag) not in self._nesting:
            raise DamagedRecordError("not well-formed XML: the record is not closed", position)
        self._elements += 1
        if self._elements > MAX_ELEMENTS:
            raise XmlError(f"more than {MAX_ELEMENTS:,} elements in one record")
        self._open.append(tag)
        self._builder.start(tag, pairs)

    def _is_kept(self, tag: str) -> bool:
        return _local(tag) in self._keep and bool(self.around) and self.around[-1].find(tag) is None

    def _end(self, name: str) -> None:
        if self._builder is None:
            self.around.pop()
            self.start_tags.pop()
            return
        self._builder.end(_qualified(name))
        self._open.pop()
        if self._open:
            return
        element: Element = self._builder.close()
        self._builder = None
        if self.record_start is None:
            self.around[-1].append(element)
        else:
            self._records.append(Record(element, list(self.around), list(self.start_tags)))
            self.record_start = None

    def _data(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _default(self, text: str) -> None:
        """Read a reference to an entity that the file does not define; all else that comes here is ignored."""
        if text.startswith("&") and text.endswith(";"):
            self._data(html5.get(text[1:], text))

    def _define(self, name: str, is_parameter: bool, value: str | None, *_: object) -> None:
        """Refuse an entity that can multiply the text; external ones have no value, and are never loaded."""
        if not is_parameter and value is not None and (len(value) > MAX_ENTITY or "&" in value):
            raise XmlError(f"the entity {name!r} is longer than {MAX_ENTITY} characters or contains other entities")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name.rpartition(":")[2]
