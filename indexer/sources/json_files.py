"""JSON: the import format as JSON lines or a list, OpenAlex works (also snapshot parts), and CSL-JSON.

An invalid line rejects only itself. Lines are read with a maximum length, so that a file without line ends cannot
fill the memory.
"""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from indexer.sources import catalogue_json, crossref, csl, datacite, europe_pmc, exported, openalex_records, orcid
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError
from indexer.sources.encoding import decode, printable_text, utf16_encoding
from indexer.sources.json_records import JsonRecord, contained, unwrapped
from indexer.sources.json_repair import convert_json

if TYPE_CHECKING:
    from collections.abc import Iterator

#: All kinds of records; the first that recognizes a value converts it.
RECORDS: tuple[JsonRecord, ...] = (
    JsonRecord("OpenAlex", openalex_records.is_work, openalex_records.work_record, is_version=True),
    *exported.JSON_RECORDS,
    *crossref.JSON_RECORDS,
    *datacite.JSON_RECORDS,
    *orcid.JSON_RECORDS,
    *europe_pmc.JSON_RECORDS,
    *catalogue_json.JSON_RECORDS,
    JsonRecord("CSL-JSON", csl.is_item, csl.item_record),
)
#: Brackets, commas and white space between objects.
_BETWEEN = re.compile(r"[\s\[,\x1e]*")
#: Maximum length of a line in bytes. The longest of 97,000 real records in the import format has 60 kB, but OpenAlex
#: needs 1 to 2 kB for each author, and collaborations have thousands.
MAX_LINE = 32_000_000


class JsonLines(FileSource):
    """JSON lines: records in the import format, or OpenAlex works."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each line that is not blank."""
        start = file.peek(64) if hasattr(file, "peek") else b""
        if encoding := utf16_encoding(start):
            file = codecs.EncodedFile(file, "utf-8", encoding)
            self.note_encoding("UTF-16")
        for number, line in enumerate(_bounded_lines(file), 1):
            if line is None:
                yield Item(self.name, number, problem=f"the line is longer than {MAX_LINE:,} bytes")
            elif line.strip():
                yield self._item(number, line)

    def _item(self, number: int, line: bytes) -> Item:
        text, encoding = decode(line)
        self.note_encoding(encoding)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            return Item(self.name, number, problem=f"not JSON: {error}", text=printable_text(text))
        return value_item(self.name, number, value, printable_text(text))


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Yield the lines of a file, and None instead of a line that is too long."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None


class JsonFile(FileSource):
    """A JSON document that is read as a whole: one record, a list of them, or the response of a server."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each record. Raises SourceError when the file is not JSON, or has no records."""
        text = self.whole_text(file)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            values, is_whole = _values_before_damage(text)
            if not values:
                raise SourceError(f"{self.name}: not JSON: {error}") from error
            yield from self._items(values)
            if is_whole:
                return
            raise SourceError(f"{self.name}: not JSON after {len(values):,} records: {error}") from error
        yield from self._items(self._records(document))

    def _items(self, values: list[Any]) -> Iterator[Item]:
        for number, value in enumerate(values, 1):
            yield value_item(self.name, number, value)

    def _records(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        if kind_of(document):
            return [document]
        records = contained(document)
        if records is None:
            known = ", ".join(dict.fromkeys(kind.name for kind in RECORDS))
            raise SourceError(
                f"{self.name}: no records found; a .json file must be a list of records in the import format, or a "
                f"record, a list or a response of one of {known}"
            )
        return records


def _values_before_damage(text: str) -> tuple[list[Any], bool]:
    """Return the objects of a list, or of lines, up to the first that is damaged, and whether there is none."""
    decoder, values = json.JSONDecoder(), []
    position = _end_of_gap(text, 0)
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        values.append(value)
        position = _end_of_gap(text, position)
    return values, position == len(text) and not text.lstrip().startswith("[")


def _end_of_gap(text: str, start: int) -> int:
    gap = _BETWEEN.match(text, start)
    return gap.end() if gap else start


def kind_of(value: object) -> JsonRecord | None:
    """Return the kind of record that a value is; None for one in the import format, or in an unknown one."""
    return next((kind for kind in RECORDS if kind.is_one(value)), None)


def value_item(source: str, number: int, value: Any, text: str | None = None) -> Item:
    """Return the Item of a decoded value, which may be wrapped."""
    for inner in unwrapped(value):
        if kind := kind_of(inner):
            item = convert_json(source, number, kind.convert, inner, text)
            return replace(item, is_version=kind.is_version, format=kind.name)
    return Item(source, number, value, text=json.dumps(value)[:EXCERPT] if text is None else text)


JSON_LINES = FileFormat("JSON lines", JsonLines, suffixes=(".jsonl",))
JSON = FileFormat("JSON", JsonFile, suffixes=(".json",), starts=("[",))
