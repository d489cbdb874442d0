"""RDF/XML of Zotero, and of the Bibliographic Ontology (BIBO), in the import format.

A work refers to people and journals that are described elsewhere in the file, so it is read as a whole.
"""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import tostring

from indexer.sources.base import EXCERPT, FileFormat, FileSource, Item, SourceError, convert_record
from indexer.sources.bibliography import (
    arxiv_number,
    catalogue_record,
    editors_as_authors,
    other_ids,
)
from indexer.sources.xml_records import Records, XmlError, text_of
from indexer.sources.xml_text import marked_up, person, texts, without_namespaces
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

_TYPES = {
    "Article": "article",
    "ScholarlyArticle": "article",
    "SoftwareSourceCode": "software",
    "Dataset": "dataset",
    "AcademicArticle": "article",
    "journalArticle": "article",
    "conferencePaper": "article",
    "magazineArticle": "article",
    "Book": "book",
    "book": "book",
    "EditedBook": "book",
    "BookSection": "book-chapter",
    "bookSection": "book-chapter",
    "Chapter": "book-chapter",
    "Thesis": "dissertation",
    "thesis": "dissertation",
    "Report": "report",
    "report": "report",
    "preprint": "preprint",
    "dataset": "dataset",
}
#: Elements that describe something else than a work.
_NOT_WORKS = {
    *("Person", "Journal", "Collection", "Attachment", "Memo", "Note", "Organization", "Issue", "Periodical", "Series"),
    *("Document_attachment", "Conference", "Library", "attachment", "note", "Class", "Property"),
}


#: Types of schema.org, whose works have a name instead of a title.
_SCHEMA_ORG = {"ScholarlyArticle", "Article", "Book", "Chapter", "Thesis", "Report", "Dataset", "SoftwareSourceCode"}


class RdfFile(FileSource):
    """One RDF/XML file."""

    def items(self, file: IO[bytes]) -> Iterator[Item]:
        """Yield an Item for each work. Raises SourceError when the XML is damaged or has no works."""
        number = 0
        try:
            for root, _ in Records(file, {"RDF"}, is_record=lambda tag, _: tag.endswith("RDF")):
                root = without_namespaces(root)
                described = {
                    id_: part for part in root.iter() if (id_ := part.get("about") or part.get("nodeID")) and len(part)
                }
                for part in root:
                    has_title = part.find("title") is not None or (
                        part.tag in _SCHEMA_ORG and part.find("name") is not None
                    )
                    is_untitled = part.tag in _TYPES and (
                        part.find("authors") is not None or part.find("creator") is not None
                    )
                    if part.tag not in _NOT_WORKS and (has_title or is_untitled):
                        number += 1
                        text = tostring(part, encoding="unicode")[:EXCERPT]
                        work = _Work(part, described)
                        yield convert_record(self.name, number, lambda value: value.record(), work, text)
        except XmlError as error:
            raise SourceError(f"{self.name}: {error}") from error
        if not number:
            raise SourceError(f"{self.name}: no works found; the file must be RDF of Zotero or BIBO")


class _Work:
    """A work and what the file describes by URI or node id."""

    def __init__(self, element: Element, described: Mapping[str, Element]) -> None:
        self._element, self._described = element, described

    def record(self) -> dict[str, Any]:
        """Return the work in the import format."""
        work = self._element
        whole = self._whole(work)
        identifiers = [
            *texts(work, "identifier", "doi", "uri"),
            *self._uris(work),
            *(texts(whole, "identifier") if whole is not None else []),
        ]
        notes = work.find("description")
        kind = next(iter(texts(work, "itemType", "type")), work.tag)
        links = [text for text in identifiers if text.startswith("http")]
        venue = None if whole is None else whole.find("title")
        venue = whole.find("name") if venue is None and whole is not None else venue
        record = catalogue_record(
            None,
            source="bibliography",
            doi=next((text for text in [*texts(work, "doi"), *identifiers] if doi_in(text)), None),
            arxiv=arxiv_number(*identifiers),
            dates=texts(work, "date", "issued", "created", "datePublished", "dateCreated") + self._dates_of_issue(work),
            title=marked_up(work.find("title")) or marked_up(work.find("name")),
            abstract=marked_up(work.find("abstract")) or marked_up(work.find("description")),
            type=_TYPES.get(kind) or _TYPES.get(work.tag),
            venue=text_of(venue) or next(iter(self._publishers(work)), None),
            url=next(iter(links), None) or self._about(work),
            ids=other_ids(*links, note=text_of(notes)),
            language=next(iter(texts(work, "language")), None),
            authors=self._people(work, "authors", "authorList") or self._people(work, "creator", "author"),
        )
        return editors_as_authors(record, self._people(work, "editors", "editorList", "editor"))

    def _about(self, work: Element) -> str | None:
        about = work.get("about") or ""
        return about if about.startswith("http") and "zotero.org" not in about else None

    def _uris(self, work: Element) -> list[str]:
        values = [text for part in work.findall("identifier/URI/value") if (text := text_of(part))]
        values += [same.get("resource") or "" for same in work.findall("sameAs")]
        return [*values, *filter(None, [self._about(work)])]

    def _resolved(self, element: Element) -> Element:
        """Return what an element refers to, else the element itself."""
        id_ = element.get("resource") or element.get("nodeID")
        return self._described.get(id_ or "", element)

    def _whole(self, work: Element) -> Element | None:
        """Return the journal or book of which a work is a part; an issue is part of a journal."""
        part = work.find("isPartOf")
        if part is None:
            return None
        whole = self._resolved(part)
        whole = whole[0] if whole is part and len(part) else whole
        outer = whole.find("isPartOf")
        if whole.find("title") is None and outer is not None:
            outer = self._resolved(outer)
            return outer[0] if len(outer) and outer.find("title") is None and outer.find("name") is None else outer
        return whole if len(whole) else None

    def _dates_of_issue(self, work: Element) -> list[str]:
        """Return the dates of the issue or book of which a work is a part."""
        part = work.find("isPartOf")
        return [] if part is None else texts(self._resolved(part), ".//date", ".//datePublished")

    def _publishers(self, work: Element) -> Iterator[str]:
        for publisher in work.findall("publisher"):
            described = self._resolved(publisher)
            if name := text_of(described.find(".//name")) or text_of(publisher):
                yield name

    def _people(self, work: Element, *names: str) -> list[dict[str, Any]]:
        """Return the people of a property: nested, or described elsewhere, in their order if there is a list."""
        entries = [entry for name in names for part in work.findall(name) for entry in ([*part.iter("li")] or [part])]
        people = []
        for entry in entries:
            described = self._resolved(entry)
            found = described if described.tag == "Person" or described is not entry else described.find(".//Person")
            author = _person(found if found is not None else entry)
            if author["name"] and author not in people:
                people.append(author)
        return people


def _person(element: Element) -> dict[str, Any]:
    given = next(iter(texts(element, ".//givenName", ".//givenname", ".//firstName")), None)
    family = next(iter(texts(element, ".//surname", ".//familyName", ".//lastName")), None)
    plain = text_of(element.find(".//name")) if len(element) else text_of(element)
    if plain and not family:
        plain = re.sub(r"^([^,]+), ([^,]+)$", r"\2 \1", plain)
    return person(given, family, name=plain)


FORMAT = FileFormat(
    "RDF",
    RdfFile,
    suffixes=(".rdf",),
    content=re.compile(r"(?:\s|<\?[^>]*>|<!--.{0,500}?-->)*<(?:\w+:)?RDF[\s>]", re.DOTALL),
)
