"""arXiv's two descriptions of an e-print, Atom entries and OAI-PMH records, in the import format.

Authors carry no id in either: who they are has to be worked out from names and company. Texts are TeX as the authors
typed it: accents become letters, formulas stay.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from pylatexenc.latex2text import LatexNodes2Text

from indexer.sources.base import NotAWork
from indexer.sources.xml_records import text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
ATOM_ARXIV = "{http://arxiv.org/schemas/atom}"
OAI = "{http://www.openarchives.org/OAI/2.0/}"
OAI_ARXIV = "{http://arxiv.org/OAI/arXiv/}"
#: MSC and ACM classes (`68T05`, `I.2.6`) stand among the categories of Atom entries; arXiv's own look like this.
_CATEGORY = re.compile(r"[a-z][a-z-]*(\.[A-Za-z-]{2,})?$")
_ABSTRACT_PAGE = re.compile(r"arxiv\.org/abs/(.+?)(v\d+)?$")
#: How a comment begins that says an e-print was taken back. arXiv keeps the record and marks it in no other way.
_WITHDRAWN = re.compile(
    r"\W*(?:(?:this|the) (?:paper|article|submission|manuscript|work|preprint) (?:has been|is|was) )?withdrawn\b", re.I
)
#: Year and month of submission, which a number tells: `1706.03762`, `hep-th/9901001`.
_SUBMITTED = re.compile(r"(?:[a-z-]+(?:\.[A-Z]{2})?/)?(\d{2})(\d{2})\.?\d{3,5}$")
_FIRST_YEAR = 1991
#: A letter with an accent, or one that TeX writes as a macro, perhaps in braces.
_LETTER = re.compile(
    r"\{\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z])\s*\}"
    r"|\\(?:[\"'`^~=.]|[Hbcdkruv](?![a-zA-Z]))\s*(?:\{\\?[a-zA-Z]\}|\\?[a-zA-Z](?![a-zA-Z]*\{))"
    r"|\{\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)\s*\}"
    r"|\\(?:ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?:\{\}|(?![a-zA-Z_^]) ?)"
)
_FORMULA = re.compile(r"(\$\$.+?\$\$|\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\])", re.DOTALL)


def atom_record(entry: Element) -> dict[str, Any]:
    """Return an entry of the query API in the import format; one that was withdrawn says so."""
    address = text_of(entry.find(f"{ATOM}id")) or ""
    match = _ABSTRACT_PAGE.search(address)
    if not match:
        raise NotAWork(f"an entry with the id {address!r}, which is no arXiv work")
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


def oai_record(record: Element) -> dict[str, Any]:
    """Return an OAI-PMH record (metadataPrefix `arXiv`) in the import format; a deleted or withdrawn one says so.

    Raises NotAWork when it holds no arXiv metadata.
    """
    header = record.find(f"{OAI}header")
    if header is not None and header.get("status") == "deleted":
        identifier = text_of(header.find(f"{OAI}identifier")) or ""
        return {"id": f"arxiv:{identifier.rpartition(':')[2]}", "withdrawn": True}
    work = record.find(f"{OAI}metadata/{OAI_ARXIV}arXiv")
    if work is None:
        raise NotAWork("its metadata are not in the format arXiv (harvest with metadataPrefix=arXiv)")
    field = {child.tag.removeprefix(OAI_ARXIV): text_of(child) for child in work}
    number = field["id"] or ""
    return _record(
        number,
        title=field.get("title"),
        abstract=field.get("abstract"),
        date=_first_day(number, field.get("created")),
        comment=field.get("comments"),
        doi=field.get("doi"),
        license=field.get("license"),
        topics=(field.get("categories") or "").split(),
        authors=[_oai_author(author) for author in work.findall(f"{OAI_ARXIV}authors/{OAI_ARXIV}author")],
    )


def letters(text: str | None) -> str | None:
    r"""Return a text with letters where TeX has macros (`Poincar\'e`, `Erd\H{o}s`); formulas stay as they are."""
    if text is None or "\\" not in text:
        return text
    parts = _FORMULA.split(text)
    parts[::2] = [_LETTER.sub(_decoded, part) for part in parts[::2]]
    return "".join(parts)


def _decoded(found: re.Match[str]) -> str:
    return str(_tex().latex_to_text(found[0])).strip() or found[0]


@cache
def _tex() -> LatexNodes2Text:
    return LatexNodes2Text()


def _first_day(number: str, created: str | None) -> str | None:
    """Return the day of the first submission, or as much of it as is sure.

    `created` is the first version's day in some answers of arXiv and the latest version's in others. A number cannot be
    older than its work: where `created` lies after the number's month, it is a later version's.
    """
    found = _SUBMITTED.match(number)
    if not found:
        return created
    year = int(found[1]) + (1900 if int(found[1]) >= _FIRST_YEAR % 100 else 2000)
    month = f"{year}-{found[2]}"
    return created if created and created[:7] <= month else month


def _record(number: str, *, topics: list[str], doi: str | None, comment: str | None, **rest: Any) -> dict[str, Any]:
    """Add what holds for every e-print. Where it was published later (journal_ref) is free text, and left out."""
    number = re.sub(r"v\d+$", "", number)
    if comment and _WITHDRAWN.match(comment):
        return {"id": f"arxiv:{number}", "withdrawn": True}
    rest["title"], rest["abstract"] = letters(rest["title"]), letters(rest["abstract"])
    return {
        "id": f"arxiv:{number}",
        "year": int(rest["date"][:4]) if rest["date"] else None,
        "type": "preprint",
        "venue": "arXiv",
        "source": "arXiv",
        "url": f"https://arxiv.org/abs/{number}",
        "doi": doi and doi.split()[0].rstrip(",;."),
        # The primary category comes first, and is listed once more among the others.
        "topics": list(dict.fromkeys(topic for topic in topics if _CATEGORY.match(topic))),
        **rest,
    }


def _atom_author(author: Element) -> dict[str, Any]:
    affiliations = [text_of(affiliation) for affiliation in author.findall(f"{ATOM_ARXIV}affiliation")]
    return {"name": letters(text_of(author.find(f"{ATOM}name"))), "affiliation": letters(_joined(affiliations, "; "))}


def _oai_author(author: Element) -> dict[str, Any]:
    parts = [text_of(author.find(OAI_ARXIV + part)) for part in ("forenames", "keyname", "suffix")]
    affiliations = [text_of(affiliation) for affiliation in author.findall(f"{OAI_ARXIV}affiliation")]
    return {"name": letters(_joined(parts, " ")), "affiliation": letters(_joined(affiliations, "; "))}


def _joined(parts: list[str | None], by: str) -> str | None:
    return by.join(part for part in parts if part) or None
