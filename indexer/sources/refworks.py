"""RefWorks tagged format and refer (EndNote's .enw, BibIX), in the import format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.base import FileFormat
from indexer.sources.bibliography import (
    arxiv_number,
    catalogue_record,
    editors_as_authors,
    other_ids,
)
from indexer.sources.tagged import TaggedFile, TaggedRecord, TaggedSyntax
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPES = {
    "journal article": "article",
    "journal": "article",
    "journal, electronic": "article",
    "magazine article": "article",
    "conference proceedings": "article",
    "conference paper": "article",
    "book": "book",
    "book, whole": "book",
    "book, edited": "book",
    "edited book": "book",
    "book, section": "book-chapter",
    "book section": "book-chapter",
    "dissertation": "dissertation",
    "dissertation/thesis": "dissertation",
    "thesis": "dissertation",
    "report": "report",
    "dataset": "dataset",
    "unpublished work": "preprint",
}


def refworks_record(record: TaggedRecord) -> dict[str, Any]:
    """Return a RefWorks reference in the import format."""
    return _record(
        record.first("RT"),
        people=record.all("A1"),
        editors=record.all("A2"),
        links=record.all("UL", "LK"),
        doi=record.first("DO") or _noted(record.all("NO", "N1")),
        dates=record.all("YR", "FD"),
        title=record.first("T1") or record.first("T2"),
        abstract=record.first("AB"),
        venue=record.first("JF", "JO", "T2") if record.first("T1") else None,
        publisher=record.first("PB"),
        language=record.first("LA"),
        notes=record.all("NO", "N1"),
    )


def refer_record(record: TaggedRecord) -> dict[str, Any]:
    """Return a reference of refer in the import format."""
    return _record(
        record.first("%0"),
        people=record.all("%A"),
        editors=record.all("%E"),
        links=record.all("%U"),
        doi=record.first("%R"),
        dates=record.all("%D", "%8"),
        title=record.first("%T"),
        abstract=record.first("%X"),
        venue=record.first("%J", "%B"),
        publisher=record.first("%I"),
        language=record.first("%G"),
        notes=record.all("%Z", "%O"),
    )


def _record(
    kind: str | None,
    *,
    people: Iterable[str],
    editors: Iterable[str],
    links: list[str],
    doi: str | None,
    venue: str | None,
    publisher: str | None,
    notes: list[str],
    **fields: Any,
) -> dict[str, Any]:
    names, warnings = read_names(people)
    editor_names, problems = ([], []) if names else read_names(editors)
    result = catalogue_record(
        None,
        source="bibliography",
        doi=doi if doi and doi_in(doi) else next((link for link in links if doi_in(link)), doi),
        arxiv=arxiv_number(*links),
        type=_TYPES.get((kind or "").strip().lower()),
        venue=venue or publisher,
        url=next((link for link in links if link.lower().startswith("http")), None),
        ids=other_ids(*links, note=" ".join(notes)),
        authors=[{"name": name} for name in names],
        warnings=[*warnings, *problems],
        **fields,
    )
    return editors_as_authors(result, [{"name": name} for name in editor_names])


def _noted(notes: Iterable[str]) -> str | None:
    return next((note for note in notes if "doi" in note.lower() and doi_in(note)), None)


class RefWorksFile(TaggedFile):
    """One RefWorks tagged file."""

    syntax = TaggedSyntax(
        re.compile(r"([A-Z][A-Z0-9])(?: (.*))?$"), begins=frozenset({"RT"}), required=frozenset({"T1", "A1"})
    )
    beginning = "RT ..."
    convert = staticmethod(refworks_record)


class ReferFile(TaggedFile):
    """One file of refer, in which a blank line ends a reference."""

    syntax = TaggedSyntax(
        re.compile(r"(%[0-9A-Z@+*^&!$#~><\[(|:-])(?: (.*))?$"),
        begins=frozenset({"%0"}),
        required=frozenset({"%T", "%A"}),
        is_ended_by_blank=True,
    )
    beginning = "%0 ..."
    convert = staticmethod(refer_record)


FORMATS = (
    FileFormat("RefWorks", RefWorksFile, content=re.compile(r"\s*(?:Refworks Export Tagged|RT [A-Z][a-z]+)")),
    FileFormat("refer", ReferFile, suffixes=(".enw", ".refer"), content=re.compile(r"\s*%[0A-Z] \S")),
)
