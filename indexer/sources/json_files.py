"""JSON: the import format as JSON lines or a list, OpenAlex works (also snapshot parts), and CSL-JSON.

An invalid line rejects only itself. Lines are read with a maximum length, so that a file without line ends cannot
fill the memory.
"""

from __future__ import annotations

import codecs
import json
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from indexer.sources import csl, openalex_records
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.encoding import decode, printable_text, utf16_encoding

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        if openalex_records.is_work(value):
            item = convert_record(self.name, number, openalex_records.work_record, value, text)
            return replace(item, is_version=True)
        return Item(self.name, number, value, text=printable_text(text))


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
    """A JSON document that is read as a whole: CSL-JSON, a saved response of OpenAlex, or a list of records."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each record. Raises SourceError when the file is not JSON, or has no records."""
        text = self.whole_text(file)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            hint = " (one object per line? then rename it to .jsonl)" if "Extra data" in str(error) else ""
            raise SourceError(f"{self.name}: not JSON: {error}{hint}") from error
        for number, value in enumerate(self._records(document), 1):
            yield self._item(number, value)

    def _item(self, number: int, value: Any) -> Item:
        if openalex_records.is_work(value):
            return convert_record(self.name, number, openalex_records.work_record, value)
        if csl.is_item(value):
            return convert_record(self.name, number, csl.item_record, value)
        return Item(self.name, number, value, text=json.dumps(value)[:EXCERPT])

    def _records(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        if isinstance(document, dict) and isinstance(document.get("results"), list):
            return document["results"]  # type: ignore[no-any-return]  # checked to be a list
        if openalex_records.is_work(document) or csl.is_item(document):
            return [document]
        raise SourceError(
            f"{self.name}: no records found; a .json file must be CSL-JSON (a list), a response of OpenAlex "
            '({"results": [...]}), or a list of records in the import format'
        )


JSON_LINES = FileFormat("JSON lines", JsonLines, suffixes=(".jsonl",))
JSON = FileFormat("JSON", JsonFile, suffixes=(".json",), starts=("[",))
