"""Works as Peerscope's API and its JSON lines export write them, back in the import format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.records import KNOWN_KEYS
from indexer.sources.json_records import JsonRecord

if TYPE_CHECKING:
    from collections.abc import Mapping


def is_export(value: object) -> bool:
    """Return whether a value is a work of the API, which has links."""
    return isinstance(value, dict) and isinstance(value.get("links"), dict) and "similar" in value["links"]


def work_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a work of the API in the import format; ids of researchers are assigned anew."""
    institutions = {item["id"]: item for item in work.get("institutions") or []}
    topics = work.get("topics") or []
    return {
        **{key: value for key, value in work.items() if key in KNOWN_KEYS},
        "topics": [topic["id"] for topic in topics],
        "topic_names": [topic["name"] for topic in topics],
        "authors": [
            {
                "name": author["name"],
                "affiliation": author.get("affiliation"),
                "institutions": _institutions(institutions.get(author.get("institution_id"))),
            }
            for author in work.get("authors") or []
        ],
    }


def _institutions(institution: Mapping[str, str] | None) -> list[dict[str, str]]:
    if institution is None:
        return []
    id_ = institution["id"]
    return [{"name": institution["name"], **({"ror": id_[4:]} if id_.startswith("ror:") else {"id": id_})}]


JSON_RECORDS = (JsonRecord("Peerscope", is_export, work_record),)
