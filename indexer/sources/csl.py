"""CSL-JSON, the format of citation processors: what Zotero, Pandoc and DOI registries exchange."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.bibliography import arxiv_number, reference

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = {
    "article": "preprint",
    "article-journal": "article",
    "article-magazine": "article",
    "paper-conference": "article",
    "book": "book",
    "chapter": "book-chapter",
    "thesis": "dissertation",
    "report": "report",
    "dataset": "dataset",
}
#: A whole line, as Zotero stores an e-print in the note; in a sentence ("Comment on arXiv:...") it may be another work.
_NOTED = re.compile(r"\s*arxiv:\s*\S+(?:\s+\[[^\]]*\])?\s*", re.IGNORECASE)
#: The parts of a name in reading order.
_NAME_PARTS = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")


def is_item(value: object) -> bool:
    """Return whether a value is a CSL item; a record in the import format has `authors` instead of `author`."""
    return isinstance(value, dict) and "authors" not in value and "type" in value and "title" in value


def item_record(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item in the import format."""
    note_lines = filter(_NOTED.fullmatch, (item.get("note") or "").splitlines())
    arxiv = arxiv_number(item.get("URL"), item.get("number"), *note_lines)
    return reference(
        str(item.get("id") or item.get("citation-key") or ""),
        doi=item.get("DOI"),
        arxiv=arxiv,
        dates=[_date(item.get("issued") or {})],
        title=_first(item.get("title")),
        abstract=item.get("abstract"),
        type=_TYPES.get(item["type"]),
        venue=_first(item.get("container-title")) or ("arXiv" if arxiv else None),
        url=item.get("URL"),
        language=item.get("language"),
        authors=[_author(author) for author in item.get("author") or []],
    )


def _first(value: Any) -> str | None:
    """Return the first of a list, as Crossref has it, or the value itself; None for an empty list."""
    return (value[0] if value else None) if isinstance(value, list) else value


def _author(author: Mapping[str, Any]) -> dict[str, Any]:
    name = " ".join(author[part] for part in _NAME_PARTS if author.get(part))
    affiliations = [place["name"] for place in author.get("affiliation") or [] if place.get("name")]
    return {
        "name": author.get("literal") or name or author.get("name"),
        "orcid": author.get("ORCID"),
        "affiliation": "; ".join(affiliations) or None,
    }


def _date(issued: Mapping[str, Any]) -> str | None:
    """Return the first of `date-parts` (the start of a period) as `2019-10-02`, else the date written by hand."""
    parts = (issued.get("date-parts") or [[]])[0]
    if parts and parts[0]:
        return "-".join(f"{int(part):02d}" for part in parts)
    return issued.get("raw") or issued.get("literal")
