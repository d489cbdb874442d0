"""Ovid's citation export, in which the name of each field has a separate line, in the import format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.base import FileFormat
from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.tagged import TaggedFile, TaggedRecord
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = re.compile(r"<\s*\d+\s*>$")
_FIELD = re.compile(r"[A-Z][A-Za-z/&. -]{1,50}:?$")
#: Marks of affiliations after a name: `Ash, Ada 1,2`.
_MARK = re.compile(r"(?<!\s)\s++[\d,]++$")
_KIND = re.compile(r"\[[A-Z][A-Za-z -]{1,40}\]\.?$")
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
#: Pages, which may look like years: `8(6):1048-1064`, `pp. 1990-2001`, `1048 - 64`.
_PAGES = re.compile(r"(?::\s*|\bpp?\.?\s*)[A-Z]?\d+(?:\s*[-\u2013]\s*[A-Z]?\d+)?|\b\d+\s*[-\u2013]\s*\d+")
_DAY = re.compile(r"\b([A-Z][a-z]+) (?:(\d{1,2})(?:, |th, ))?(\d{4})\b")


def parse_ovid(text: str) -> Iterator[TaggedRecord]:
    """Yield the records of a file; each begins with its number in angle brackets."""
    fields: list[tuple[str, str]] = []
    lines: list[str] = []
    for line in [*text.splitlines(), "<0>"]:
        if _NUMBER.match(line.strip()):
            if fields:
                yield TaggedRecord(list(fields), "\n".join(lines))
            fields, lines = [], []
        elif line[:1].isspace() or not line.strip():
            if fields and line.strip():
                fields[-1] = (fields[-1][0], f"{fields[-1][1]} {line.strip()}".strip())
        elif _FIELD.match(line.strip()):
            fields.append((line.strip().rstrip(":"), ""))
        lines.append(line)


def citation_record(record: TaggedRecord) -> dict[str, Any]:
    """Return a citation in the import format."""
    people = _people(record)
    roles = [bool(re.search(r"\[Ed", part)) for part in people]
    names = [_MARK.sub("", part.partition("[")[0].strip()).rstrip(".") for part in people]
    authors, warnings = read_names(name for name, is_editor in zip(names, roles, strict=True) if not is_editor)
    editors, _ = read_names(name for name, is_editor in zip(names, roles, strict=True) if is_editor)
    title = _title(record)
    source = record.first("Source", "Source/Publisher") or ""
    pmid = record.first("PMID", "Unique Identifier")
    result = catalogue_record(
        f"pmid:{pmid}" if pmid and pmid.isdecimal() else None,
        source="Ovid",
        doi=record.first("Digital Object Identifier", "DOI") or next(filter(doi_in, record.all("Other ID")), None),
        dates=[record.first("Year of Publication", "Publication Year"), _date(source), _PAGES.sub("", source)],
        title=title,
        abstract=record.first("Abstract"),
        type=_type(record.first("Publication Type", "Document Type") or "", source),
        venue=record.first("Journal Name", "Journal") or _venue(source),
        language=record.first("Language"),
        authors=[{"name": name} for name in authors],
        warnings=warnings,
    )
    return editors_as_authors(result, [{"name": name} for name in editors])


def _people(record: TaggedRecord) -> list[str]:
    """Return the names as printed: the full ones if the record has them for all authors."""
    names, full_names = (
        [part for value in record.all(*fields) for part in value.split(";") if part.strip()]
        for fields in (("Author", "Authors"), ("Authors Full Name", "Author Full Name"))
    )
    return full_names if len(full_names) >= len(names) else names


def _title(record: TaggedRecord) -> str | None:
    """Return the title without the kind of text that Ovid adds (`.[Article]`)."""
    title = record.first("Chapter Title", "Title")
    return _KIND.sub("", title.rstrip()).rstrip(". ") if title else None


def _type(kind: str, source: str) -> str | None:
    if "dissertation" in kind.lower():
        return "dissertation"
    if "book" in kind.lower():
        return "book"
    return "article" if "journal" in kind.lower() or "article" in kind.lower() or ":" in source else None


def _venue(source: str) -> str | None:
    """Return the title at the start of a source such as `Ecohydrology. 8(6):1048-1064, September 2015`."""
    match = re.match(r"(?:[^()]{0,60}\(\d{4}\)\.\s*)?(.{2,200}?)(?:\.\s| Vol | \(pp|,|$)", source)
    return match[1].strip() if match else None


def _date(source: str) -> str | None:
    for match in _DAY.finditer(source):
        if match[1].lower() in _MONTHS:
            month = f"{match[3]}-{_MONTHS.index(match[1].lower()) + 1:02}"
            return f"{month}-{int(match[2]):02}" if match[2] else month
    return None


class OvidFile(TaggedFile):
    """One Ovid export."""

    beginning = "<1>"
    convert = staticmethod(citation_record)

    def records(self, text: str) -> Iterator[TaggedRecord]:
        """Yield the records of a text."""
        return parse_ovid(text)


FORMAT = FileFormat("Ovid", OvidFile, suffixes=(".ovd",), content=re.compile(r"\s*<\s*\d+\s*>\s*\n"))
