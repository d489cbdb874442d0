"""A search for works, prepared once: the parsed query, mode, result set, filters and order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mappings import person_id
from search_api.http.errors import Problem
from search_api.retrieval import filters, syntax
from search_api.retrieval.ranking import RankingWeights
from search_api.understanding.entities import Named, NamedEntities, by_people, with_forms
from search_api.understanding.interpret import Interpretation, interpret
from search_api.understanding.languages import Collections
from search_api.works import result_set
from search_api.works.fields import FIELDS, SORTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.retrieval.filters import Filter
    from search_api.retrieval.syntax import Query
    from search_api.works.result_set import ResultSet

Body = dict[str, Any]
#: An index and the body of a search.
Search = tuple[str, Body]


@dataclass(frozen=True)
class Sent:
    """Searches that have been sent, each an index and a body, and their responses."""

    searches: Sequence[Search] = ()
    responses: Sequence[Body] = ()

    def __bool__(self) -> bool:
        return bool(self.responses)

    @classmethod
    def send(cls, services: Services, searches: Sequence[Search]) -> Sent:
        """Send searches in one request."""
        return cls(searches, services.search_together(searches))


@dataclass(frozen=True)
class Plan:
    """One search. `mode` is the mode in use: `keyword` if there is nothing to embed or no model.

    `found` is the result set of the query, which the filters and the `fixed` clauses narrow. `degraded` names what is
    unavailable. `interpretation` is the item that an identifier in the place of the query identifies: the query is
    empty then, and `fixed` selects the works of the item. `sent` are the searches for the page, if they were sent.
    """

    query: Query
    found: ResultSet
    mode: str
    sort: str
    filters: tuple[Filter, ...]
    weights: RankingWeights
    fixed: tuple[Body, ...] = ()
    degraded: tuple[str, ...] = ()
    interpretation: Interpretation | None = None
    named: Named = field(default_factory=Named)
    sent: Sent = field(default_factory=Sent)

    @property
    def order(self) -> list[Body]:
        """The sort criteria."""
        return SORTS[self.sort].order

    @property
    def ranked_mode(self) -> str | None:
        """The mode of a list that a query ranks; None without a query."""
        return self.mode if self.query.source else None

    @property
    def is_ranked(self) -> bool:
        """Whether the list is in the order of `found.ranked`, rather than in one that OpenSearch sorts by."""
        return self.mode != "keyword" and self.sort == "relevance"

    def clauses(self) -> list[Body]:
        """Return the clauses of all filters."""
        return [*filters.clauses(self.filters), *self.fixed]


def plan(
    services: Services,
    args: Mapping[str, Any],
    fixed: Sequence[Body] = (),
    page: Callable[[Plan], list[Search]] | None = None,
) -> Plan:
    """Prepare the search that `WorksArgs` describe. Raises Problem (400) for invalid filters.

    `page` returns the searches for the page of a list that OpenSearch sorts. They are sent together with those for the
    names in a query, which change few queries.
    """
    if interpretation := interpret(services, args["q"]):
        of_item = plan(services, {**args, "q": ""}, [*fixed, interpretation.clause])
        return replace(of_item, interpretation=interpretation)
    typed = syntax.parse(args["q"].strip())
    if typed.words:
        typed = replace(typed, languages=services.shared(Collections).of(services).languages)
    asked = _by_keyword(services, args, typed, fixed)
    ahead = _ahead(services, args, asked, page)
    named, responses = services.shared(NamedEntities).of(services, typed, ahead)
    if named.is_only_people(typed):
        # A name has no meaning to be near to: the list is that of their works.
        by_them = [{"terms": {"researchers.id": ids}} for ids in named.people]
        theirs = plan(services, {**args, "q": ""}, [*fixed, *by_them])
        return replace(theirs, named=named)
    query = by_people(typed, named)
    if args.get("expand", True):
        query = with_forms(query, named)
    sent, asked = Sent(ahead, responses), replace(asked, named=named)
    if query != typed:
        sent, found = Sent(), result_set.by_keyword(query)
        asked = replace(asked, query=query, found=found, sort=_sort(args["sort"], query))
    if not query.embedding_text or args["mode"] == "keyword":
        return replace(asked, sent=sent)
    if args["cursor"]:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "cursor works with mode=keyword or without q: a list of nearest neighbours cannot be continued.",
            {"cursor": ["Needs mode=keyword, or no q."]},
        )
    sent = sent or Sent.send(services, _first_searches(services, args["mode"], query, asked.weights))
    vector = services.embed_query(query.embedding_text)
    if vector is None:
        return replace(asked, degraded=("semantic",))
    found = result_set.find(services, args["mode"], query, vector, asked.weights, (sent.searches, sent.responses))
    return replace(asked, mode=args["mode"], found=found)


def _by_keyword(services: Services, args: Mapping[str, Any], query: Query, fixed: Sequence[Body]) -> Plan:
    """Return the plan of a search for a query by keyword."""
    weights = RankingWeights.from_settings(services.settings)
    asked = tuple(parse_filters(services, args))
    found = result_set.by_keyword(query)
    return Plan(query, found, "keyword", _sort(args["sort"], query), asked, weights, tuple(fixed))


def _ahead(
    services: Services, args: Mapping[str, Any], asked: Plan, page: Callable[[Plan], list[Search]] | None
) -> list[Search]:
    """Return the searches to send with those for names: those for the page, or for the first hits of a ranked list."""
    if args["mode"] == "keyword" or not asked.query.embedding_text:
        return page(asked) if page and asked.query.source else []
    if args["cursor"]:
        return []
    return _first_searches(services, args["mode"], asked.query, asked.weights)


def _first_searches(services: Services, mode: str, query: Query, weights: RankingWeights) -> list[Search]:
    """Return the searches for the first hits of a ranked list; none if its vector is needed and cannot be computed.

    Searches without the vector are returned while another thread computes it.
    """
    if not result_set.needs_vector(services, mode, query):
        services.begin_embedding(query.embedding_text)
        return result_set.first_searches(services, mode, query, None, weights)
    vector = services.embed_query(query.embedding_text)
    return [] if vector is None else result_set.first_searches(services, mode, query, vector, weights)


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
