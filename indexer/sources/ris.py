"""RIS files, as EndNote, Zotero and publishers' sites export them."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any

import rispy

from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, convert_record
from indexer.sources.bibliography import arxiv_number, first_last, reference

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
_START = re.compile(r"(?m)^(?=TY  ?-)")


class RisFile(FileSource):
    """One .ris file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each reference. They are parsed one by one, so that a broken one costs only itself."""
        references = _START.split(self.whole_text(file))
        for number, text in enumerate((text for text in references if text.strip()), 1):
            yield convert_record(self.name, number, _record_of_text, text, text[:EXCERPT])


FORMAT = FileFormat("RIS", RisFile, suffixes=(".ris",), starts=("TY  -", "TY -"))


def _record_of_text(text: str) -> dict[str, Any]:
    try:
        parsed = rispy.loads(text if re.search(r"(?m)^ER  ?-", text) else f"{text.rstrip()}\nER  - \n")
    except rispy.parser.ParseError as error:
        raise ValueError(f"not RIS: {error}") from error
    if not parsed:
        raise ValueError("not RIS: no TY line")
    return reference_record(parsed[0])


def reference_record(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reference in the import format; `fields` has the names that rispy gives them."""
    urls = fields.get("urls") or []
    arxiv = arxiv_number(*urls, fields.get("number"), fields.get("journal_name"), fields.get("secondary_title"))
    return reference(
        fields.get("id") or fields.get("label") or fields.get("accession_number"),
        doi=fields.get("doi"),
        arxiv=arxiv,
        dates=[fields.get("date"), fields.get("year"), fields.get("publication_year")],
        title=fields.get("title") or fields.get("primary_title"),
        abstract=fields.get("abstract") or fields.get("notes_abstract"),
        type=_TYPES.get(fields.get("type_of_reference", "")) or ("preprint" if arxiv else None),
        venue=_venue(fields) or ("arXiv" if arxiv else None),
        url=urls[0] if urls else None,
        language=fields.get("language"),
        authors=[{"name": first_last(name)} for name in fields.get("authors") or fields.get("first_authors") or []],
    )


def _venue(fields: Mapping[str, Any]) -> str | None:
    """Return the journal's full name; `alternate_title3` is rispy's name for JF, the full name of older exports."""
    names = (fields.get(key) for key in ("alternate_title3", "secondary_title", "journal_name"))
    return next((name for name in names if name), None)
