"""Suggestions for a text that is being typed: all kinds in one request."""

from __future__ import annotations

from collections import Counter
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from flask import url_for

from search_api.autocomplete import queries
from search_api.autocomplete.schemas import KINDS
from search_api.http.paging import Pagination
from search_api.retrieval.listing import envelope
from search_api.works.tex import Budget, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mappings.documents import InstitutionDocument, ResearcherDocument, TopicDocument, WorkDocument
    from search_api.http.services import Services

Result = dict[str, Any]
#: Parts of a hint, and further parts in case the hint is ambiguous.
Hint = tuple[list[str], list[str]]

INDICES = {"researcher": "researchers", "topic": "topics", "institution": "institutions", "work": "works"}


def suggest(services: Services, args: Mapping[str, Any]) -> Result:
    """Return suggestions as `AutocompleteArgs` describe, grouped by kind, the best of each kind first."""
    text, limit = args["q"].strip(), args["limit"]
    kinds = [kind for kind in KINDS if not args["kind"] or kind in args["kind"]] if text else []
    searches = [(services.names.name(INDICES[kind]), queries.body(kind, text, limit)) for kind in kinds]
    responses = services.search_together(searches) if searches else []
    matches = [[hit["_source"] for hit in response["hits"]["hits"]] for response in responses]
    chosen = dict(zip(kinds, distribute(matches, limit), strict=True))
    results = [suggestion for kind, entities in chosen.items() for suggestion in _suggestions(kind, entities)]
    relation = "eq" if len(results) < limit else "gte"
    return envelope(results, count=len(results), count_relation=relation, pagination=Pagination(1, limit))


def distribute(lists: Sequence[Sequence[Any]], limit: int) -> list[list[Any]]:
    """Return the lists cut to `limit` entries in all, taken in turns, so that no kind crowds out another."""
    numbered = [[(number, entry) for entry in entries] for number, entries in enumerate(lists)]
    turns = [turn for turn in chain.from_iterable(zip_longest(*numbered)) if turn is not None][:limit]
    return [[entry for owner, entry in turns if owner == number] for number in range(len(lists))]


def _suggestions(kind: str, entities: Sequence[Result]) -> list[Result]:
    """Return the suggestions of one kind. Hints that are not unique get further parts, then the id."""
    budget = Budget()
    labels = [plain(entity["title" if kind == "work" else "name"], budget) for entity in entities]
    parts = [HINTS[kind](entity) for entity in entities]
    hints = [" · ".join(hint) for hint, _ in parts]
    for further in ([more for _, more in parts], [[entity["id"]] for entity in entities]):
        times = Counter(zip(labels, hints, strict=True))
        hints = [
            " · ".join([hint, *more]) if times[label, hint] > 1 else hint
            for label, hint, more in zip(labels, hints, further, strict=True)
        ]
    return [
        {"kind": kind, "id": entity["id"], "label": label, "hint": hint, "links": _links(kind, entity["id"])}
        for entity, label, hint in zip(entities, labels, hints, strict=True)
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


def _work(source: WorkDocument) -> Hint:
    names = [author["name"] for author in source["researchers"]]
    authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return [*([str(source["year"])] if source["year"] else []), authors], []


def _works(source: ResearcherDocument | TopicDocument | InstitutionDocument) -> str:
    return "1 work" if source["works_count"] == 1 else f"{source['works_count']:,} works"


HINTS: dict[str, Callable[[Any], Hint]] = {
    "researcher": _researcher,
    "topic": _topic,
    "institution": _institution,
    "work": _work,
}


def _links(kind: str, id_: str) -> dict[str, str]:
    return {"self": url_for(f"{INDICES[kind]}.{kind}", id_=id_), "html": url_for(f"web.{kind}", id_=id_)}
