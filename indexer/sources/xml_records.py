"""Read the records of an XML file one at a time, with bounded memory even for a hostile file.

Document types and entities are refused (none of the supported formats has any), and so are records and nesting without
end. Elements outside of records are dropped as soon as they are read.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from xml.etree.ElementTree import Element

#: Bytes from the end of one record to the end of the next. A work with 5,500 authors and their affiliations has 2 MB.
MAX_RECORD = 20_000_000
#: Elements in memory, which cost far more than their bytes: 10,000 authors with their names and affiliations have some
#: 100,000.
MAX_ELEMENTS = 300_000
MAX_DEPTH = 100


class XmlError(ValueError):
    """XML that is damaged or refused; the message is the reason."""


class Records:
    """Iterable of the elements of a file with one of `tags`, each with the elements around it, outermost first.

    Those around it contain only the first element with each tag of `keep`. An element is dropped when the next one is
    requested. `root` is the tag of the document element, once known. Iteration raises XmlError.
    """

    def __init__(self, file: IO[bytes], tags: Collection[str], keep: Collection[str] = ()) -> None:
        """Take an open binary file; reading starts with iteration."""
        self._file, self._tags, self._keep = _Bounded(file), tags, keep
        self.root: str | None = None

    def __iter__(self) -> Iterator[tuple[Element, list[Element]]]:
        try:
            yield from self._records()
        except DefusedXmlException as error:
            raise XmlError("document types and entities are not supported") from error
        except ParseError as error:
            raise XmlError(f"not well-formed XML: {error}") from error
        except (UnicodeError, LookupError) as error:
            raise XmlError(f"not in the declared encoding: {error}") from error

    def _records(self) -> Iterator[tuple[Element, list[Element]]]:
        around: list[Element] = []
        #: Number of elements in memory before the start of each element in `around`.
        counts: list[int] = []
        elements = 0
        for event, element in iterparse(self._file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                self.root = self.root or element.tag
                around.append(element)
                counts.append(elements)
                elements += 1
                _check(len(around), elements)
                continue
            around.pop()
            count = counts.pop()
            if element.tag in self._tags:
                self._file.bytes_since_record = 0
                yield element, around
            elif self._is_kept(element, around):
                continue
            if around:
                around[-1].remove(element)
            elements = count

    def _is_kept(self, element: Element, around: list[Element]) -> bool:
        """Return whether an element is part of a record, or is to be kept or part of such an element."""
        if any(outer.tag in self._tags or outer.tag in self._keep for outer in reversed(around)):
            return True
        return element.tag in self._keep and bool(around) and around[-1].find(element.tag) is element


def _check(depth: int, elements: int) -> None:
    if depth > MAX_DEPTH:
        raise XmlError(f"elements are nested more than {MAX_DEPTH} deep")
    if elements > MAX_ELEMENTS:
        raise XmlError(f"more than {MAX_ELEMENTS:,} elements in one record")


class _Bounded:
    """A file that raises XmlError after MAX_RECORD bytes unless `bytes_since_record` is reset."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.bytes_since_record = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.bytes_since_record += len(data)
        if self.bytes_since_record > MAX_RECORD:
            raise XmlError(f"more than {MAX_RECORD:,} bytes in one record")
        return data


def text_of(element: Element | None) -> str | None:
    """Return the text of an element and its descendants with white space collapsed; None when there is none."""
    return None if element is None else " ".join("".join(element.itertext()).split()) or None
