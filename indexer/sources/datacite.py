"""DataCite: DOIs of its REST API and public data file (JSON), and metadata of its schema (XML)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.sources.author_names import from_inverted, is_organisation
from indexer.sources.bibliography import catalogue_record
from indexer.sources.json_records import JsonRecord, texts_of
from indexer.sources.text import with_subtitle
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import first, joined, marked_up, person, texts, without_namespaces
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

_TYPES = {
    "book": "book",
    "bookchapter": "book-chapter",
    "conferencepaper": "article",
    "datapaper": "article",
    "dataset": "dataset",
    "dissertation": "dissertation",
    "journalarticle": "article",
    "preprint": "preprint",
    "report": "report",
    "software": "software",
}
_CITEPROC = {"article-journal": "article", "article": "preprint", "thesis": "dissertation", "chapter": "book-chapter"}
_CITED = {"Cites", "References"}
_SCHEMES = {"doi": "doi", "arxiv": "arxiv", "pmid": "pmid"}


def is_work(value: object) -> bool:
    """Return whether a value has the attributes of a DOI in DataCite's REST API."""
    return isinstance(value, dict) and "creators" in value and "titles" in value


def work_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a DOI in the import format."""
    types = work.get("types") or {}
    general = types.get("resourceTypeGeneral") or types.get("resource-type-general")
    publisher = work.get("publisher")
    related = work.get("relatedIdentifiers") or []
    return catalogue_record(
        None,
        source="DataCite",
        doi=work.get("doi") or work.get("id"),
        dates=[
            *_issued((item.get("dateType"), item.get("date")) for item in work.get("dates") or []),
            *map(str, filter(None, [work.get("publicationYear"), work.get("publication-year"), work.get("published")])),
        ],
        title=_main_title((item.get("titleType"), item.get("title")) for item in work.get("titles") or []),
        abstract=_abstract(
            (
                (item.get("descriptionType"), item.get("description"), item.get("lang"))
                for item in work.get("descriptions") or []
            ),
            work.get("language"),
        ),
        type=_type(general, types.get("resourceType"), types.get("citeproc")),
        venue=(work.get("container") or {}).get("title")
        or _published_in(work.get("relatedItems") or [])
        or (publisher.get("name") if isinstance(publisher, dict) else publisher),
        url=work.get("url"),
        language=work.get("language"),
        license=next((item.get("rightsUri") or item.get("rights") for item in work.get("rightsList") or []), None),
        cited_by_count=work.get("citationCount"),
        authors=[_author(author) for author in work.get("creators") or []],
        references=_references(
            (item.get("relationType"), item.get("relatedIdentifierType"), item.get("relatedIdentifier"))
            for item in related
        ),
    )


def _published_in(items: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the title of the journal or book in which a work was published."""
    titles = (_listed(item.get("titles") or []) for item in items if item.get("relationType") == "IsPublishedIn")
    return next((title["title"] for listed in titles for title in listed if title.get("title")), None)


