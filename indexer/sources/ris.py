"""RIS files, as EndNote, Zotero, bibliographic databases and publishers export them.

Parsed here and not with rispy, which needs two spaces after a tag and loses fields that stand before TY.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from indexer.sources.author_names import read_names
from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.bibliography import (
    arxiv_number,
    editors_as_authors,
    is_own_id,
    is_retracted_note,
    reference,
    type_of,
)
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
_REQUIRED = {"TI", "T1", "AU", "A1", "BT"}
#: A note that consists of a DOI.
_DOI_NOTE = re.compile(r"\s*(?:doi\s*+:?\s*+|https?://(?:dx\.)?doi\.org/)?10\.\d{4,9}/\S+\s*", re.IGNORECASE)


class RisRecord(NamedTuple):
    """One reference: its fields as pairs (tag, value) in their order, and its text."""

    fields: list[tuple[str, str]]
    text: str


class RisFile(FileSource):
    """One .ris file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each reference; a broken one is skipped. Raises SourceError when there is none."""
        text = self.whole_text(file)
        number = 0
        for number, record in enumerate(parse_ris(text), 1):
            yield convert_record(self.name, number, _convert, record.fields, record.text[:EXCERPT])
        if text.strip() and not number:
            raise SourceError(f"{self.name}: no references found; each begins with a line `TY  - ...`")


FORMAT = FileFormat("RIS", RisFile, suffixes=(".ris",), starts=("TY  -", "TY -"))


def parse_ris(text: str) -> Iterator[RisRecord]:
    """Yield the references of a file.

    A record ends at ER, or where the next TY begins. Fields between ER and TY belong to the record of that TY; other
    text there is a header or footer of the database, and ignored.
    """
    pattern = _TAG if re.search(r"(?m)^TY\s\s+-", text) else _NARROW_TAG
    fields: list[tuple[str, str]] = []
    lines: list[str] = []
    has_type = False

    def finished() -> Iterator[RisRecord]:
        if has_type or not _REQUIRED.isdisjoint(tag for tag, _ in fields):
            yield RisRecord(list(fields), "\n".join(lines))
        fields.clear()
        lines.clear()

    for line in text.splitlines():
        match = pattern.match(line.rstrip())
        tag, value = (match[1], (match[2] or "").strip()) if match else ("", line.strip())
        if tag == "TY":
            if has_type:
                yield from finished()
            has_type = True
        if tag == "ER":
            yield from finished()
            has_type = False
            continue
        lines.append(line)
        if tag:
            fields.append((tag, value))
        elif value and fields and has_type:
            # A line without a tag continues the value before it.
            fields[-1] = (fields[-1][0], f"{fields[-1][1]} {value}".strip())
    yield from finished()


def _convert(fields: list[tuple[str, str]]) -> dict[str, Any]:
    values: dict[str, list[str]] = defaultdict(list)
    for tag, value in fields:
        if value:
            values[tag].append(value)
    # Some programs write the first author, or all authors, with both tags.
    first = set(values["A1"])
    authors = [value for tag, value in fields if tag == "A1" or (tag == "AU" and value not in first)]
    names, warnings = read_names(authors)
    editors, problems = ([], []) if names else read_names(_all(values, "ED", "A2", "A3"))
    record = {**reference_record(values, names), "warnings": [*warnings, *problems]}
    return editors_as_authors(record, [{"name": name} for name in editors])


def reference_record(values: Mapping[str, list[str]], names: list[str]) -> dict[str, Any]:
    """Return a reference in the import format; `values` has the values of each tag, `names` the authors."""
    urls = [*_all(values, "UR", "L1", "L2")]
    arxiv = arxiv_number(*urls, *_all(values, "IS", "M1", "JO", "T2"))
    kind = _first(values, "TY") or ""
    id_ = _first(values, "ID")
    own_id = id_ if id_ and is_own_id(id_) else None
    preprint, repository = ("preprint", "arXiv") if arxiv and not own_id else (None, None)
    title = _first(values, "TI", "T1")
    return reference(
        _first(values, "ID", "LB", "AN"),
        doi=_doi(values),
        arxiv=arxiv,
        dates=_all(values, "PY", "Y1", "DA"),
        title=title or _first(values, "BT", "T2"),
        abstract=_first(values, "AB", "N2"),
        type=type_of(own_id, _TYPES.get(kind), _first(values, "M3") if own_id else None) or preprint,
        is_retracted=is_retracted_note(*_all(values, "N1")),
        venue=(_first(values, "JF", "T2", "JO", "BT") if title else None) or repository,
        url=next((url for url in urls if url.lower().startswith("http")), urls[0] if urls else None),
        language=_first(values, "LA"),
        authors=[{"name": name} for name in names],
    )


def _doi(values: Mapping[str, list[str]]) -> str | None:
    """Return the DOI field, else a DOI among the links, else a note that is a DOI."""
    links = [value for value in _all(values, "UR", "L3", "L2") if "doi.org/" in value or value.startswith("10.")]
    notes = [value for value in _all(values, "N1", "M3", "C7") if _DOI_NOTE.fullmatch(value)]
    return next((value for value in [*_all(values, "DO"), *links, *notes] if doi_in(value)), None)


def _first(values: Mapping[str, list[str]], *tags: str) -> str | None:
    return next(iter(_all(values, *tags)), None)


def _all(values: Mapping[str, list[str]], *tags: str) -> list[str]:
    return [value for tag in tags for value in values.get(tag, ())]
