"""A search for works, prepared once: the parsed query, mode, vector, filters and order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mappings import person_id
from search_api.http.errors import Problem
from search_api.retrieval import clauses, filters, syntax
from search_api.retrieval.ranking import RankingWeights
from search_api.understanding.interpret import Interpretation, interpret
from search_api.works import queries
from search_api.works.feedback import feedback
from search_api.works.fields import FIELDS, SORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.filters import Filter
    from search_api.retrieval.syntax import Query

Body = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """One search. `mode` is the mode in use: `keyword` if there is nothing to embed or no model.

    `vector` is float32[d], unit length; None in keyword mode. `fixed` are clauses besides the filters. `degraded` names
    what is unavailable. `interpretation` is the item that an identifier in the place of the query identifies: the
    query is empty then, and `fixed` selects the works of the item.
    """

    query: Query
    vector: NDArray[np.float32] | None
    mode: str
    sort: str
    filters: tuple[Filter, ...]
    weights: RankingWeights
    fixed: tuple[Body, ...] = ()
    degraded: tuple[str, ...] = ()
    interpretation: Interpretation | None = None

    @property
    def order(self) -> list[Body]:
        """The sort criteria."""
        return SORTS[self.sort].order

    @property
    def ranked_mode(self) -> str | None:
        """The mode of a list that a query ranks; None without a query."""
        return self.mode if self.query.source else None

    @property
    def is_hybrid(self) -> bool:
        """Whether keyword and vector scores are fused."""
        return self.mode == "hybrid" and self.vector is not None

    @property
    def is_fused(self) -> bool:
        """Whether the list is in the order of fused scores, which OpenSearch cannot continue after a hit."""
        return self.is_hybrid and self.sort == "relevance"

    def clauses(self, without: str | None = None) -> list[Body]:
        """Return the clauses of all filters except `without`, the field whose facet is being counted."""
        return [*filters.clauses(self.filters, without), *self.fixed]

    def search_query(self, without: str | None = None, *, fused: bool = True) -> Body:
        """Return the OpenSearch query; `fused=False` matches the same works without a fused score."""
        return queries.search_query(
            self.mode, self.query, self.vector, self.clauses(without), self.weights, fused=fused
        )

    def keyword_query(self) -> Body:
        """Return the query that matches what the keyword part matches."""
        return queries.search_query("keyword", self.query, None, self.clauses(), self.weights)

    def fusion(self) -> Body:
        """Return the search pipeline that a hybrid query is sent with."""
        return clauses.fusion(self.weights.semantic_weight)


def plan(services: Services, args: Mapping[str, Any], fixed: Sequence[Body] = ()) -> Plan:
    """Prepare the search that `WorksArgs` describe. Raises Problem (400) for invalid filters."""
    if interpretation := interpret(services, args["q"]):
        named = plan(services, {**args, "q": ""}, [*fixed, interpretation.clause])
        return replace(named, interpretation=interpretation)
    query = syntax.parse(args["q"].strip())
    asked = tuple(parse_filters(services, args))
    weights = RankingWeights.from_settings(services.settings)
    by_keyword = Plan(query, None, "keyword", _sort(args["sort"], query), asked, weights, tuple(fixed))
    if not query.embedding_text or args["mode"] == "keyword":
        return by_keyword
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works with mode=keyword or without q: a list of nearest neighbours cannot be continued.",
            {"cursor": ["Needs mode=keyword, or no q."]},
        )
    vector = services.embed_query(query.embedding_text)
    if vector is None:
        return replace(by_keyword, degraded=("semantic",))
    if args["mode"] == "hybrid":
        vector = feedback(services, query, vector, weights)
    return replace(by_keyword, mode=args["mode"], vector=vector)


def _sort(asked: str | None, query: Query) -> str:
    """Return the order of the list: by default relevance, which needs a query."""
    if asked is None or asked == "relevance":
        return "relevance" if query.source else "newest"
    return asked


def parse_filters(services: Services, args: Mapping[str, Any]) -> list[Filter]:
    """Return the filters of a request. Raises Problem (400) for invalid ones.

    Researchers may be given by any id: one of a source, an ORCID iD, or an id that was merged into another. The filter
    has their canonical id; an unknown id stays.
    """
    given = {value: person_id(value.removeprefix("!")) for value in args["researcher"]}
    canonical = services.researcher_ids(list(given.values())) if given else {}
    researchers = [("!" if value.startswith("!") else "") + canonical.get(id_, id_) for value, id_ in given.items()]
    return filters.parse(FIELDS, {**args, "researcher": researchers})


def with_names(services: Services, filter_: Filter) -> Filter:
    """Return a filter with names in place of ids, for sentences."""
    facet = filter_.field.facet
    if facet is None or facet.names is None:
        return filter_
    names = services.labels(services.names.name(facet.names), [*filter_.wanted, *filter_.excluded])
    return replace(
        filter_,
        wanted=tuple(names.get(value, value) for value in filter_.wanted),
        excluded=tuple(names.get(value, value) for value in filter_.excluded),
    )


def describe(text: str, asked: Iterable[Filter]) -> str:
    """Return a search as a title: `Works on “x”, topic Machine Learning, year 2015-2020`."""
    return ", ".join([f"Works on “{text}”" if text else "Works", *(filter_.sentence() for filter_ in asked)])
