"""The works of the index as a source, to rebuild it for another model or mapping."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from indexer.records import KNOWN_KEYS
from indexer.sources.base import Item, Origin
from indexer.write.reads import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensearchpy import OpenSearch

    from mappings import Generation
    from mappings.documents import InstitutionName, WorkDocument

PAGE = 500


class StoredWorks:
    """A source of the records from which the documents of a generation were built."""

    def __init__(self, client: OpenSearch, generation: Generation) -> None:
        """Store the client and the generation."""
        self.name = generation.works
        self.size: int | None = None
        self.position = 0
        self._client = client

    def __iter__(self) -> Iterator[Item]:
        body = {"size": PAGE, "sort": ["id"], "query": {"match_all": {}}, "_source": {"excludes": ["embedding"]}}
        hits = chain.from_iterable(pages(self._client, self.name, body))
        number = 0
        for hit in hits:
            for origin, record in records_of(hit["_source"]):
                number += 1
                yield Item(self.name, number, record, origin=origin)


def records_of(document: WorkDocument) -> list[tuple[Origin, dict[str, Any]]]:
    """Return the records from which a stored document was built, each with its source.

    A document of an earlier mapping version has one of an unknown source.
    """
    sources = [Origin(entry["source"], entry["file"], entry["modified"]) for entry in document.get("sources", [])]
    stored = [dict(record) for record in document.get("records", [])]
    return list(zip(sources or [Origin("")], stored or [record_of(document)], strict=True))


def record_of(document: WorkDocument) -> dict[str, Any]:
    """Return the record in the import format of all that a stored document has: of its records, merged."""
    record = {key: value for key, value in document.items() if key in KNOWN_KEYS}
    return record | {
        "topics": [topic["id"] for topic in document["topics"]],
        "topic_names": [topic["name"] for topic in document["topics"]],
        "topic_parents": [topic["parents"] for topic in document["topics"]],
        "authors": [
            {
                "name": entry["name"],
                "id": entry["source_id"],
                "orcid": entry["orcid"],
                "affiliation": entry["affiliation"],
                "institutions": [_institution(stored) for stored in entry["institutions"]],
                # Documents of earlier mapping versions do not have it.
                "name_variants": entry.get("name_variants"),
            }
            for entry in document["researchers"]
        ],
    }


def _institution(stored: InstitutionName) -> dict[str, str]:
    id_ = stored["id"]
    if id_.startswith("ror:"):
        return {"name": stored["name"], "ror": id_.removeprefix("ror:")}
    # Without a scheme, the id was made of the name.
    return {"name": stored["name"], **({"id": id_} if ":" in id_ else {})}
