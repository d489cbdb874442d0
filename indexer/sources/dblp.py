"""DBLP's XML: the whole database, the record of one publication, and the list of one person, in the import format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.base import NotAWork
from indexer.sources.bibliography import arxiv_number, catalogue_record, editors_as_authors
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import first, marked_up, texts
from mappings import doi_in

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_TYPES = {
    "article": "article",
    "inproceedings": "article",
    "incollection": "book-chapter",
    "book": "book",
    "phdthesis": "dissertation",
    "mastersthesis": "dissertation",
    "data": "dataset",
}
#: The number by which DBLP tells namesakes apart.
_HOMONYM = re.compile(r"(?<!\s)\s++\d{4}$")


def publication_record(publication: Element) -> dict[str, Any]:
    """Return a publication in the import format. Raises NotAWork for home pages, proceedings and their parts."""
    key = publication.get("key") or ""
    if publication.tag in {"www", "proceedings"} or key.startswith(("homepages/", "tr/meltdown")):
        raise NotAWork(f"a <{publication.tag}> of DBLP, not a work")
    links = texts(publication, "ee")
    is_preprint = publication.get("publtype") == "informal" or key.startswith("journals/corr/")
    title = marked_up(publication.find("title")) or ""
    record = catalogue_record(
        f"dblp:{key}",
        source="DBLP",
        doi=next((link for link in links if doi_in(link)), None),
        ids=[f"arxiv:{number}"] if (number := arxiv_number(*links)) else [],
        dates=[publication.findtext("year")],
        # DBLP ends every title with a point.
        title=title.removesuffix(".") or None,
        type="preprint" if is_preprint else _TYPES.get(publication.tag),
        venue=first(publication, "journal", "booktitle", "school", "publisher"),
        url=links[0] if links else f"https://dblp.org/rec/{key}",
        authors=[_author(author) for author in publication.findall("author")],
    )
    return editors_as_authors(record, [_author(editor) for editor in publication.findall("editor")])


def _author(author: Element) -> dict[str, Any]:
    """Return an author; `pid` is the key of the person, and a number after the name an id as well."""
    name = text_of(author) or ""
    plain = _HOMONYM.sub("", name)
    pid = author.get("pid") or (name.replace(" ", "_") if plain != name else None)
    return {"name": plain, "id": f"dblp:{pid}" if pid else None, "orcid": author.get("orcid")}


RECORDS = (
    XmlRecord(
        "DBLP",
        (*_TYPES, "proceedings", "www"),
        lambda work, _: publication_record(work),
        frozenset({"dblp", "dblpperson"}),
    ),
)
