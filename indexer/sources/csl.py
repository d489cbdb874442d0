"""CSL-JSON, the format of citation processors: what Zotero, Pandoc and DOI registries exchange."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.records import RecordWarning
from indexer.records.names import in_own_order
from indexer.sources.author_lists import read_names
from indexer.sources.author_names import clean, full_name, is_suffix, without_degrees, without_et_al
from indexer.sources.bibliography import (
    arxiv_number,
    editors_as_authors,
    is_own_id,
    is_retracted_note,
    other_ids,
    reference,
    type_of,
)
from indexer.sources.text import strip_markup, with_subtitle

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
#: Ends of particles that are written together with the family name.
_JOINED = ("'", "\u2019", "-")
#: A whole line, as Zotero stores an e-print in the note; in a sentence ("Comment on arXiv:...") it may be another work.
_NOTED = re.compile(r"\s*arxiv:\s*\S+(?:\s+\[[^\]]*\])?\s*", re.IGNORECASE)


def is_item(value: object) -> bool:
    """Return whether a value is a CSL item; a record in the import format has `authors` instead of `author`."""
    if not isinstance(value, dict) or "authors" in value:
        return False
    if "title" in value or "title-short" in value:
        return "type" in value or "author" in value
    return "author" in value and _text(value.get("type")) in _TYPES


def item_record(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item in the import format."""
    note = _text(item.get("note"))
    note_lines = filter(_NOTED.fullmatch, (note or "").splitlines())
    arxiv = arxiv_number(_text(item.get("URL")), _text(item.get("number")), *note_lines)
    authors, warnings = _authors(item.get("author") or [])
    editors, problems = ([], []) if authors else _authors(item.get("editor") or [])
    key = _text(item.get("id")) or _text(item.get("citation-key"))
    is_own, url = is_own_id(key or ""), _text(item.get("URL"))
    record = reference(
        key,
        doi=_text(item.get("DOI")),
        arxiv=arxiv,
        dates=[_date(item.get(name)) for name in ("issued", "published-print", "published-online", "published")],
        title=_title(item),
        abstract=_text(item.get("abstract")),
        type=type_of(key, _TYPES.get(_text(item.get("type")) or ""), _text(item.get("genre"))),
        is_retracted=is_retracted_note(note),
        venue=_text(item.get("container-title"))
        or _text(item.get("container-title-short"))
        or ("arXiv" if arxiv and not is_own else None),
        url=url,
        ids=[]
        if is_own
        else other_ids(
            url,
            pmid=_text(item.get("PMID")),
            pmcid=_text(item.get("PMCID")),
            arxiv=arxiv,
            note=note,
        ),
        language=_text(item.get("language")),
        authors=authors,
        warnings=[*warnings, *problems],
    )
    return editors_as_authors(record, editors)


def _text(value: Any) -> str | None:
    """Return a value, or the first of a list as Crossref has it, as text; None when it is empty."""
    value = (value[0] if value else None) if isinstance(value, list) else value
    if isinstance(value, bool) or value is None:
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _title(item: Mapping[str, Any]) -> str | None:
    title, subtitle = _text(item.get("title")) or _text(item.get("title-short")), _text(item.get("subtitle"))
    return with_subtitle(title, subtitle)


def _authors(authors: Any) -> tuple[list[dict[str, Any]], list[RecordWarning]]:
    """Return the authors of an item; those that are written as text may be lists, others than names are left out."""
    result: list[dict[str, Any]] = []
    warnings: list[RecordWarning] = []
    for author in authors if isinstance(authors, list) else [authors]:
        if not isinstance(author, str | dict):
            if author:
                warnings.append(RecordWarning("invalid author", f"the author {author!r} is not a name; ignored"))
            continue
        if isinstance(author, str) or author.get("literal"):
            names, problems = read_names([author if isinstance(author, str) else _name(author)])
        else:
            name, problems = without_et_al(_name(author))
            names = [without_degrees(clean(name))] if name else []
        warnings += problems
        details = _details(author) if isinstance(author, dict) and len(names) == 1 else {}
        result += [{"name": in_own_order(name), **details} for name in names]
    return result, warnings


def _name(author: Mapping[str, Any]) -> str:
    part = {key: strip_markup(_text(value)) or "" for key, value in author.items()}
    if literal := part.get("literal"):
        return literal
    given, suffix = _without_suffix(f"{part.get('given', '')} {part.get('dropping-particle', '')}".strip())
    family, comma, after = part.get("family", "").rpartition(",")
    if not comma or not is_suffix(after):
        family, after = part.get("family", ""), ""
    rest, problems = without_et_al(given)
    if problems:
        # The end of the list in one of its names: it stands behind the whole name.
        family, given = f"{family} et al.", rest
    family = _with_particle(part.get("non-dropping-particle", ""), family.strip())
    return full_name(given, family, part.get("suffix", "") or suffix or after) or part.get("name", "")


def _with_particle(particle: str, family: str) -> str:
    """Return a family name with its particle; `d'` and `al-` are not separated from it."""
    return f"{particle}{'' if particle.endswith(_JOINED) else ' '}{family}".strip()


def _without_suffix(given: str) -> tuple[str, str]:
    """Return given names without a suffix after a comma (`John, III`), and the suffix."""
    names, comma, suffix = given.rpartition(",")
    return (names, suffix.strip()) if comma and is_suffix(suffix) else (given, "")


def _details(author: Mapping[str, Any]) -> dict[str, Any]:
    places = author.get("affiliation")
    places = places if isinstance(places, list) else [places]
    names = [_text(place.get("name")) if isinstance(place, dict) else _text(place) for place in places]
    return {"orcid": _text(author.get("ORCID")), "affiliation": "; ".join(filter(None, names)) or None}


def _date(issued: Any) -> str | None:
    """Return the first of `date-parts` (the start of a period) as `2019-10-02`, else the date written by hand."""
    if not isinstance(issued, dict):
        return _text(issued)
    parts: Any = issued.get("date-parts") or [[]]
    parts = parts[0] if isinstance(parts, list) and isinstance(parts[0], list) else parts
    if not isinstance(parts, list):
        return _text(parts)
    if not parts or not parts[0]:
        return next(filter(None, (_text(issued.get(key)) for key in ("raw", "literal", "date-time"))), None)
    numbers: list[str] = []
    for part in parts:
        text = str(int(part)) if isinstance(part, float) else str(part or "")
        if numbers and not text.isdecimal():
            break
        numbers.append(text.zfill(2))
    return "-".join(numbers)
