"""Asks OpenSearch what begins as the text that was typed: all kinds in one round trip."""

from __future__ import annotations

from collections import Counter
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from flask import url_for

from search_api.autocomplete import queries
from search_api.autocomplete.schemas import KINDS
from search_api.http.paging import Pagination
from search_api.retrieval.listing import envelope
from search_api.works.tex import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_api.http.services import Services

Result = dict[str, Any]
Hint = tuple[list[str], list[str]]

INDICES = {"researcher": "researchers", "topic": "topics", "institution": "institutions", "work": "works"}


def suggest(services: Services, args: Mapping[str, Any]) -> Result:
    """Return suggestions as `AutocompleteArgs` describes, those of one kind together, the best of each first."""
    text, limit = args["q"].strip(), args["limit"]
    kinds = [kind for kind in KINDS if not args["kind"] or kind in args["kind"]] if text else []
    searches = [(services.names.name(INDICES[kind]), queries.body(kind, text, limit)) for kind in kinds]
    answers = services.search_together(searches) if searches else []
    found = [[hit["_source"] for hit in answer["hits"]["hits"]] for answer in answers]
    chosen = dict(zip(kinds, shared_out(found, limit), strict=True))
    results = [suggestion for kind, sources in chosen.items() for suggestion in _suggestions(kind, sources)]
    relation = "eq" if len(results) < limit else "gte"
    return envelope(results, count=len(results), count_relation=relation, pagination=Pagination(1, limit))


def shared_out(found: Sequence[Sequence[Any]], limit: int) -> list[list[Any]]:
    """Cut lists to `limit` entries in all: each gives its next in turn, so that no kind crowds out another."""
    numbered = [[(number, entry) for entry in entries] for number, entries in enumerate(found)]
    turns = [taken for taken in chain.from_iterable(zip_longest(*numbered)) if taken is not None][:limit]
    return [[entry for of, entry in turns if of == number] for number in range(len(found))]


def _suggestions(kind: str, sources: Sequence[Result]) -> list[Result]:
    """Return what is suggested of one kind; where a name and its hint are there twice, the hints say more."""
    labels = [plain(source["title" if kind == "work" else "name"]) for source in sources]
    hints = [HINTS[kind](source) for source in sources]
    shown = [" · ".join(hint) for hint, _ in hints]
    for longer in ([more for _, more in hints], [[source["id"]] for source in sources]):
        times = Counter(zip(labels, shown, strict=True))
        shown = [
            " · ".join([hint, *more]) if times[label, hint] > 1 else hint
            for label, hint, more in zip(labels, shown, longer, strict=True)
        ]
    return [
        {"kind": kind, "id": source["id"], "label": label, "hint": hint, "links": _links(kind, source["id"])}
        for source, label, hint in zip(sources, labels, shown, strict=True)
    ]


def _person(source: Mapping[str, Any]) -> Hint:
    topics = [topic["name"] for topic in source["topics"][:2]]
    at = [one["name"] for one in source["affiliations"][:1]] or topics[:1]
    first, last = source["first_year"], source["last_year"]
    years = [] if first is None else [str(first) if first == last else f"{first}-{last}"]
    preferred = (source.get("owner") or {}).get("name")
    called = [f"goes by {preferred}"] if preferred and preferred != source["name"] else []
    return [*called, *at, _works(source)], [*years, *(name for name in topics if name not in at)]


def _topic(source: Mapping[str, Any]) -> Hint:
    above = [f"in {source['parent']}"] if source.get("parent") and source["parent"] != source["name"] else []
    return [*above, _works(source)], []


def _institution(source: Mapping[str, Any]) -> Hint:
    return [_works(source)], []


def _work(source: Mapping[str, Any]) -> Hint:
    names = [author["name"] for author in source["researchers"]]
    by = [f"{names[0]} et al."] if len(names) > 2 else [" and ".join(names)]
    return [*([str(source["year"])] if source["year"] else []), *by], []


def _works(source: Mapping[str, Any]) -> str:
    return "1 work" if source["works_count"] == 1 else f"{source['works_count']:,} works"


#: Each gives the parts of a hint, and those to add where two are still alike; after them comes the id.
HINTS = {"researcher": _person, "topic": _topic, "institution": _institution, "work": _work}


def _links(kind: str, id_: str) -> dict[str, str]:
    return {"self": url_for(f"{INDICES[kind]}.{kind}", id_=id_), "html": url_for(f"web.{kind}", id_=id_)}
