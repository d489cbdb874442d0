"""JSON documents that are read as a whole: CSL-JSON, a saved answer of OpenAlex, or a list in the import format."""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING, Any

from indexer.sources import csl, openalex_records
from indexer.sources.base import EXCERPT, FileSource, Item, SourceError, converted

if TYPE_CHECKING:
    from collections.abc import Iterator


class JsonFile(FileSource):
    """One .json file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Return an Item for each record. Raises SourceError when the file is no JSON, or of another kind."""
        text = self.whole_text(file)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError) as error:
            hint = " (one object a line? then name it .jsonl)" if "Extra data" in str(error) else ""
            raise SourceError(f"{self.name}: not JSON: {error}{hint}") from error
        for number, value in enumerate(self._records(document), 1):
            yield self._item(number, value)

    def _item(self, number: int, value: Any) -> Item:
        if openalex_records.is_work(value):
            return converted(self.name, number, openalex_records.work_record, value)
        if csl.is_item(value):
            return converted(self.name, number, csl.item_record, value)
        return Item(self.name, number, value, text=json.dumps(value)[:EXCERPT])

    def _records(self, document: Any) -> list[Any]:
        if isinstance(document, list):
            return document
        if isinstance(document, dict) and isinstance(document.get("results"), list):
            return document["results"]  # type: ignore[no-any-return]  # just seen to be a list
        if openalex_records.is_work(document) or csl.is_item(document):
            return [document]
        raise SourceError(
            f"{self.name}: no records in it; a .json file is CSL-JSON (a list), an answer of OpenAlex "
            '({"results": [...]}) or a list of records in the import format'
        )
