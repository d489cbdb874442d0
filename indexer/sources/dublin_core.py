"""Dublin Core (`oai_dc`), the format that every OAI-PMH server offers, in the import format.

Its fields are free text, so ids are recognized by their form: a DOI or an arXiv number among the identifiers is that of
the work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.author_lists import read_names
from indexer.sources.bibliography import arxiv_number, catalogue_record
from indexer.sources.latex import decode_tex_accents
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import marked_up, texts, without_namespaces
from mappings import doi_in

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: Types in COAR, DRIVER, DCMI and plain words, by a part of them in lower case; the first that is found counts.
_TYPES = (
    ("preprint", "preprint"),
    ("thesis", "dissertation"),
    ("dissertation", "dissertation"),
    ("bookpart", "book-chapter"),
    ("book chapter", "book-chapter"),
    ("chapter", "book-chapter"),
    ("conference", "article"),
    ("article", "article"),
    ("report", "report"),
    ("working paper", "report"),
    ("workingpaper", "report"),
    ("book", "book"),
    ("dataset", "dataset"),
    ("software", "software"),
)
_HTTP = re.compile(r"https?://\S+")


def dc_record(metadata: Element) -> dict[str, Any]:
    """Return a `dc` element in the import format."""
    metadata = without_namespaces(metadata)
    identifiers = texts(metadata, "identifier")
    titles = [title for part in metadata.findall("title") if (title := marked_up(part))]
    creators = metadata.findall("creator")
    names, warnings = read_names(text for creator in creators if (text := text_of(creator)))
    authors: list[dict[str, Any]] = [{"name": name} for name in names]
    if len(authors) == len(creators):
        authors = [{**author, "orcid": _orcid(creator)} for author, creator in zip(authors, creators, strict=True)]
    return catalogue_record(
        None,
        source="Dublin Core",
        doi=_doi(identifiers),
        arxiv=arxiv_number(*identifiers),
        dates=_dates(texts(metadata, "date", "issued")),
        title=decode_tex_accents(next(iter(titles), None)),
        abstract=decode_tex_accents(_abstract(metadata)),
        type=_type(texts(metadata, "type")),
        venue=next((text for text in texts(metadata, "source") if not _HTTP.match(text)), None) or _publisher(metadata),
        url=next((url for text in identifiers if (url := _HTTP.match(text))), [None])[0],
        language=next(iter(texts(metadata, "language")), None),
        license=next((text for text in texts(metadata, "rights") if _HTTP.match(text)), None),
        authors=authors,
        warnings=warnings,
    )


def _orcid(creator: Element) -> str | None:
    """Return the ORCID iD that some servers write into an attribute."""
    return next((value for value in creator.attrib.values() if "orcid.org/" in value), None)


def _doi(identifiers: list[str]) -> str | None:
    """Return the DOI of a work; related identifiers may be those of other works."""
    found = (doi_in(text) for text in identifiers if "10." in text)
    return next((doi for doi in found if doi), None)


def _dates(dates: list[str]) -> list[str]:
    """Return the dates, the earliest first: repositories add those of uploads and changes."""
    return sorted(date for date in dates if re.match(r"\d{4}", date))


def _abstract(metadata: Element) -> str | None:
    """Return the longest description; comments and citations are shorter."""
    found = [text for part in metadata.findall("description") if (text := marked_up(part))]
    return max(found, key=len, default=None)


def _type(kinds: list[str]) -> str | None:
    text = " ".join(kinds).lower()
    return next((type_ for word, type_ in _TYPES if word in text), None)


def _publisher(metadata: Element) -> str | None:
    return next(iter(texts(metadata, "publisher")), None)


RECORDS = (XmlRecord("Dublin Core", ("dc",), lambda metadata, _: dc_record(metadata)),)
