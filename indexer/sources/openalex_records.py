"""OpenAlex works, of the API or the snapshot, in the import format.

Authors keep their OpenAlex id, which is evidence of who they are, unlike a name; institutions keep their OpenAlex id
and ROR id.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from indexer.records import RecordWarning
from indexer.sources.base import INCOMPLETE_AUTHORS, NotAWork
from indexer.sources.text import strip_markup

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The id that OpenAlex gives to all authors whom it could not identify.
_NO_AUTHOR = "A9999999999"
_WORK = re.compile(r"https?://openalex\.org/W\d+$")


def is_work(value: object) -> TypeGuard[dict[str, Any]]:
    """Return whether a value is an OpenAlex work; records in the import format have `authors`, not `authorships`."""
    return (
        isinstance(value, dict)
        and "authors" not in value
        and isinstance(value.get("id"), str)
        and _WORK.match(value["id"]) is not None
    )


def work_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a work in the import format. Raises NotAWork for paratext."""
    if work.get("is_paratext"):
        raise NotAWork("paratext (a cover, a table of contents or the like), not a work")
    warnings = []
    total, listed = work.get("authors_count"), len(work.get("authorships") or ())
    if work.get("is_authors_truncated") or (isinstance(total, int) and total > listed):
        message = f"OpenAlex lists the first {listed}{f' of {total}' if total else ''} authors"
        warnings.append(RecordWarning(INCOMPLETE_AUTHORS, message))
    location = work.get("primary_location") or {}
    venue = location.get("source") or {}
    topics = work.get("topics") or []
    return {
        "id": f"openalex:{short_id(work['id'])}",
        "title": strip_markup(work.get("title") or work.get("display_name")),
        "abstract": strip_markup(abstract(work.get("abstract_inverted_index") or {})),
        "year": work.get("publication_year"),
        "date": work.get("publication_date"),
        "type": work.get("type"),
        "venue": venue.get("display_name") or location.get("raw_source_name"),
        "doi": work.get("doi"),
        "url": location.get("landing_page_url") or work["id"],
        "license": location.get("license"),
        "source": "OpenAlex",
        "language": work.get("language"),
        "cited_by_count": work.get("cited_by_count"),
        "is_retracted": work.get("is_retracted"),
        "topics": [short_id(topic["id"]) for topic in topics],
        "topic_names": [topic["display_name"] for topic in topics],
        "topic_parents": [_parents(topic) for topic in topics],
        "authors": [_author(authorship) for authorship in work.get("authorships") or []],
        "ids": _other_ids(work.get("ids") or {}),
        "references": [f"openalex:{short_id(address)}" for address in work.get("referenced_works") or []],
        **({"authors_truncated": total or True, "warnings": warnings} if warnings else {}),
    }


def _other_ids(ids: Mapping[str, Any]) -> list[str]:
    """Return the ids of a work in other catalogues: PubMed, PubMed Central and Microsoft Academic Graph."""
    values = [ids[key] for key in ("pmid", "pmcid") if isinstance(ids.get(key), str)]
    return [*values, f"mag:{ids['mag']}"] if ids.get("mag") else values


def abstract(positions: Mapping[str, list[int]]) -> str | None:
    """Return the abstract of an inverted index, the positions of each word; None when it is empty.

    Words are sorted, not placed in an array: a position of 10^9 in a damaged record must not take that much memory.
    """
    pairs = sorted((position, word) for word, places in positions.items() for position in places)
    return " ".join(word for _, word in pairs) or None


def short_id(address: str) -> str:
    """Return the id (`W2741809807`) in an OpenAlex URL; a short id is returned unchanged."""
    return address.rpartition("/")[2]


def _parents(topic: Mapping[str, Any]) -> list[str]:
    """Return the names of a topic's subfield, field and domain."""
    return [level["display_name"] for key in ("subfield", "field", "domain") if (level := topic.get(key))]


def _author(authorship: Mapping[str, Any]) -> dict[str, Any]:
    author = authorship.get("author") or {}
    id_ = short_id(author["id"]) if author.get("id") else None
    institutions = [_institution(institution) for institution in authorship.get("institutions") or []]
    # The profile's name, not the printed one, which varies: capitals, inverted, initials.
    return {
        "name": author.get("display_name") or authorship.get("raw_author_name"),
        "id": f"openalex:{id_}" if id_ and id_ != _NO_AUTHOR else None,
        "orcid": author.get("orcid"),
        "affiliation": "; ".join(_affiliations(authorship, institutions)) or None,
        "institutions": institutions,
    }


def _affiliations(authorship: Mapping[str, Any], institutions: list[dict[str, Any]]) -> list[str]:
    """Return the names of the institutions, or the printed affiliations where OpenAlex recognized none."""
    return [institution["name"] for institution in institutions] or authorship.get("raw_affiliation_strings") or []


def _institution(institution: Mapping[str, Any]) -> dict[str, Any]:
    address = institution.get("id")
    return {
        "id": f"openalex:{short_id(address)}" if address else None,
        "name": institution["display_name"],
        "ror": institution.get("ror"),
    }
