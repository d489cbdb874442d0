"""Researchers, topics and institutions as suggestions, with hints that distinguish those of the same name."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from flask import url_for

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mappings.documents import InstitutionDocument, ResearcherDocument, TopicDocument

Result = dict[str, Any]
#: Parts of a hint, and further parts in case the hint is ambiguous.
Hint = tuple[list[str], list[str]]

INDICES = {"researcher": "researchers", "topic": "topics", "institution": "institutions", "work": "works"}
#: Stored fields that hints are made of.
SOURCES = {
    "researcher": [
        *("id", "name", "name_variants", "affiliations", "topics", "works_count", "first_year", "last_year"),
        "owner.name",
    ],
    "topic": ["id", "name", "parent", "works_count"],
    "institution": ["id", "name", "works_count"],
}


def suggestions(kind: str, entities: Sequence[Any], labels: Sequence[str], hint: Callable[[Any], Hint]) -> list[Result]:
    """Return entities of one kind as `Suggestion`. Hints that are not unique get further parts, then the id."""
    parts = [hint(entity) for entity in entities]
    hints = [" · ".join(first) for first, _ in parts]
    for further in ([more for _, more in parts], [[entity["id"]] for entity in entities]):
        times = Counter(zip(labels, hints, strict=True))
        hints = [
            " · ".join([text, *more]) if times[label, text] > 1 else text
            for label, text, more in zip(labels, hints, further, strict=True)
        ]
    return [
        {"kind": kind, "id": entity["id"], "label": label, "hint": text, "links": _links(kind, entity["id"])}
        for entity, label, text in zip(entities, labels, hints, strict=True)
    ]


def _researcher(source: ResearcherDocument) -> Hint:
    topics = [topic["name"] for topic in source["topics"][:2]]
    place = [affiliation["name"] for affiliation in source["affiliations"][:1]] or topics[:1]
    first, last = source["first_year"], source["last_year"]
    years = [] if first is None else [str(first) if first == last else f"{first}-{last}"]
    preferred = owner.get("name") if (owner := source.get("owner")) else None
    name = [f"preferred name: {preferred}"] if preferred and preferred != source["name"] else []
    return [*name, *place, _works(source)], [*years, *(topic for topic in topics if topic not in place)]


def _topic(source: TopicDocument) -> Hint:
    parent = [f"in {source['parent']}"] if source.get("parent") and source["parent"] != source["name"] else []
    return [*parent, _works(source)], []


def _institution(source: InstitutionDocument) -> Hint:
    return [_works(source)], []


def _works(source: ResearcherDocument | TopicDocument | InstitutionDocument) -> str:
    return "1 work" if source["works_count"] == 1 else f"{source['works_count']:,} works"


HINTS: dict[str, Callable[[Any], Hint]] = {
    "researcher": _researcher,
    "topic": _topic,
    "institution": _institution,
}


def _links(kind: str, id_: str) -> dict[str, str]:
    return {"self": url_for(f"{INDICES[kind]}.{kind}", id_=id_), "html": url_for(f"web.{kind}", id_=id_)}
