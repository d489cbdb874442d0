"""A search for works, made ready: what is asked for, in which mode, under which filters, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mappings import person_id
from search_api.http.errors import Problem
from search_api.retrieval import filters, syntax
from search_api.works import queries
from search_api.works.feedback import feedback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.filters import Filter

Body = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One search. `mode` is the one that can be answered: `keyword` where there is nothing to embed, or no model."""

    text: str
    vector: NDArray[np.float32] | None
    mode: str
    sort: str
    filters: tuple[Filter, ...]
    fixed: tuple[Body, ...] = ()
    degraded: tuple[str, ...] = ()

    def clauses(self, without: str | None = None) -> list[Body]:
        """Return the clauses of all filters, but for that of the facet that is being counted."""
        return [*filters.clauses(self.filters, without), *self.fixed]

    def query(self, without: str | None = None, *, fused: bool = True) -> Body:
        """Return the query; `fused=False` finds the same without a fused score."""
        return queries.query(self.mode, self.text, self.vector, self.clauses(without), fused=fused)

    def keyword(self) -> Body:
        """Return the query for what its words alone find."""
        return queries.query("keyword", self.text, None, self.clauses())

    @property
    def is_hybrid(self) -> bool:
        """Return whether keyword and vector scores are fused."""
        return self.mode == "hybrid" and self.vector is not None

    @property
    def is_fused(self) -> bool:
        """Return whether the list is in the order of fused scores, which OpenSearch cannot read on from."""
        return self.is_hybrid and self.sort == "relevance"


def plan(services: Services, args: Mapping[str, Any], fixed: Sequence[Body] = ()) -> Plan:
    """Make a search of arguments as `WorksArgs` describes them. Raises Problem (400) for filters that cannot be."""
    asked = filters.parse(queries.FILTERS, own_ids(services, args))
    text, mode = args["q"].strip(), args["mode"]
    sort = _sort(args["sort"], text)
    words = syntax.parse(text).text
    if not words or mode == "keyword":
        return Plan(text, None, "keyword", sort, tuple(asked), tuple(fixed))
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works with mode=keyword or without q: neighbours in vector space have no end to read on to.",
            {"cursor": ["Needs mode=keyword, or no q."]},
        )
    vector = services.embed_query(words)
    if vector is None:
        return Plan(text, None, "keyword", sort, tuple(asked), tuple(fixed), ("semantic",))
    if mode == "hybrid":
        vector = feedback(services, text, vector)
    return Plan(text, vector, mode, sort, tuple(asked), tuple(fixed))


def own_ids(services: Services, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments with every researcher under their own id, whatever id they are asked for by.

    That may be one of a source, an ORCID iD, or an id that was merged into another; one that nobody has stays.
    """
    if not args["researcher"]:
        return args
    given = {value: person_id(value.removeprefix("!")) for value in args["researcher"]}
    known = services.researcher_ids(list(given.values()))
    own = [("!" if value.startswith("!") else "") + known.get(plain, plain) for value, plain in given.items()]
    return {**args, "researcher": own}


def _sort(asked: str | None, text: str) -> str:
    """Return the order of the list: by default relevance, which only a query can give."""
    if asked is None or asked == "relevance":
        return "relevance" if text else "newest"
    return asked
