"""Layout of OpenAlex's snapshot: parts of works by day, and lists of works that were merged into others."""

from __future__ import annotations

import csv
from typing import IO, TYPE_CHECKING

from indexer.sources.base import FileFormat, FileSource, Item, SourceError
from indexer.sources.openalex_records import short_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Parts are recognized by their folder, not their name: `works/updated_date=2024-01-15/part_000.gz`.
_PARTS = "updated_date=*/*.gz"
_MERGED_WORKS = "merged_ids/works/*.csv.gz"
#: Lists the parts of a snapshot, and contains no records.
MANIFEST = "manifest.json"
#: Bytes of a line in a list of merged works; real ones have 50.
MAX_LINE = 10_000


def is_part_of_works(file: Path, folder: Path) -> bool | None:
    """Return whether a snapshot part below `folder` contains works, not another entity; None for any other file."""
    if not file.match(_PARTS):
        return None
    entity = file.parent.parent
    return entity in (folder, folder.parent) or entity.name == "works"


def recency(file: Path) -> tuple[int, str]:
    """Return a sort key that is largest for the newest files; files without a day have the smallest.

    The first record of a work counts, so newer parts must be read first. Lists of merged works come before all parts,
    because a part may still contain a work that was merged later.
    """
    if file.match(_MERGED_WORKS):
        return 2, ""
    return (1, file.parent.name) if file.match(_PARTS) else (0, "")


class MergedWorks(FileSource):
    """One file of `merged_ids/works`: CSV with the columns `merge_date`, `id` and `merge_into_id`."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield a withdrawn record for each merged work. Raises SourceError when the file is not such a list."""
        rows = csv.DictReader(self._lines(file))
        if "id" not in (rows.fieldnames or ()):
            raise SourceError(f"{self.name}: not a list of merged works: the column id is missing")
        try:
            for number, row in enumerate(rows, 1):
                record = {"id": f"openalex:{short_id(row['id'] or '')}", "withdrawn": True}
                yield Item(self.name, number, record, is_version=True)
        except csv.Error as error:
            raise SourceError(f"{self.name}: not valid CSV ({error})") from error

    def _lines(self, file: IO[bytes]) -> Iterator[str]:
        """Yield the lines of the file. Raises SourceError for one that is too long."""
        encoding = "utf-8-sig"
        while line := file.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise SourceError(f"{self.name}: not a list of merged works: a line is longer than {MAX_LINE:,} bytes")
            yield line.decode(encoding, errors="replace")
            encoding = "utf-8"


MERGED_WORKS = FileFormat("OpenAlex merged works", MergedWorks, patterns=(_MERGED_WORKS,))
