"""The import format: JSON lines, plain or gzipped, from files, folders or standard input; OpenAlex snapshot parts too.

One bad line costs that line; one bad file costs the rest of that file. Lines are read with a bound, so a file without
line ends cannot fill the memory.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from indexer.sources import openalex_records
from indexer.sources.base import FileSource, Item, converted

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The longest line that is read, in bytes. The longest record of 97,000 real ones in the import format has 60 kB, but
#: OpenAlex writes 1 to 2 kB for each author, and collaborations have thousands.
MAX_LINE = 32_000_000


class JsonLines(FileSource):
    """One file (or standard input) of JSON lines; a line that is an OpenAlex work is put into the import format."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Return an Item for each line that is not blank."""
        for number, line in enumerate(_bounded_lines(file), 1):
            if line is None:
                yield Item(self.name, number, problem=f"the line is longer than {MAX_LINE:,} bytes")
            elif line.strip():
                yield self._item(number, line)

    def _item(self, number: int, line: bytes) -> Item:
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            return Item(self.name, number, problem=f"not UTF-8: {error}", text=line.decode("utf-8", "replace"))
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            return Item(self.name, number, problem=f"not JSON: {error}", text=text)
        if openalex_records.is_work(value):
            item = converted(self.name, number, openalex_records.work_record, value, text)
            return replace(item, is_version=True)
        return Item(self.name, number, value, text=text)


def _bounded_lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Return the lines of a file one by one, and None in the place of one that is too long."""
    while line := file.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(MAX_LINE)) and not rest.endswith(b"\n"):
            pass
        yield None