def _author(author: Mapping[str, Any]) -> dict[str, Any]:
    places = author.get("affiliation") or []
    names = [place.get("name") if isinstance(place, dict) else place for place in _listed(places)]
    ids = [item.get("nameIdentifier") for item in author.get("nameIdentifiers") or []] + [author.get("id")]
    return _person(
        author.get("name"),
        author.get("givenName"),
        author.get("familyName"),
        is_group=author.get("nameType") == "Organizational",
        orcid=_orcid(ids),
        affiliation=joined(texts_of(names)),
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _person(
    name: str | None,
    given: str | None,
    family: str | None,
    *,
    is_group: bool,
    orcid: str | None,
    affiliation: str | None,
) -> dict[str, Any]:
    if name and not (given and family):
        name = name if is_group or is_organisation(name) else from_inverted(name)
    names = (None, None) if is_group else (given, family)
    has_names = bool(names[0] and names[1])
    return person(*(names if has_names else (None, None)), name=name, orcid=orcid, affiliation=affiliation)


def _orcid(ids: Iterable[str | None]) -> str | None:
    return next((id_ for id_ in ids if id_ and "ror.org" not in id_ and "isni" not in id_), None)


def xml_record(resource: Element) -> dict[str, Any]:
    """Return a `resource` in the import format."""
    resource = without_namespaces(resource)
    kind = resource.find("resourceType")
    return catalogue_record(
        None,
        source="DataCite",
        doi=first(resource, "identifier[@identifierType='DOI']", "identifier"),
        dates=[
            *_issued((date.get("dateType"), text_of(date)) for date in resource.findall("dates/date")),
            first(resource, "publicationYear"),
        ],
        title=_main_title((title.get("titleType"), marked_up(title)) for title in resource.findall("titles/title")),
        abstract=_abstract(
            (
                (text.get("descriptionType"), marked_up(text), text.get("lang"))
                for text in resource.findall("descriptions/description")
            ),
            first(resource, "language"),
        ),
        type=_type(None if kind is None else kind.get("resourceTypeGeneral"), text_of(kind), None),
        venue=first(resource, "relatedItems/relatedItem[@relationType='IsPublishedIn']/titles/title", "publisher"),
        language=first(resource, "language"),
        license=next((item.get("rightsURI") or text_of(item) for item in resource.findall("rightsList/rights")), None),
        authors=[_xml_author(creator) for creator in resource.findall("creators/creator")],
        references=_references(
            (item.get("relationType"), item.get("relatedIdentifierType"), text_of(item))
            for item in resource.findall("relatedIdentifiers/relatedIdentifier")
        ),
    )


def _xml_author(creator: Element) -> dict[str, Any]:
    name = creator.find("creatorName")
    return _person(
        text_of(name),
        first(creator, "givenName"),
        first(creator, "familyName"),
        is_group=name is not None and name.get("nameType") == "Organizational",
        orcid=_orcid(texts(creator, "nameIdentifier")),
        affiliation=joined(texts(creator, "affiliation")),
    )


def _main_title(titles: Iterable[tuple[str | None, str | None]]) -> str | None:
    """Return the title with its subtitle; translated and alternative titles only if there is no other."""
    pairs = [(kind, text) for kind, text in titles if text]
    title = next((text for kind, text in pairs if not kind), pairs[0][1] if pairs else None)
    subtitle = next((text for kind, text in pairs if kind == "Subtitle"), None)
    return with_subtitle(title, subtitle)


def _abstract(descriptions: Iterable[tuple[str | None, str | None, str | None]], language: str | None) -> str | None:
    """Return the abstract in the language of the work, else the first one."""
    abstracts = [(text, code) for kind, text, code in descriptions if text and kind == "Abstract"]
    own = (text for text, code in abstracts if language and code and code[:2].lower() == language[:2].lower())
    return next(own, abstracts[0][0] if abstracts else None)


def _issued(dates: Iterable[tuple[str | None, str | None]]) -> list[str | None]:
    return [date for kind, date in dates if kind == "Issued"]


def _type(general: str | None, stated: str | None, citeproc: str | None) -> str | None:
    for kind in (general, stated):
        if known := _TYPES.get((kind or "").replace(" ", "").lower()):
            return known
    return _CITEPROC.get(citeproc or "") or (general.lower() if general and general not in {"Other", "Text"} else None)


def _references(related: Iterable[tuple[str | None, str | None, str | None]]) -> list[str]:
    found = []
    for relation, kind, id_ in related:
        scheme = _SCHEMES.get((kind or "").lower())
        if relation in _CITED and scheme and id_:
            local = doi_in(id_) if scheme == "doi" else id_.rpartition(":")[2].strip()
            found += [f"{scheme}:{local}"] if local else []
    return found


RECORDS = (XmlRecord("DataCite", ("resource",), lambda resource, _: xml_record(resource)),)
JSON_RECORDS = (JsonRecord("DataCite", is_work, work_record),)
