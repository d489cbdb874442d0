"""Crossref: works of its REST API and public data file (JSON), and of its query and deposit schemas (XML)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.json_records import JsonRecord, date_parts, texts_of
from indexer.sources.text import with_subtitle
from indexer.sources.xml_records import XmlRecord, local_name, text_of
from indexer.sources.xml_text import date_of, first, joined, marked_up, person, texts, without_namespaces
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

#: Our types by Crossref's, of which those of the XML schemas are the names of elements.
TYPES = {
    "journal-article": "article",
    "proceedings-article": "article",
    "posted-content": "preprint",
    "book": "book",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "book-chapter": "book-chapter",
    "book-section": "book-chapter",
    "book-part": "book-chapter",
    "reference-entry": "book-chapter",
    "dissertation": "dissertation",
    "report": "report",
    "dataset": "dataset",
    "peer-review": "peer-review",
    "standard": "standard",
    "journal_article": "article",
    "conference_paper": "article",
    "posted_content": "preprint",
    "content_item": "book-chapter",
    "report-paper": "report",
    "peer_review": "peer-review",
}
_RETRACTIONS = {"retraction", "withdrawal", "removal"}
_DATES = ("issued", "published", "published-print", "published-online", "posted", "created")


def is_work(value: object) -> bool:
    """Return whether a value is a work of the REST API; a CSL item has no `member` or `prefix`."""
    return isinstance(value, dict) and "DOI" in value and {"member", "prefix"} <= value.keys()


def work_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a work of the REST API in the import format."""
    title, subtitle = next(texts_of(work.get("title")), None), next(texts_of(work.get("subtitle")), None)
    kind = "posted-content" if work.get("subtype") == "preprint" else work.get("type") or ""
    institutions = work.get("institution") or []
    institution = institutions[0] if isinstance(institutions, list) and institutions else institutions
    venue = next(texts_of(work.get("container-title")), None) or (institution or {}).get("name")
    record = catalogue_record(
        None,
        source="Crossref",
        doi=work["DOI"],
        dates=[date_parts(work.get(name)) for name in _DATES],
        title=with_subtitle(title, subtitle),
        abstract=work.get("abstract"),
        type=TYPES.get(kind),
        venue=venue or work.get("group-title"),
        url=(work.get("resource") or {}).get("primary", {}).get("URL") or work.get("URL"),
        language=work.get("language"),
        license=next((item.get("URL") for item in work.get("license") or [] if item.get("URL")), None),
        cited_by_count=work.get("is-referenced-by-count"),
        is_retracted=any(item.get("type") in _RETRACTIONS for item in work.get("updated-by") or []),
        authors=[_author(author) for author in work.get("author") or []],
        references=[f"doi:{cited['DOI'].strip()}" for cited in work.get("reference") or [] if cited.get("DOI")],
    )
    return editors_as_authors(record, [_author(editor) for editor in work.get("editor") or []])


def _author(author: Mapping[str, Any]) -> dict[str, Any]:
    places = author.get("affiliation") or []
    return person(
        author.get("given"),
        author.get("family"),
        suffix=author.get("suffix"),
        name=author.get("name") or author.get("literal"),
        orcid=author.get("ORCID"),
        affiliation=joined(place.get("name") for place in places if isinstance(place, dict)),
    )


def xml_record(work: Element, around: list[Element]) -> dict[str, Any]:
    """Return a work of one of the XML schemas in the import format; elements around it name its journal or volume."""
    work = without_namespaces(work)
    outer = {local_name(child.tag): without_namespaces(child) for element in around for child in element}
    kind, volume = work.tag, None
    if kind == "book":
        volume = next((child for child in work if child.tag.endswith("_metadata")), None)
        work = _part(work, volume)
        kind = work.tag if work.tag == "content_item" else "book"
    volume = volume if volume is not None else outer.get("proceedings_metadata")
    people = work.findall("contributors/*") or work.findall("person_name")
    record = catalogue_record(
        None,
        source="Crossref",
        doi=first(work, "doi_data/doi", "publisher_item/identifier[@id_type='doi']"),
        dates=_xml_dates(work, outer.get("journal_issue"), volume),
        title=_xml_title(work),
        abstract=marked_up(work.find("abstract")),
        type=TYPES.get(kind, kind),
        venue=_xml_venue(work, outer, volume if kind != "book" else None),
        url=first(work, "doi_data/resource"),
        language=work.get("language"),
        license=first(work, ".//license_ref"),
        authors=[_xml_author(author) for author in people if _role(author) in {None, "author", "reviewer"}],
        references=_xml_references(work),
    )
    return editors_as_authors(record, [_xml_author(editor) for editor in people if _role(editor) == "editor"])


def _part(book: Element, metadata: Element | None) -> Element:
    """Return the chapter that a book element is about, else its own metadata."""
    chapter = book.find("content_item")
    if chapter is not None:
        return chapter
    if metadata is None:
        raise ValueError("a book without metadata")
    return metadata


def _role(contributor: Element) -> str | None:
    return contributor.get("contributor_role")


def _xml_title(work: Element) -> str | None:
    title, subtitle = marked_up(work.find("titles/title")), marked_up(work.find("titles/subtitle"))
    return with_subtitle(title, subtitle)


def _xml_dates(work: Element, issue: Element | None, volume: Element | None) -> list[str | None]:
    """Return the dates of a work, those of printed editions first, else those of its issue or volume."""
    own = [part for part in work if part.tag in {"publication_date", "posted_date", "approval_date", "review_date"}]
    outer = [part for whole in (issue, volume) if whole is not None for part in whole.findall("publication_date")]
    dates = [
        date for parts in (own, outer) for date in sorted(parts, key=lambda date: date.get("media_type") != "print")
    ]
    return [date_of(first(date, "year"), first(date, "month"), first(date, "day")) for date in dates]


def _xml_venue(work: Element, outer: Mapping[str, Element], volume: Element | None) -> str | None:
    if (journal := outer.get("journal_metadata")) is not None:
        return first(journal, "full_title", "abbrev_title")
    if volume is not None:
        return first(volume, "proceedings_title", "titles/title")
    return first(work, "institution/institution_name", "group_title", "publisher/publisher_name")


def _xml_author(contributor: Element) -> dict[str, Any]:
    is_person = contributor.tag == "person_name"
    return person(
        first(contributor, "given_name"),
        first(contributor, "surname"),
        suffix=first(contributor, "suffix"),
        name=None if is_person else text_of(contributor),
        orcid=first(contributor, "ORCID"),
        affiliation=joined(texts(contributor, "affiliation", "affiliations/institution/institution_name")),
    )


def _xml_references(work: Element) -> list[str]:
    found = (doi_in(text) for text in texts(work, "citation_list/citation/doi"))
    return [f"doi:{doi}" for doi in found if doi]


RECORDS = (
    XmlRecord(
        "Crossref",
        (
            *("journal_article", "conference_paper", "book", "dissertation", "posted_content"),
            *("report-paper", "standard", "dataset", "peer_review"),
        ),
        xml_record,
        frozenset({"crossref", "body", "doi_record", "doi_batch"}),
        keep=("journal_metadata", "journal_issue", "event_metadata", "proceedings_metadata"),
    ),
)
JSON_RECORDS = (JsonRecord("Crossref", is_work, work_record),)
