"""Suggestions for a text that is being typed: all kinds in one request."""

from __future__ import annotations

from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from search_api.autocomplete import queries
from search_api.autocomplete.schemas import KINDS
from search_api.http.paging import Pagination
from search_api.retrieval.listing import envelope
from search_api.understanding.hints import HINTS, INDICES, suggestions
from search_api.understanding.interpret import interpret
from search_api.works.tex import Budget, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mappings.documents import WorkDocument
    from search_api.http.services import Services
    from search_api.understanding.hints import Hint

Result = dict[str, Any]


def suggest(services: Services, args: Mapping[str, Any]) -> Result:
    """Return suggestions as `AutocompleteArgs` describe, grouped by kind, the best of each kind first."""
    text, limit = args["q"].strip(), args["limit"]
    kinds = [kind for kind in KINDS if not args["kind"] or kind in args["kind"]] if text else []
    searches = [(services.names.name(INDICES[kind]), queries.body(kind, text, limit)) for kind in kinds]
    responses = services.search_together(searches) if searches else []
    matches = [[hit["_source"] for hit in response["hits"]["hits"]] for response in responses]
    chosen = dict(zip(kinds, distribute(matches, limit), strict=True))
    exact = _identified(services, text, kinds)
    results = [suggestion for kind, entities in chosen.items() for suggestion in _suggestions(kind, entities)]
    results = [*exact, *(one for one in results if one["id"] not in {same["id"] for same in exact})][:limit]
    relation = "eq" if len(results) < limit else "gte"
    return envelope(results, count=len(results), count_relation=relation, pagination=Pagination(1, limit))


def _identified(services: Services, text: str, kinds: Sequence[str]) -> list[Result]:
    """Return the item of an identifier, such as an ORCID iD, in any spelling; at most one."""
    named = interpret(services, text) if kinds else None
    if named is None or named.kind is None or named.kind not in kinds:
        return []
    fields = ",".join(queries.SOURCES[named.kind])
    stored = services.get(services.names.name(INDICES[named.kind]), named.id, _source_includes=fields)
    return _suggestions(named.kind, [stored]) if stored else []


def distribute(lists: Sequence[Sequence[Any]], limit: int) -> list[list[Any]]:
    """Return the lists cut to `limit` entries in all, taken in turns, so that no kind crowds out another."""
    numbered = [[(number, entry) for entry in entries] for number, entries in enumerate(lists)]
    turns = [turn for turn in chain.from_iterable(zip_longest(*numbered)) if turn is not None][:limit]
    return [[entry for owner, entry in turns if owner == number] for number in range(len(lists))]


def _suggestions(kind: str, entities: Sequence[Result]) -> list[Result]:
    budget = Budget()
    labels = [plain(entity["title" if kind == "work" else "name"], budget) for entity in entities]
    return suggestions(kind, entities, labels, _work if kind == "work" else HINTS[kind])


def _work(source: WorkDocument) -> Hint:
    names = [author["name"] for author in source["researchers"]]
    authors = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return [*([str(source["year"])] if source["year"] else []), authors], []
