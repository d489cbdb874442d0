"""EndNote's XML export, which Zotero and Mendeley write as well, in the import format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.bibliography import arxiv_number, catalogue_record, editors_as_authors, other_ids
from indexer.sources.xml_records import XmlRecord
from indexer.sources.xml_text import first, marked_up, texts, without_namespaces
from mappings import doi_in

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TYPES = {
    "journal article": "article",
    "electronic article": "article",
    "magazine article": "article",
    "conference paper": "article",
    "conference proceedings": "article",
    "book": "book",
    "edited book": "book",
    "electronic book": "book",
    "book section": "book-chapter",
    "thesis": "dissertation",
    "report": "report",
    "dataset": "dataset",
    "unpublished work": "preprint",
}


def reference_record(record: Element) -> dict[str, Any]:
    """Return a `record` in the import format. EndNote wraps every text in `style` elements."""
    record = without_namespaces(record)
    kind = record.find("ref-type")
    names, warnings = read_names(texts(record, "contributors/authors/author"))
    editors, problems = read_names(texts(record, "contributors/secondary-authors/author")) if not names else ([], [])
    links = texts(record, "urls/related-urls/url", "urls/web-urls/url")
    result = catalogue_record(
        None,
        source="bibliography",
        doi=first(record, "electronic-resource-num") or next((link for link in links if doi_in(link)), None),
        arxiv=arxiv_number(*links),
        dates=[first(record, "dates/year"), first(record, "dates/pub-dates/date")],
        title=marked_up(record.find("titles/title")),
        abstract=marked_up(record.find("abstract")),
        type=_TYPES.get((kind.get("name") or "").lower()) if kind is not None else None,
        venue=first(record, "periodical/full-title", "titles/secondary-title", "titles/full-title", "publisher"),
        url=next(iter(links), None),
        ids=other_ids(*links, pmid=_pmid(record), pmcid=_pmcid(record)),
        language=first(record, "language"),
        authors=[{"name": name} for name in names],
        warnings=[*warnings, *problems],
    )
    return editors_as_authors(result, [{"name": name} for name in editors])


def _pmid(record: Element) -> str | None:
    """Return the accession number of a reference that was fetched from PubMed."""
    database = f"{first(record, 'remote-database-name')} {first(record, 'remote-database-provider')}"
    is_pubmed = any(name in database.lower() for name in ("pubmed", "medline", "nlm"))
    return first(record, "accession-num") if is_pubmed else None


def _pmcid(record: Element) -> str | None:
    number = first(record, "custom2")
    return number if number and number.upper().startswith("PMC") else None


RECORDS = (XmlRecord("EndNote XML", ("record",), lambda record, _: reference_record(record), frozenset({"records"})),)
