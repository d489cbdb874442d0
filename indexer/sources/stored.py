"""The works that are in the index already, as a source: to make it anew for another model or mapping."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from indexer.records import KNOWN_KEYS
from indexer.sources.base import Item
from indexer.write.reads import pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opensearchpy import OpenSearch

    from mappings import Generation

PAGE = 500


class StoredWorks:
    """Return the records that the documents of a generation were made of."""

    def __init__(self, client: OpenSearch, generation: Generation) -> None:
        """Name the generation."""
        self.name = generation.works
        self.size: int | None = None
        self.position = 0
        self._client = client

    def __iter__(self) -> Iterator[Item]:
        everything: dict[str, Any] = {"match_all": {}}
        body = {"size": PAGE, "sort": ["id"], "query": everything, "_source": {"excludes": ["embedding"]}}
        hits = chain.from_iterable(pages(self._client, self.name, body))
        for number, hit in enumerate(hits, 1):
            yield Item(self.name, number, record_of(hit["_source"]))


def record_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a document back into the record it was made of."""
    plain = {key: value for key, value in document.items() if key in KNOWN_KEYS}
    return plain | {
        "topics": [topic["id"] for topic in document["topics"]],
        "topic_names": [topic["name"] for topic in document["topics"]],
        "topic_parents": [topic["parents"] for topic in document["topics"]],
        "authors": [
            {
                "name": entry["name"],
                "id": entry["source_id"],
                "orcid": entry["orcid"],
                "affiliation": entry["affiliation"],
                "institutions": [_institution(one) for one in entry["institutions"]],
            }
            for entry in document["researchers"]
        ],
    }


def _institution(stored: Mapping[str, str]) -> dict[str, str]:
    id_ = stored["id"]
    return {"name": stored["name"], **({"ror": id_.removeprefix("ror:")} if id_.startswith("ror:") else {"id": id_})}
