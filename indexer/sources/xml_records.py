"""Read the records of an XML file one at a time, with bounded memory, and beyond damaged ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from indexer.sources.encoding import decode, printable_text
from indexer.sources.xml_parser import DamagedRecordError, ElementParser, Record, XmlError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from xml.etree.ElementTree import Element

__all__ = ["ENCODINGS", "Damage", "Record", "Records", "XmlError", "XmlRecord", "local_name", "text_of"]

CHUNK = 16_384
#: Bytes from the end of one record to the end of the next. A work with 5,500 authors and their affiliations has 2 MB.
MAX_RECORD = 20_000_000
#: Characters of a damaged record that are kept to find it by.
_EXCERPT = 2_000
#: The prefix and the local name of a start tag.
_START_TAG = re.compile(rb"<(?:([\w.-]{1,100}):)?([\w.-]{1,100})(?=[\s/>])")
_DECLARED = re.compile(rb"\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]+)")
#: Encodings in which files that are not UTF-8 are read, with the names that are shown.
ENCODINGS = {"cp1252": "Windows-1252", "latin-1": "Latin-1"}
_NOT_ASCII = bytes(range(0x80, 0x100))


@dataclass(frozen=True, slots=True)
class XmlRecord:
    """A kind of record: the format's name, the tags of its elements, and the function that converts one.

    A tag without a namespace matches any namespace, one with an empty namespace (`{}record`) none. `parents` are the
    local names of elements of which one must be around a record; empty if it may be anywhere. `keep` are the local
    names of elements beside records that converters read in the elements around a record.
    """

    name: str
    tags: tuple[str, ...]
    convert: Callable[[Element, list[Element]], dict[str, Any]]
    parents: frozenset[str] = frozenset()
    may_nest: bool = False
    """Whether a record may contain elements with its own tag, such as the journal of a CERIF publication."""
    keep: tuple[str, ...] = ()

    def is_one(self, tag: str, around: Sequence[Element]) -> bool:
        """Return whether an element with this tag and these elements around it is a record of this kind."""
        if not {tag if tag.startswith("{") else f"{{}}{tag}", local_name(tag)}.intersection(self.tags):
            return False
        return not self.parents or any(local_name(outer.tag) in self.parents for outer in around)


class Damage(NamedTuple):
    """A record that is not well-formed: the reason, and the start of its text."""

    message: str
    text: str


class Records:
    """Iterable of the records of a file, each an element and the elements around it, outermost first.

    Records are elements with one of `tags`, or those for which `is_record` returns True; their local names must be
    among the tags in any case. The elements around contain only the first element with each tag of `keep`. `root` is
    the tag of the document, once known. Iteration raises XmlError at the first damage; `recovered` continues.
    """

    def __init__(
        self,
        file: IO[bytes],
        tags: Collection[str],
        keep: Collection[str] = (),
        is_record: Callable[[str, Sequence[Element]], bool] | None = None,
        nesting: Collection[str] = (),
    ) -> None:
        """Take an open binary file; reading starts with iteration. `nesting` are names of records that may nest."""
        self._nesting = nesting
        self._file, self._keep = file, keep
        self._is_record = is_record or (lambda tag, _: tag in tags)
        self._names = {local_name(tag).encode() for tag in tags}
        self._bytes_since_record = 0
        self._prolog = b""
        self._last: Record | None = None
        self._is_ascii = True
        #: Whether namespaces are ignored, because a prefix is not declared.
        self._is_plain = False
        self.root: str | None = None
        self.encoding: str | None = None
        """The encoding as which the file was read, if it is not in the declared one."""

    def __iter__(self) -> Iterator[tuple[Element, list[Element]]]:
        for record in self.recovered():
            if isinstance(record, Damage):
                raise XmlError(record.message)
            yield record.element, record.around

    def recovered(self) -> Iterator[Record | Damage]:
        """Yield the records, and for each damaged one a Damage. Raises XmlError where the file ends early."""
        chunk = self._read().lstrip(b" \t\r\n")
        self.encoding = _actual_encoding(chunk)
        parser = self._parser()
        while True:
            is_final = not chunk
            try:
                parser.feed(chunk, is_final=is_final)
            except DamagedRecordError as error:
                yield from self._complete(parser)
                if self._can_be_read_otherwise(parser, error):
                    parser, chunk = self._continued(parser), parser.input_from(parser.record_start or 0)
                    continue
                if is_final or (parser.record_start is None and self._last is None):
                    raise
                start = parser.record_start
                if start is None:
                    start = self._damaged_tag(parser, error.position)
                if start is not None:
                    yield Damage(str(error), _excerpt(parser.input_from(start)))
                following = self._following(parser, error.position)
                if following is None:
                    return
                parser, chunk = self._continued(parser), following
                continue
            except XmlError:
                yield from self._complete(parser)
                raise
            yield from self._complete(parser)
            if is_final:
                return
            self._is_ascii = self._is_ascii and chunk.isascii()
            chunk = self._read()

    def _read(self) -> bytes:
        chunk = self._file.read(CHUNK)
        self._bytes_since_record += len(chunk)
        if self._bytes_since_record > MAX_RECORD:
            raise XmlError(f"more than {MAX_RECORD:,} bytes in one record")
        return chunk

    def _parser(self) -> ElementParser:
        is_plain, nesting = self._is_plain, self._nesting
        return ElementParser(self._note_root, self._keep, self.encoding, nesting=nesting, has_namespaces=not is_plain)

    def _note_root(self, tag: str, around: Sequence[Element]) -> bool:
        self.root = self.root or tag
        return self._is_record(tag, around)

    def _complete(self, parser: ElementParser) -> Iterator[Record]:
        for record in parser.take():
            self._bytes_since_record = 0
            self._last = record
            yield record

    def _can_be_read_otherwise(self, parser: ElementParser, error: DamagedRecordError) -> bool:
        """Return whether a record may be read without namespaces or in another encoding, which is then set."""
        if "unbound prefix" in str(error) and not self._is_plain:
            self._is_plain = True
            return True
        if self.encoding or parser.record_start is None or not self._is_ascii:
            return False
        self.encoding = _actual_encoding(parser.input_from(0))
        return self.encoding is not None

    def _damaged_tag(self, parser: ElementParser, position: int) -> int | None:
        """Return the position of the start tag of a record that is itself damaged at `position`; None for others."""
        before = parser.input_from(0)
        end = len(before) - len(parser.input_from(position))
        start = before.rfind(b"<", 0, end)
        tag = _START_TAG.match(before, max(start, 0))
        return position - (end - start) if tag and tag[2] in self._names else None

    def _following(self, parser: ElementParser, position: int) -> bytes | None:
        """Return the input from the next record on, after a damage at `position`; None when there is none."""
        start, prefix = parser.record_start, None
        if start is not None:
            tag = _START_TAG.match(parser.input_from(start))
            prefix = tag and (tag[1] or b"")
            position = max(position, start + 1)
        rest = parser.input_from(position)
        while (found := self._start_of_record(rest, prefix)) is None:
            chunk = self._read()
            if not chunk:
                return None
            # A tag may be cut by the end of the chunk.
            rest = rest[-300:] + chunk
            self._bytes_since_record = len(rest)
        self._bytes_since_record = 0
        return rest[found:]

    def _start_of_record(self, data: bytes, prefix: bytes | None) -> int | None:
        """Return where the first start tag of a record is, with the given prefix if it is not None."""
        for tag in _START_TAG.finditer(data):
            if tag[2] in self._names and prefix in (None, tag[1] or b""):
                return tag.start()
        return None

    def _continued(self, damaged: ElementParser) -> ElementParser:
        """Return a parser in the state of a damaged one at the start of its record.

        After the end of the document (several were joined to one file), its state is that of the last record.
        """
        self._prolog = damaged.prolog or self._prolog
        around, start_tags = damaged.around, damaged.start_tags
        if not around and self._last:
            around, start_tags = self._last.around, self._last.start_tags
        parser = self._parser()
        parser.feed(self._prolog + b"".join(start_tags))
        for before, now in zip(around, parser.around, strict=False):
            now.extend(list(before))
        return parser


def _excerpt(start: bytes) -> str:
    return printable_text(start[:_EXCERPT].decode("utf-8", "surrogateescape"))


def _actual_encoding(start: bytes) -> str | None:
    """Return Windows-1252 or Latin-1 for text that is declared as UTF-8, or as nothing, and is not; else None."""
    declared = _DECLARED.match(start)
    if b"\0" in start[:64] or (declared and declared[1].lower() not in {b"utf-8", b"utf8"}):
        return None
    # A character may be cut by the end of the chunk.
    name = decode(start.rstrip(_NOT_ASCII))[1]
    return next((encoding for encoding, full_name in ENCODINGS.items() if full_name == name), None)


def local_name(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]


def text_of(element: Element | None) -> str | None:
    """Return the text of an element and its descendants with white space collapsed; None when there is none."""
    return None if element is None else " ".join("".join(element.itertext()).split()) or None
