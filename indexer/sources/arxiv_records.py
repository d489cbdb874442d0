"""arXiv's two descriptions of an e-print, Atom entries and OAI-PMH records, in the import format.

Authors carry no id in either: who they are has to be worked out from names and company.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

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


def atom_record(entry: Element) -> dict[str, Any]:
    """Give an entry of the query API in the import format."""
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
        topics=categories,
        authors=[_atom_author(author) for author in entry.findall(f"{ATOM}author")],
    )


def oai_record(record: Element) -> dict[str, Any]:
    """Give an OAI-PMH record (metadataPrefix `arXiv`) in the import format; a deleted one says that it is withdrawn.

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
    return _record(
        field["id"] or "",
        title=field.get("title"),
        abstract=field.get("abstract"),
        date=field.get("created"),
        doi=field.get("doi"),
        license=field.get("license"),
        topics=(field.get("categories") or "").split(),
        authors=[_oai_author(author) for author in work.findall(f"{OAI_ARXIV}authors/{OAI_ARXIV}author")],
    )


def _record(number: str, *, topics: list[str], doi: str | None, **rest: Any) -> dict[str, Any]:
    """Add what holds for every e-print. Where it was published later (journal_ref) is free text, and left out."""
    number = re.sub(r"v\d+$", "", number)
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
    return {"name": text_of(author.find(f"{ATOM}name")), "affiliation": _joined(affiliations, "; ")}


def _oai_author(author: Element) -> dict[str, Any]:
    parts = [text_of(author.find(OAI_ARXIV + part)) for part in ("forenames", "keyname", "suffix")]
    affiliations = [text_of(affiliation) for affiliation in author.findall(f"{OAI_ARXIV}affiliation")]
    return {"name": _joined(parts, " "), "affiliation": _joined(affiliations, "; ")}


def _joined(parts: list[str | None], by: str) -> str | None:
    return by.join(part for part in parts if part) or None
