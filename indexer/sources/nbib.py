"""NBIB, the tagged format that PubMed calls MEDLINE or "citation manager", in the import format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_names import from_inverted
from indexer.sources.base import FileFormat
from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.tagged import TaggedFile, TaggedSyntax
from indexer.sources.xml_text import joined, person, spaced_initials

if TYPE_CHECKING:
    from indexer.sources.tagged import TaggedRecord

_LINE = re.compile(r"([A-Z]{2,4})\s*-(?:\s(.*))?$")
_ID = re.compile(r"(\S+) \[(doi|pii)\]")
_SHORT_NAME = re.compile(r"(.+?) ([A-Z]{1,3})$")


def citation_record(record: TaggedRecord) -> dict[str, Any]:
    """Return a citation in the import format."""
    kinds = record.all("PT")
    ids = [match for value in record.all("LID", "AID") if (match := _ID.match(value))]
    title = (record.first("TI", "BTI") or "").removesuffix(".")
    if title.startswith("[") and title.endswith("]"):
        title = title[1:-1]
    pmid, is_chapter = record.first("PMID"), "Book Chapter" in kinds or bool(record.first("TI") and record.first("BTI"))
    result = catalogue_record(
        f"pmid:{pmid}" if pmid else None,
        source="PubMed",
        doi=next((match[1] for match in ids if match[2] == "doi"), None),
        ids=[f"pmcid:{value}" for value in record.all("PMC", "PMCID")],
        dates=[_date(record.first("DP")), _date(record.first("DEP"))],
        title=title or record.first("TT"),
        abstract=record.first("AB", "OAB"),
        type="preprint"
        if "Preprint" in kinds
        else "book"
        if "Book" in kinds
        else "book-chapter"
        if is_chapter
        else "article",
        venue=record.first("JT", "TA", "BTI" if record.first("TI") else "PB"),
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else None,
        language=record.first("LA"),
        is_retracted="Retracted Publication" in kinds,
        authors=_people(record, "FAU", "AU"),
    )
    return editors_as_authors(result, _people(record, "FED", "ED"))


def _date(text: str | None) -> str | None:
    """Return `2016 Jan 15` and `20151031` as a date, or the part of it that is known."""
    match = re.match(r"(\d{4})(?: (\w{3})(?: (\d{1,2}))?)?", text or "")
    if not match or not match[2] or not match[3]:
        return text
    months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    month = months.index(match[2].lower()) + 1 if match[2].lower() in months else 0
    return f"{match[1]}-{month:02}-{int(match[3]):02}"


def _people(record: TaggedRecord, full: str, short: str) -> list[dict[str, Any]]:
    """Return the people of a tag: ids and affiliations follow the name that they belong to."""
    people: list[dict[str, Any]] = []
    has_full = bool(record.all(full))
    places: list[str] = []
    for tag, value in record.fields:
        if tag in (full, "CN" if full == "FAU" else full) or (tag == short and not has_full):
            places = []
            name = value if tag == "CN" else from_inverted(value) if tag == full else _from_short(value)
            people.append(person(name=name))
        elif tag == "AUID" and people and "ORCID" in value.upper():
            people[-1] |= {"orcid": value.rpartition(":")[2].strip()}
        elif tag == "AD" and people:
            places.append(value)
            people[-1] |= {"affiliation": joined(places)}
    return people


def _from_short(name: str) -> str:
    match = _SHORT_NAME.match(name)
    return f"{spaced_initials(match[2])} {match[1]}" if match else name


class NbibFile(TaggedFile):
    """One .nbib file."""

    syntax = TaggedSyntax(_LINE, begins=frozenset({"PMID"}), required=frozenset({"TI", "FAU", "AU"}))
    beginning = "PMID- ..."
    convert = staticmethod(citation_record)


FORMAT = FileFormat("NBIB", NbibFile, suffixes=(".nbib",), content=re.compile(r"\s*PMID ?- ?\d"))
