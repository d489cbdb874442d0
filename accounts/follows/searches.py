"""Followed searches: validated like `/works`, and stored as a canonical query string.

Page, sort and facets are not part of it, so that the same search is followed once wherever it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.datastructures import MultiDict

from search_api.http import args as arguments
from search_api.http.errors import Problem
from search_api.retrieval import filters, syntax
from search_api.retrieval.clauses import in_names, knn
from search_api.retrieval.ranking import RankingWeights
from search_api.retrieval.terms import term_ends
from search_api.works import queries
from search_api.works.plan import describe, parse_filters, with_names
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.filters import Filter

Body = dict[str, Any]

#: Maximum number of clauses of one search: ten searches and 240 other follows fit into OpenSearch's 1,024.
MAX_CLAUSES = 40
#: Words that a work must have: all of up to three, else three quarters. For "graph neural networks", any one word (as
#: in a ranked search) would match 142 of the sample's 320 works, and two of the three words 44.
WORDS_NEEDED = "3<75%"
#: Or the least cosine of its embedding and the query's. On Cranfield (1,400 works) it matches 33 works per query with
#: recall .53 and precision .22; on CACM (3,204 works) 13, .26 and .38. F1 is .31 on both; .32 and .19 at a cosine of
#: .55, .25 and .32 at .45.
NEAR = 0.5
#: Works that are compared with `NEAR`. A search for all that are near enough (`min_score` in the clause `knn`) returns
#: none of them where Lucene's way through the graph ends in a place that is not near: in 12 % of the states of the
#: sample while its works were updated.
NEAREST = 1_000
#: Queries without inner clauses, which count as one clause each.
_LEAVES = {"term", "range", "match_phrase", "match", "match_all", "knn"}


@dataclass(frozen=True)
class Search:
    """A search: free text, search mode and filters."""

    text: str
    mode: str
    filters: tuple[Filter, ...]

    def canonical(self) -> str:
        """Return the canonical query string, equal for equal searches."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [("mode", self.mode)] if self.text and self.mode != "hybrid" else []
        for filter_ in sorted(self.filters, key=lambda filter_: filter_.name):
            values = {*filter_.wanted, *(f"!{value}" for value in filter_.excluded)}
            pairs += [(filter_.name, value) for value in sorted(values)]
        return urlencode(pairs)


def read(services: Services, query_string: str) -> Search:
    """Parse a query string as `/works` does. Raises Problem (422) with what is wrong with it."""
    try:
        args = arguments.parse(WorksArgs(), MultiDict(parse_qsl(query_string.removeprefix("?"))))
        chosen = parse_filters(services, args)
    except Problem as problem:
        messages = [f"{name}: {text}" for name, texts in problem.errors.items() for text in texts]
        raise _unusable(*(messages or [problem.detail])) from problem
    except ValueError as error:  # more parameters than the parser allows, or a lone surrogate
        raise _unusable(f"{error}"[:200]) from error
    search = Search(args["q"].strip(), args["mode"], tuple(chosen))
    if not search.text and not search.filters:
        raise _unusable("Enter a query or choose a filter.")
    if _count_clauses(query(services, search, with_vector=False)) > MAX_CLAUSES:
        raise _unusable(f"Too many words and filter values: the limit is about {MAX_CLAUSES // 2} in total.")
    return search


def label(services: Services, search: Search) -> str:
    """Return a label with the names of filter values: `Works on “syntax”, topic Machine Learning`."""
    return describe(search.text, (with_names(services, filter_) for filter_ in search.filters))


def query(services: Services, search: Search, *, with_vector: bool = True, among: Sequence[Body] = ()) -> Body:
    """Return the clause for works that match this search well enough to report them to a follower.

    A ranked search always has a nearest work; here a work must have most of the words or be close in meaning (see
    `WORDS_NEEDED` and `NEAR`). Required and excluded terms and filters apply as in every search. The `NEAREST` works
    are those that meet the clauses `among`, too.
    """
    parsed = syntax.parse(search.text)
    required = [*filters.clauses(search.filters), *queries.required_clauses(parsed)]
    words, is_prose = _beginning(parsed.words)
    has_words = _has_words(words)
    # Without free words, the required clauses are enough; of prose, only the meaning counts.
    alternatives = [has_words] if words and search.mode != "semantic" else []
    if words and search.mode != "keyword" and with_vector:
        vector = services.embed_query(parsed.embedding_text)
        if vector is not None:
            near = _is_near(services, vector, [*required, *among])
            alternatives = [near] if is_prose else [*alternatives, near]
    # Mode semantic while no model is available: fall back to words rather than match everything.
    alternatives = alternatives or ([has_words] if words else [])
    clauses = [*required, *([{"bool": {"should": alternatives}}] if alternatives else [])]
    return {"bool": {"filter": clauses or [{"match_all": {}}]}}


def _beginning(words: str) -> tuple[str, bool]:
    """Return the words that take part in a query, and whether there are more, which makes the text prose."""
    ends = list(islice(term_ends(words), syntax.PROSE + 1))
    return (words[: ends[-2]], True) if len(ends) > syntax.PROSE else (words if ends else "", False)


def _has_words(words: str) -> Body:
    text = {"query": words, "fields": ["title", "abstract"]}
    author = in_names(words, operator="and")
    return {"bool": {"should": [{"combined_fields": {**text, "minimum_should_match": WORDS_NEEDED}}, author]}}


def _is_near(services: Services, vector: NDArray[np.float32], required: list[Body]) -> Body:
    nearest = knn(vector, required, RankingWeights.from_settings(services.settings), k=NEAREST)
    return {"script_score": {"query": nearest, "script": {"source": "_score"}, "min_score": (1 + NEAR) / 2}}


def _count_clauses(clause: Any) -> int:
    """Return the number of clauses as OpenSearch counts them: three per word (two fields and names), else one each."""
    if isinstance(clause, list):
        return sum(map(_count_clauses, clause))
    if not isinstance(clause, dict):
        return 0
    total = 0
    for name, inner in clause.items():
        if name == "combined_fields":
            # Includes the clause for names, see `_has_words`.
            total += 3 * sum(1 for _ in term_ends(inner["query"]))
        else:
            total += 1 if name in _LEAVES else _count_clauses(inner)
    return total


def _unusable(*messages: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This search cannot be followed.", {"query": list(messages)})
