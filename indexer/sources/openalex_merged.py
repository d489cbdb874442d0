"""The works that OpenAlex merged into others, as its snapshot lists them: each one is taken out of the index."""

from __future__ import annotations

import csv
import io
from typing import IO, TYPE_CHECKING

from indexer.sources.base import FileSource, Item, SourceError
from indexer.sources.openalex_records import short_id

if TYPE_CHECKING:
    from collections.abc import Iterator


class MergedWorks(FileSource):
    """One file of `merged_ids/works`: CSV with the columns `merge_date`, `id` and `merge_into_id`."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Return a withdrawn record for each work. Raises SourceError when it is no such list."""
        with io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="") as text:
            rows = csv.DictReader(text)
            if "id" not in (rows.fieldnames or ()):
                raise SourceError(f"{self.name}: no list of merged works, which has a column id")
            try:
                for number, row in enumerate(rows, 1):
                    record = {"id": f"openalex:{short_id(row['id'] or '')}", "withdrawn": True}
                    yield Item(self.name, number, record, is_version=True)
            except csv.Error as error:
                raise SourceError(f"{self.name}: no CSV ({error})") from error
