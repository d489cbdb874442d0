"""Publications of research information systems in CERIF XML (OpenAIRE profile), in the import format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.text import with_subtitle
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import first, joined, marked_up, person, texts, without_namespaces

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: COAR resource types by the end of their URI.
_TYPES = {
    "c_6501": "article",
    "c_2df8fbb1": "article",
    "c_dcae04bc": "article",
    "c_beb9": "article",
    "c_5794": "article",
    "c_816b": "preprint",
    "c_2f33": "book",
    "c_3248": "book-chapter",
    "c_46ec": "dissertation",
    "c_db06": "dissertation",
    "c_bdcc": "dissertation",
    "c_93fc": "report",
    "c_8042": "report",
    "c_ddb1": "dataset",
}


def publication_record(publication: Element) -> dict[str, Any]:
    """Return a `Publication` in the import format."""
    publication = without_namespaces(publication)
    kind = (first(publication, "Type") or "").rpartition("/")[2]
    title, subtitle = marked_up(publication.find("Title")), marked_up(publication.find("Subtitle"))
    record = catalogue_record(
        None,
        source="CERIF",
        doi=first(publication, "DOI"),
        ids=[
            f"{scheme}:{text}"
            for tag, scheme in (("PMCID", "pmcid"), ("Handle", "handle"), ("ISI-Number", "wos"))
            for text in texts(publication, tag)
        ],
        dates=[first(publication, "PublicationDate")],
        title=with_subtitle(title, subtitle),
        abstract=marked_up(publication.find("Abstract")),
        type=_TYPES.get(kind),
        venue=first(publication, "PublishedIn/Publication/Title", "PartOf/Publication/Title"),
        url=first(publication, "URL"),
        language=first(publication, "Language"),
        license=first(publication, "License"),
        authors=[_person(author) for author in publication.findall("Authors/Author")],
        references=[f"doi:{text}" for text in texts(publication, "References/Publication/DOI")],
    )
    return editors_as_authors(record, [_person(editor) for editor in publication.findall("Editors/Editor")])


def _person(author: Element) -> dict[str, Any]:
    # The printed name, which a publication may have in another form than the person's record.
    return person(
        first(author, "Person/PersonName/FirstNames"),
        first(author, "Person/PersonName/FamilyNames"),
        name=first(author, "DisplayName", "OrgUnit/Name"),
        orcid=first(author, "Person/ORCID"),
        affiliation=joined(text_of(unit) for unit in author.findall("Affiliation/OrgUnit/Name")),
    )


RECORDS = (XmlRecord("CERIF", ("Publication",), lambda work, _: publication_record(work), may_nest=True),)
