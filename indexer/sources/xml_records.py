"""Records out of XML, one at a time: a large file is never in memory as a whole, and a hostile one cannot fill it.

Document types and entities are refused (none of the formats that are read here has any), and so are records without
end and nesting without end. What is no part of a record is dropped as soon as it is read.
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
    """XML that is broken or refused; the message says why."""


class Records:
    """The elements of a file with one of `tags`, each with the elements around it, outermost first.

    Of what else those around hold, only the first element with each tag of `keep` stays. What was given is dropped when
    the next one is asked for. `root` is the tag of the document element, once known. Raises XmlError while iterated.
    """

    def __init__(self, file: IO[bytes], tags: Collection[str], keep: Collection[str] = ()) -> None:
        """Take an open file; nothing is read yet."""
        self._file, self._tags, self._keep = _Bounded(file), tags, keep
        self.root: str | None = None

    def __iter__(self) -> Iterator[tuple[Element, list[Element]]]:
        try:
            yield from self._records()
        except DefusedXmlException as error:
            raise XmlError("it declares a document type or an entity, which is refused") from error
        except ParseError as error:
            raise XmlError(f"not well-formed XML: {error}") from error
        except (UnicodeError, LookupError) as error:
            raise XmlError(f"not in the encoding that it declares: {error}") from error

    def _records(self) -> Iterator[tuple[Element, list[Element]]]:
        around: list[Element] = []
        #: How many elements were in memory before each of those around began.
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
                self._file.unmarked = 0
                yield element, around
            elif self._stays(element, around):
                continue
            if around:
                around[-1].remove(element)
            elements = count

    def _stays(self, element: Element, around: list[Element]) -> bool:
        """Return whether an element that ended is part of a record, or one to keep or part of it."""
        if any(outer.tag in self._tags or outer.tag in self._keep for outer in reversed(around)):
            return True
        return element.tag in self._keep and bool(around) and around[-1].find(element.tag) is element


def _check(depth: int, elements: int) -> None:
    if depth > MAX_DEPTH:
        raise XmlError(f"elements are nested more than {MAX_DEPTH} deep")
    if elements > MAX_ELEMENTS:
        raise XmlError(f"more than {MAX_ELEMENTS:,} elements in one record")


class _Bounded:
    """A file that gives no more than MAX_RECORD bytes between two marks."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.unmarked = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.unmarked += len(data)
        if self.unmarked > MAX_RECORD:
            raise XmlError(f"more than {MAX_RECORD:,} bytes without the end of a record")
        return data


def text_of(element: Element | None) -> str | None:
    """Return the text of an element with that of everything in it, white space folded; None when there is none."""
    return None if element is None else " ".join("".join(element.itertext()).split()) or None
