"""JATS and NLM articles, as publishers deliver them and PubMed Central distributes them, in the import format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from indexer.sources.base import NotAWork
from indexer.sources.bibliography import catalogue_record, editors_as_authors
from indexer.sources.text import with_subtitle
from indexer.sources.xml_records import XmlRecord, text_of
from indexer.sources.xml_text import date_of, first, joined, marked_up, person, without_namespaces
from mappings import doi_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

_SCHEMES = {"pmid": "pmid", "pmc": "pmcid", "pmcid": "pmcid", "doi": "doi"}
#: Abstracts of other kinds are teasers, summaries of editors, or pictures.
_ABSTRACTS = (None, "standard", "abstract")
_TYPES = {"preprint": "preprint", "book-review": "review", "retraction": "retraction-notice"}
#: Kinds of dates, the one of the issue first.
_DATES = ("ppub", "collection", "pub", "epub", "epub-ppub", "final", "epreprint")


def article_record(article: Element) -> dict[str, Any]:
    """Return an `article` in the import format. Raises NotAWork for one without metadata."""
    article = without_namespaces(article)
    meta = article.find("front/article-meta")
    meta = article.find("front-stub") if meta is None else meta
    if meta is None:
        raise NotAWork("an article without metadata (article-meta)")
    ids = _ids(meta, "article-id", "pub-id-type")
    affiliations = {place.get("id", ""): _affiliation(place) for place in article.iter("aff")}
    kind = article.get("article-type") or ""
    contributors = [contributor for group in meta.findall("contrib-group") for contributor in group.findall("contrib")]
    record = catalogue_record(
        next((id_ for id_ in ids if id_.startswith("pmid:")), None),
        source="JATS",
        doi=next((id_[4:] for id_ in ids if id_.startswith("doi:")), None),
        ids=[id_ for id_ in ids if not id_.startswith("doi:")],
        dates=_dates(meta),
        title=_title(meta),
        abstract=_abstract(meta),
        type=_TYPES.get(kind, "article"),
        venue=first(
            article, "front/journal-meta/journal-title-group/journal-title", "front/journal-meta/journal-title"
        ),
        url=_url(meta),
        language=article.get("lang"),
        license=_license(meta),
        is_retracted=any(
            item.get("related-article-type") == "retraction-forward" for item in meta.iter("related-article")
        ),
        authors=[_author(person_, affiliations) for person_ in contributors if _role(person_) == "author"],
        references=[ref for item in article.iter("ref") if (ref := _reference(item))],
    )
    return editors_as_authors(record, [_author(one, affiliations) for one in contributors if _role(one) == "editor"])


def _ids(element: Element, tag: str, key: str) -> list[str]:
    found = ((_SCHEMES.get(item.get(key, "")), text_of(item)) for item in element.iter(tag))
    return [f"{scheme}:{text}" for scheme, text in found if scheme and text]


def _title(meta: Element) -> str | None:
    group = meta.find("title-group")
    if group is None:
        return None
    title, subtitle = marked_up(group.find("article-title")), marked_up(group.find("subtitle"))
    return with_subtitle(title, subtitle)


def _abstract(meta: Element) -> str | None:
    for abstract in meta.findall("abstract"):
        if abstract.get("abstract-type") in _ABSTRACTS:
            heading = abstract.find("title")
            if heading is not None and (text_of(heading) or "").strip(" .:").lower() == "abstract":
                abstract.remove(heading)
            return marked_up(abstract)
    return None


def _role(contributor: Element) -> str:
    return contributor.get("contrib-type") or "author"


def _author(contributor: Element, affiliations: Mapping[str, str | None]) -> dict[str, Any]:
    path = "name" if contributor.find("name") is not None else "name-alternatives/name"
    collaboration = contributor.find("collab")
    linked = [affiliations.get(link.get("rid", "")) for link in contributor.findall("xref[@ref-type='aff']")]
    return person(
        first(contributor, f"{path}/given-names"),
        first(contributor, f"{path}/surname"),
        suffix=first(contributor, f"{path}/suffix"),
        name=_collaboration(collaboration) or first(contributor, "string-name"),
        orcid=first(contributor, "contrib-id[@contrib-id-type='orcid']"),
        affiliation=joined([*linked, *map(_affiliation, contributor.findall("aff"))]),
    )


def _collaboration(collaboration: Element | None) -> str | None:
    """Return the name of a group of authors without the list of its members."""
    if collaboration is None:
        return None
    return first(collaboration, "institution", "named-content") or " ".join((collaboration.text or "").split()) or None


def _affiliation(place: Element) -> str | None:
    """Return the text of an affiliation without its mark and identifiers."""
    for part in [*place.iter()]:
        for child in [*part]:
            if child.tag in {"label", "institution-id", "sup"}:
                child.text, child.tag = "", "removed"
                child[:] = []
    return (text_of(place) or "").strip(" ,;") or None


def _dates(meta: Element) -> list[str | None]:
    dates = {date.get("pub-type") or date.get("date-type") or "pub": date for date in meta.findall("pub-date")}
    ordered = sorted(dates, key=lambda kind: _DATES.index(kind) if kind in _DATES else len(_DATES))
    return [
        date_of(first(dates[kind], "year"), first(dates[kind], "month"), first(dates[kind], "day")) for kind in ordered
    ]


def _url(meta: Element) -> str | None:
    link = meta.find("self-uri")
    href = None if link is None else link.get("href")
    return href if href and href.startswith("http") else None


def _license(meta: Element) -> str | None:
    link = meta.find("permissions/license")
    return None if link is None else link.get("href") or first(link, "license_ref")


def _reference(item: Element) -> str | None:
    ids = _ids(item, "pub-id", "pub-id-type")
    if ids:
        return min(ids, key=lambda id_: ("doi:", "pmid:", "pmcid:").index(id_[: id_.index(":") + 1]))
    links = (link.get("href") or text_of(link) or "" for link in item.iter("ext-link"))
    found = next((doi for link in links if "doi.org" in link and (doi := doi_in(link))), None)
    return f"doi:{found}" if found else None


RECORDS = (XmlRecord("JATS", ("article",), lambda article, _: article_record(article)),)
