"""Europe PMC: results of its API as JSON and XML, in the import format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.sources.bibliography import catalogue_record
from indexer.sources.json_records import JsonRecord, texts_of
from indexer.sources.xml_records import XmlRecord
from indexer.sources.xml_text import first, joined, person, spaced_initials, texts, without_namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

_SHORT_NAME = re.compile(r"(.+?) ([A-Z]{1,3})$")


def is_result(value: object) -> bool:
    """Return whether a value is a result of a search."""
    if not isinstance(value, dict) or "title" not in value:
        return False
    return "authorList" in value or {"source", "id", "authorString"} <= value.keys()


def json_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result (`resultType=core` or `lite`) in the import format."""
    journal = (work.get("journalInfo") or {}).get("journal") or {}
    people = (work.get("authorList") or {}).get("author") or []
    return _record(
        {key: str(value) for key, value in work.items() if isinstance(value, str | int)},
        kinds=texts_of((work.get("pubTypeList") or {}).get("pubType") or work.get("pubType")),
        venue=journal.get("title") or (work.get("bookOrReportDetails") or {}).get("publisher"),
        authors=[_author(author) for author in people],
    )


def xml_record(result: Element) -> dict[str, Any]:
    """Return a `result` in the import format."""
    result = without_namespaces(result)
    return _record(
        {child.tag: text for child in result if (text := "".join(child.itertext()).strip())},
        kinds=iter(texts(result, "pubTypeList/pubType", "pubType")),
        venue=first(result, "journalInfo/journal/title", "bookOrReportDetails/publisher"),
        authors=[_xml_author(author) for author in result.findall("authorList/author")],
    )


def _record(
    field: Mapping[str, str], *, kinds: Any, venue: str | None, authors: list[dict[str, Any]]
) -> dict[str, Any]:
    types = {kind.lower() for kind in kinds}
    pmid, source, number = field.get("pmid"), field.get("source"), field.get("id")
    count = field.get("citedByCount") or ""
    return catalogue_record(
        f"pmid:{pmid}" if pmid else None,
        source="Europe PMC",
        doi=field.get("doi"),
        ids=[f"pmcid:{field['pmcid']}"] if field.get("pmcid") else [],
        dates=[field.get("firstPublicationDate"), field.get("pubYear")],
        title=(field.get("title") or "").removesuffix("."),
        abstract=field.get("abstractText"),
        type="preprint" if source == "PPR" or "preprint" in types else "book" if "book" in types else "article",
        venue=venue or field.get("journalTitle"),
        url=f"https://europepmc.org/article/{source}/{number}" if source and number else None,
        language=field.get("language"),
        license=field.get("license"),
        cited_by_count=int(count) if count.isdecimal() else None,
        is_retracted="retracted publication" in types,
        authors=authors or [{"name": name} for name in _short_names(field.get("authorString") or "")],
    )


def _short_names(text: str) -> list[str]:
    """Return the names in a text such as `Ash AB, Birch C.` in reading order."""
    names = []
    for part in text.rstrip(".").split(", "):
        match = _SHORT_NAME.match(part)
        names.append(f"{spaced_initials(match[2])} {match[1]}" if match else part)
    return [name for name in names if name]


def _author(author: Mapping[str, Any]) -> dict[str, Any]:
    details = (author.get("authorAffiliationDetailsList") or {}).get("authorAffiliation") or []
    id_ = author.get("authorId") or {}
    return person(
        author.get("firstName") or spaced_initials(author.get("initials")),
        author.get("lastName"),
        name=author.get("collectiveName") or author.get("fullName"),
        orcid=id_.get("value") if id_.get("type") == "ORCID" else None,
        affiliation=joined(place.get("affiliation") for place in details) or author.get("affiliation"),
    )


def _xml_author(author: Element) -> dict[str, Any]:
    return person(
        first(author, "firstName") or spaced_initials(first(author, "initials")),
        first(author, "lastName"),
        name=first(author, "collectiveName", "fullName"),
        orcid=first(author, "authorId[@type='ORCID']"),
        affiliation=joined(texts(author, "authorAffiliationDetailsList/authorAffiliation/affiliation", "affiliation")),
    )


RECORDS = (XmlRecord("Europe PMC", ("result",), lambda result, _: xml_record(result), frozenset({"resultList"})),)
JSON_RECORDS = (JsonRecord("Europe PMC", is_result, json_record),)
