"""An OpenAlex work, as the API and the snapshot give it, in the import format.

A researcher's `id` is OpenAlex's own, which is evidence of who it is, unlike a name; institutions keep their OpenAlex
id and ROR.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from indexer.sources.base import NotAWork
from indexer.sources.text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORK = re.compile(r"https?://openalex\.org/W\d+$")


def is_work(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell an OpenAlex work from a record in the import format, which says `authors` where OpenAlex has authorships."""
    return (
        isinstance(value, dict)
        and "authors" not in value
        and isinstance(value.get("id"), str)
        and _WORK.match(value["id"]) is not None
    )


def work_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a work in the import format. Raises NotAWork for paratext (covers and the like) and what names nobody."""
    if work.get("is_paratext"):
        raise NotAWork("paratext (a cover, a table of contents or the like), not a work")
    if not work.get("authorships"):
        raise NotAWork("names no author")
    if not (work.get("title") or work.get("display_name")):
        raise NotAWork("has no title")
    location = work.get("primary_location") or {}
    venue = location.get("source") or {}
    topics = work.get("topics") or []
    return {
        "id": f"openalex:{short_id(work['id'])}",
        "title": plain(work.get("title") or work.get("display_name")),
        "abstract": plain(abstract(work.get("abstract_inverted_index") or {})),
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
    }


def abstract(positions: Mapping[str, list[int]]) -> str | None:
    """Put an abstract together again from the words and the places where each of them stands; None when there are none.

    Sorted, not laid out by place: a place of 10^9 in a damaged record must not cost as much memory.
    """
    places = sorted((place, word) for word, all_places in positions.items() for place in all_places)
    return " ".join(word for _, word in places) or None


def short_id(address: str) -> str:
    """Return an id (`W2741809807`) out of its address; one that is short already stays."""
    return address.rpartition("/")[2]


def _parents(topic: Mapping[str, Any]) -> list[str]:
    """Name what stands above a topic, nearest first: subfield, field, domain."""
    return [level["display_name"] for key in ("subfield", "field", "domain") if (level := topic.get(key))]


def _author(authorship: Mapping[str, Any]) -> dict[str, Any]:
    author = authorship.get("author") or {}
    institutions = [_institution(institution) for institution in authorship.get("institutions") or []]
    # The profile's name, not the printed one: the same person is printed in capitals, inverted and with initials.
    return {
        "name": author.get("display_name") or authorship.get("raw_author_name"),
        "id": f"openalex:{short_id(author['id'])}" if author.get("id") else None,
        "orcid": author.get("orcid"),
        "affiliation": "; ".join(_affiliations(authorship, institutions)) or None,
        "institutions": institutions,
    }


def _affiliations(authorship: Mapping[str, Any], institutions: list[dict[str, Any]]) -> list[str]:
    """Name the institutions where OpenAlex knows them, else give the affiliations as they are printed."""
    return [institution["name"] for institution in institutions] or authorship.get("raw_affiliation_strings") or []


def _institution(institution: Mapping[str, Any]) -> dict[str, Any]:
    address = institution.get("id")
    return {
        "id": f"openalex:{short_id(address)}" if address else None,
        "name": institution["display_name"],
        "ror": institution.get("ror"),
    }
