"""arXiv's two descriptions of an e-print, Atom entries and OAI-PMH records, in the import format.

Neither has ids of authors. Texts are TeX as the authors typed it: accents become letters, formulas stay.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.base import NotAWork
from indexer.sources.latex import decode_tex_accents
from indexer.sources.xml_records import XmlRecord, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
ATOM_ARXIV = "{http://arxiv.org/schemas/atom}"
OAI = "{http://www.openarchives.org/OAI/2.0/}"
OAI_ARXIV = "{http://arxiv.org/OAI/arXiv/}"
#: The form of arXiv's own categories; Atom entries also list MSC and ACM classes (`68T05`, `I.2.6`) as categories.
_CATEGORY = re.compile(r"[a-z][a-z-]*(\.[A-Za-z-]{2,})?$")
_ABSTRACT_PAGE = re.compile(r"arxiv\.org/abs/(.+?)(v\d+)?$")
#: Start of the comment of a withdrawn e-print. arXiv keeps the record and marks it in no other way.
_WITHDRAWN = re.compile(
    r"\W*+(?:(?:this|the) (?:paper|article|submission|manuscript|work|preprint) (?:has been|is|was) )?withdrawn\b", re.I
)
#: Year and month of submission in a number: `1706.03762`, `hep-th/9901001`.
_SUBMITTED = re.compile(r"(?:[a-z-]+(?:\.[A-Z]{2})?/)?(\d{2})(\d{2})\.?\d{3,5}$")
_FIRST_YEAR = 1991


def atom_record(entry: Element) -> dict[str, Any]:
    """Return an entry of the query API in the import format; a withdrawn e-print becomes a withdrawn record."""
    address = text_of(entry.find(f"{ATOM}id")) or ""
    match = _ABSTRACT_PAGE.search(address)
    if not match:
        raise NotAWork(f"an entry with the id {address!r}, which is not an arXiv work")
    primary = entry.find(f"{ATOM_ARXIV}primary_category")
    categories = [primary.get("term", "")] if primary is not None else []
    categories += [category.get("term", "") for category in entry.findall(f"{ATOM}category")]
    return _record(
        match[1],
        title=text_of(entry.find(f"{ATOM}title")),
        abstract=text_of(entry.find(f"{ATOM}summary")),
        date=text_of(entry.find(f"{ATOM}published")),
        doi=text_of(entry.find(f"{ATOM_ARXIV}doi")),
        comment=text_of(entry.find(f"{ATOM_ARXIV}comment")),
        topics=categories,
        authors=[_atom_author(author) for author in entry.findall(f"{ATOM}author")],
    )


def work_record(work: Element) -> dict[str, Any]:
    """Return metadata of OAI-PMH in arXiv's own format (metadataPrefix `arXiv`) in the import format."""
    field = {child.tag.removeprefix(OAI_ARXIV): text_of(child) for child in work}
    number = field["id"] or ""
    return _record(
        number,
        title=field.get("title"),
        abstract=field.get("abstract"),
        date=_submission_date(number, field.get("created")),
        comment=field.get("comments"),
        doi=field.get("doi"),
        license=field.get("license"),
        topics=(field.get("categories") or "").split(),
        authors=[_oai_author(author) for author in work.findall(f"{OAI_ARXIV}authors/{OAI_ARXIV}author")],
    )


def _submission_date(number: str, created: str | None) -> str | None:
    """Return the day of the first submission, or only its month where the day is uncertain.

    `created` is the day of the first version in some responses and of the latest version in others. A number is
    assigned in the month of submission: if `created` is later than that month, it belongs to a later version.
    """
    match = _SUBMITTED.match(number)
    if not match:
        return created
    year = int(match[1]) + (1900 if int(match[1]) >= _FIRST_YEAR % 100 else 2000)
    month = f"{year}-{match[2]}"
    return created if created and created[:7] <= month else month


def _record(number: str, *, topics: list[str], doi: str | None, comment: str | None, **fields: Any) -> dict[str, Any]:
    """Return a record with the fields that all e-prints share. journal_ref is free text, and ignored."""
    number = re.sub(r"v\d+$", "", number)
    if comment and _WITHDRAWN.match(comment):
        return {"id": f"arxiv:{number}", "withdrawn": True}
    fields["title"], fields["abstract"] = decode_tex_accents(fields["title"]), decode_tex_accents(fields["abstract"])
    return {
        "id": f"arxiv:{number}",
        "year": int(match[0]) if (match := re.match(r"\d{4}(?!\d)", fields["date"] or "")) else None,
        "type": "preprint",
        "venue": "arXiv",
        "source": "arXiv",
        "url": f"https://arxiv.org/abs/{number}",
        "doi": doi and doi.split()[0].rstrip(",;."),
        # The primary category comes first, and is repeated among the others.
        "topics": list(dict.fromkeys(topic for topic in topics if _CATEGORY.match(topic))),
        **fields,
    }


def _atom_author(author: Element) -> dict[str, Any]:
    affiliations = [text_of(affiliation) for affiliation in author.findall(f"{ATOM_ARXIV}affiliation")]
    return _author(text_of(author.find(f"{ATOM}name")), affiliations)


def _oai_author(author: Element) -> dict[str, Any]:
    parts = [text_of(author.find(OAI_ARXIV + part)) for part in ("forenames", "keyname", "suffix")]
    affiliations = [text_of(affiliation) for affiliation in author.findall(f"{OAI_ARXIV}affiliation")]
    return _author(_join(parts, " "), affiliations)


def _author(name: str | None, affiliations: list[str | None]) -> dict[str, Any]:
    return {"name": decode_tex_accents(name), "affiliation": decode_tex_accents(_join(affiliations, "; "))}


def _join(parts: list[str | None], separator: str) -> str | None:
    return separator.join(part for part in parts if part) or None


RECORDS = (
    XmlRecord("arXiv (Atom)", (f"{ATOM}entry",), lambda entry, _: atom_record(entry)),
    XmlRecord("arXiv (OAI-PMH)", (f"{OAI_ARXIV}arXiv",), lambda work, _: work_record(work)),
)
