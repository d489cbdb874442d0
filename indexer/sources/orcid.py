"""Works of ORCID records, of one or many people, as XML and JSON, in the import format.

A summary of works names no authors, only the person whose record it is: that is then the only author, and the work is
marked as incomplete.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from indexer.records import RecordWarning
from indexer.sources.base import INCOMPLETE_AUTHORS
from indexer.sources.bibliography import catalogue_record
from indexer.sources.bibtex_names import names
from indexer.sources.crossref import TYPES
from indexer.sources.json_records import JsonRecord
from indexer.sources.text import with_subtitle
from indexer.sources.xml_records import XmlRecord, local_name
from indexer.sources.xml_text import date_of, first, person, texts, without_namespaces

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

_SCHEMES = {"doi": "doi", "arxiv": "arxiv", "pmid": "pmid", "pmc": "pmcid", "handle": "handle", "wosuid": "wos"}
_TYPES = {**TYPES, "conference-paper": "article", "preprint": "preprint", "dissertation-thesis": "dissertation"}
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
_BIBTEX_AUTHORS = re.compile(r"\bauthors?\s*+=\s*+\{((?:[^{}]++|\{[^{}]*+\})*+)\}", re.IGNORECASE)


def xml_record(work: Element, around: list[Element]) -> dict[str, Any]:
    """Return a `work` or `work-summary` in the import format; a `person` around it has the name of the owner."""
    work = without_namespaces(work)
    owner = next((part for element in around for part in element if local_name(part.tag) == "person"), None)
    title, subtitle = first(work, "title/title"), first(work, "title/subtitle")
    date = work.find("publication-date")
    ids = [
        (first(item, "external-id-type"), first(item, "external-id-value"), first(item, "external-id-relationship"))
        for item in work.findall("external-ids/external-id")
    ]
    contributors = [
        person(name=first(item, "credit-name"), orcid=first(item, "contributor-orcid/path", "contributor-orcid/uri"))
        for item in work.findall("contributors/contributor")
        if first(item, "contributor-attributes/contributor-role") in {None, "author"}
    ]
    return _record(
        title=with_subtitle(title, subtitle),
        abstract=first(work, "short-description"),
        kind=first(work, "type"),
        venue=first(work, "journal-title"),
        url=first(work, "url"),
        language=first(work, "language-code"),
        date=None if date is None else date_of(first(date, "year"), first(date, "month"), first(date, "day")),
        ids=ids,
        authors=[author for author in contributors if author["name"]],
        citation=first(work, "citation/citation-value"),
        owner=_owner(None if owner is None else without_namespaces(owner), work.get("path")),
    )


def _owner(owner: Element | None, path: str | None) -> dict[str, Any] | None:
    if owner is None:
        return None
    orcid = _ORCID.search(path or owner.get("path") or "")
    return person(
        first(owner, "name/given-names"),
        first(owner, "name/family-name"),
        name=first(owner, "name/credit-name"),
        orcid=orcid[0] if orcid else None,
        name_variants=texts(owner, "other-names/other-name/content"),
    )


def is_work(value: object) -> bool:
    """Return whether a value is a work or a summary of one in ORCID's JSON."""
    return isinstance(value, dict) and "put-code" in value and "external-ids" in value and "title" in value


def is_group(value: object) -> bool:
    """Return whether a value is a group of summaries that describe the same work."""
    return isinstance(value, dict) and isinstance(value.get("work-summary"), list)


def group_record(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the preferred summary of a group, the first one, in the import format."""
    return work_record(group["work-summary"][0])


def work_record(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return a work in ORCID's JSON in the import format."""
    title, subtitle = _value(work["title"], "title"), _value(work["title"], "subtitle")
    date = work.get("publication-date") or {}
    ids = (work.get("external-ids") or {}).get("external-id") or []
    contributors = (work.get("contributors") or {}).get("contributor") or []
    authors = [
        person(name=_value(item, "credit-name"), orcid=(item.get("contributor-orcid") or {}).get("path"))
        for item in contributors
        if (item.get("contributor-attributes") or {}).get("contributor-role") in {None, "author"}
    ]
    return _record(
        title=with_subtitle(title, subtitle),
        abstract=work.get("short-description"),
        kind=work.get("type"),
        venue=_value(work, "journal-title"),
        url=_value(work, "url"),
        language=work.get("language-code"),
        date=date_of(_value(date, "year"), _value(date, "month"), _value(date, "day")),
        ids=[
            (item.get("external-id-type"), item.get("external-id-value"), item.get("external-id-relationship"))
            for item in ids
        ],
        authors=[author for author in authors if author["name"]],
        citation=(work.get("citation") or {}).get("citation-value"),
        owner=None,
    )


def _value(part: Mapping[str, Any], key: str) -> str | None:
    value = part.get(key)
    return value.get("value") if isinstance(value, dict) else value


def _record(
    *,
    kind: str | None,
    date: str | None,
    ids: list[tuple[str | None, str | None, str | None]],
    authors: list[dict[str, Any]],
    citation: str | None,
    owner: dict[str, Any] | None,
    **fields: Any,
) -> dict[str, Any]:
    own = [
        (_SCHEMES[scheme.lower()], value.strip().removeprefix("WOS:"))
        for scheme, value, relation in ids
        if scheme and value and scheme.lower() in _SCHEMES and (relation or "self").lower() == "self"
    ]
    warnings: list[RecordWarning] = []
    if not authors and (cited := _BIBTEX_AUTHORS.search((citation or "")[:50_000])):
        printed, warnings = names(cited[1])
        authors = [{"name": name} for name in printed]
    if not authors and owner:
        authors = [owner]
        message = "ORCID names only the owner of the record; there may be other authors"
        warnings.append(RecordWarning(INCOMPLETE_AUTHORS, message))
    return catalogue_record(
        None,
        source="ORCID",
        doi=next((value for scheme, value in own if scheme == "doi"), None),
        arxiv=next((value.lower().removeprefix("arxiv:") for scheme, value in own if scheme == "arxiv"), None),
        ids=[
            f"{scheme}:{re.sub('^arxiv:', '', value, flags=re.IGNORECASE)}"
            for scheme, value in own
            if scheme != "doi" and not re.search(r"\s", value)
        ],
        dates=[date],
        type=_TYPES.get((kind or "").lower().replace("_", "-")),
        authors=authors,
        warnings=warnings,
        **fields,
    )


#: An ORCID record has the name of its owner under `person`, next to the works.
RECORDS = (
    XmlRecord(
        "ORCID",
        ("{http://www.orcid.org/ns/work}work", "{http://www.orcid.org/ns/work}work-summary"),
        xml_record,
        keep=("person",),
    ),
)
JSON_RECORDS = (JsonRecord("ORCID", is_work, work_record), JsonRecord("ORCID", is_group, group_record))
