"""RIS files, as EndNote, Zotero, bibliographic databases and publishers export them.

Parsed here and not with rispy, which needs two spaces after a tag and loses fields that stand before TY.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.base import FileFormat
from indexer.sources.bibliography import (
    arxiv_number,
    editors_as_authors,
    is_own_id,
    is_retracted_note,
    other_ids,
    reference,
    type_of,
)
from indexer.sources.tagged import TaggedFile, TaggedRecord, TaggedSyntax, parse_tagged
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {
    "JOUR": "article",
    "JFULL": "article",
    "MGZN": "article",
    "CONF": "article",
    "CPAPER": "article",
    "BOOK": "book",
    "CHAP": "book-chapter",
    "THES": "dissertation",
    "RPRT": "report",
    "DATA": "dataset",
    "UNPB": "preprint",
}
#: A line with a tag: with two spaces as in the standard, and with one as some programs write it.
_TAG = re.compile(r"([A-Z][A-Z0-9])\s\s+-(?:\s+(.*))?$")
_NARROW_TAG = re.compile(r"([A-Z][A-Z0-9])\s?-(?:\s+(.*))?$")
#: Fields that a record needs; text between records has none of them.
_REQUIRED = frozenset({"TI", "T1", "AU", "A1", "BT"})
#: A note that consists of a DOI.
_DOI_NOTE = re.compile(r"\s*(?:doi\s*+:?\s*+|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S+\s*", re.IGNORECASE)

#: A DOI that a longer note names as such.
_NAMED_DOI = re.compile(r"\bdoi:\s*+(10\.\d{4,9}/\S++)", re.IGNORECASE)


def _syntax(line: re.Pattern[str]) -> TaggedSyntax:
    return TaggedSyntax(line, begins=frozenset({"TY"}), ends=frozenset({"ER"}), required=_REQUIRED)


_WIDE, _NARROW = _syntax(_TAG), _syntax(_NARROW_TAG)


def parse_ris(text: str) -> Iterator[TaggedRecord]:
    """Yield the references of a file, in which all tags are followed by two spaces, or some by one."""
    return parse_tagged(text, _WIDE if re.search(r"(?m)^TY\s\s+-", text) else _NARROW)


def reference_record(record: TaggedRecord) -> dict[str, Any]:
    """Return a reference in the import format."""
    # Some programs write the first author, or all authors, with both tags.
    first = set(record.all("A1"))
    authors = [value for tag, value in record.fields if tag == "A1" or (tag == "AU" and value not in first)]
    names, warnings = read_names(authors)
    listed = [value for tag, value in record.fields if tag in {"ED", "A2", "A3"}]
    editors, problems = ([], []) if names else read_names(listed)
    urls = record.all("UR", "L1", "L2")
    arxiv = arxiv_number(*urls, *record.all("IS", "M1", "JO", "T2"))
    id_ = record.first("ID")
    own_id = id_ if id_ and is_own_id(id_) else None
    preprint, repository = ("preprint", "arXiv") if arxiv and not own_id else (None, None)
    kind, notes = _TYPES.get((record.first("TY") or "").upper()), " ".join(record.all("N1"))
    title = record.first("TI", "T1", "CT", "ST")
    # A book often has its title elsewhere; T2 of an article is the journal.
    is_part = kind != "book" and authors
    other_title = None if title else record.first("BT") if is_part else record.first("BT", "T2")
    result = reference(
        record.first("ID", "LB", "AN"),
        doi=_doi(record),
        arxiv=arxiv,
        dates=record.all("PY", "Y1", "YR", "DA"),
        title=title or other_title,
        abstract=record.first("AB", "N2"),
        type=type_of(own_id, kind, record.first("M3") if own_id else None) or preprint,
        is_retracted=is_retracted_note(*record.all("N1")),
        venue=(None if other_title else record.first("JF", "T2", "JO", "BT")) or repository,
        url=next((url for url in urls if url.lower().startswith("http")), urls[0] if urls else None),
        ids=[] if own_id else other_ids(*urls, pmid=_pmid(record), pmcid=_pmcid(record), arxiv=arxiv, note=notes),
        language=record.first("LA"),
        authors=[{"name": name} for name in names],
        warnings=[*warnings, *problems],
    )
    return editors_as_authors(result, [{"name": name} for name in editors])


def _doi(record: TaggedRecord) -> str | None:
    """Return the DOI field, else a DOI among the links, else a note that is a DOI."""
    links = [value for value in record.all("UR", "L3", "L2") if "doi.org/" in value or value.startswith("10.")]
    notes = [value for value in record.all("N1", "M3", "C7") if _DOI_NOTE.fullmatch(value)]
    notes += [match[1] for value in record.all("N1") if (match := _NAMED_DOI.search(value))]
    return next((value for value in [*record.all("DO"), *links, *notes] if doi_in(value)), record.first("DO"))


def _pmid(record: TaggedRecord) -> str | None:
    """Return the number of PubMed in the fields of Cochrane, PubMed and Zotero."""
    stated = [value.upper().removeprefix("PUBMED").strip() for value in record.all("PM")]
    if "pubmed" in (record.first("DB", "DP") or "").lower():
        stated += record.all("AN")
    return next((value for value in stated if value.isdecimal()), None)


def _pmcid(record: TaggedRecord) -> str | None:
    return next((value for value in record.all("C2") if value.upper().startswith("PMC")), None)


class RisFile(TaggedFile):
    """One .ris file."""

    beginning = "TY  - ..."
    convert = staticmethod(reference_record)

    def records(self, text: str) -> Iterator[TaggedRecord]:
        """Yield the references of a text."""
        return parse_ris(text)


FORMAT = FileFormat("RIS", RisFile, suffixes=(".ris",), starts=("TY  -", "TY -"))
