"""Searches that are followed: checked as `/works` checks them, kept as a query string that says what is looked for.

How a result is shown (page, sort, facets) is no part of it, so the same search is followed once however it was reached.
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
from search_api.retrieval.terms import term_ends
from search_api.works import queries
from search_api.works.plan import describe, parse_filters, with_names
from search_api.works.schemas import WorksArgs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.filters import Filter

Body = dict[str, Any]

#: Clauses of one search, so that ten of them and 240 other follows fit into OpenSearch's 1,024.
MAX_CLAUSES = 40
#: Words that a work needs to be news: all of three, three quarters of more. Any word, as a ranked search has it, would
#: bring 142 of the sample's 320 works for "graph neural networks", and two of the three 44.
WORDS_NEEDED = "3<75%"
#: Or this cosine of its text and the words: of cranfield's 1,400 works 33 a query, at a recall of .53 and a precision
#: of .22; of cacm's 3,204 13, .26 and .38. F1 .31 on both; at .55 .32 and .19, at .45 .25 and .32.
NEAR = 0.5
#: What holds terms of its own in a clause that holds no others.
_LEAVES = {"term", "range", "match_phrase", "match", "match_all", "knn"}


@dataclass(frozen=True)
class Search:
    """What is looked for: free text, how, and filters."""

    text: str
    mode: str
    filters: tuple[Filter, ...]

    def canonical(self) -> str:
        """Return the query string, always the same for the same search."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [("mode", self.mode)] if self.text and self.mode != "hybrid" else []
        for one in sorted(self.filters, key=lambda one: one.name):
            pairs += [(one.name, value) for value in sorted({*one.wanted, *(f"!{not_}" for not_ in one.excluded)})]
        return urlencode(pairs)


def read(services: Services, given: str) -> Search:
    """Read a query string as `/works` does. Raises Problem (422) saying what is wrong with it."""
    try:
        args = arguments.parse(WorksArgs(), MultiDict(parse_qsl(given.removeprefix("?"))))
        asked = parse_filters(services, args)
    except Problem as problem:
        said = [f"{name}: {text}" for name, texts in problem.errors.items() for text in texts]
        raise _unusable(*(said or [problem.detail])) from problem
    except ValueError as error:  # more parameters than the parser takes, or half of a character
        raise _unusable(f"{error}"[:200]) from error
    found = Search(args["q"].strip(), args["mode"], tuple(asked))
    if not found.text and not found.filters:
        raise _unusable("Enter a query or choose a filter.")
    if _leaves(query(services, found, with_vector=False)) > MAX_CLAUSES:
        raise _unusable(f"Too many words and filter values: the limit is about {MAX_CLAUSES // 2} in total.")
    return found


def label(services: Services, search: Search) -> str:
    """Say the search as a sentence, with the names of things: `Works on “syntax”, topic Machine Learning`."""
    return describe(search.text, (with_names(services, one) for one in search.filters))


def query(services: Services, search: Search, *, with_vector: bool = True) -> Body:
    """Return the clause for works that are news to who follows this search.

    A search ranks, and something is always nearest; news have to be on it: they have most of the words, or are near in
    meaning (`WORDS_NEEDED`, `NEAR`). What is required or excluded holds, as in every search.
    """
    asked = syntax.parse(search.text)
    holds = [*filters.clauses(search.filters), *queries.required_clauses(asked)]
    words, is_prose = _beginning(asked.words)
    # Without a free word, what is required says it all; with many, it is prose, of which only the meaning counts.
    either = [_has_words(words, services.settings.title_weight)] if words and search.mode != "semantic" else []
    if words and search.mode != "keyword" and with_vector:
        vector = services.embed_query(asked.embedding_text)
        if vector is not None:
            near = _is_near(vector, holds)
            either = [near] if is_prose else [*either, near]
    # By meaning alone, and no model at the moment: words are better than everything.
    either = either or ([_has_words(words, services.settings.title_weight)] if words else [])
    return {"bool": {"filter": [*holds, *([{"bool": {"should": either}}] if either else [])] or [{"match_all": {}}]}}


def _beginning(words: str) -> tuple[str, bool]:
    """Return as much of some words as takes part in a query, and tell whether there is more: then it is prose."""
    ends = list(islice(term_ends(words), syntax.PROSE + 1))
    return (words[: ends[-2]], True) if len(ends) > syntax.PROSE else (words if ends else "", False)


def _has_words(words: str, title_weight: float) -> Body:
    text = {"query": words, "fields": [f"title^{title_weight:g}", "abstract"]}
    author = {"match": {"researchers.name": {"query": words, "operator": "and"}}}
    return {"bool": {"should": [{"combined_fields": {**text, "minimum_should_match": WORDS_NEEDED}}, author]}}


def _is_near(vector: NDArray[np.float32], holds: list[Body]) -> Body:
    within = {"filter": {"bool": {"filter": holds}}} if holds else {}
    return {"knn": {"embedding": {"vector": vector.tolist(), "min_score": (1 + NEAR) / 2, **within}}}


def _leaves(clause: Any) -> int:
    """Count the clauses that OpenSearch will count: a word in two fields and in names, else one each."""
    if isinstance(clause, list):
        return sum(map(_leaves, clause))
    if not isinstance(clause, dict):
        return 0
    total = 0
    for name, inner in clause.items():
        if name == "combined_fields":
            # Together with the clause for names: `_has_words`.
            total += 3 * sum(1 for _ in term_ends(inner["query"]))
        else:
            total += 1 if name in _LEAVES else _leaves(inner)
    return total


def _unusable(*words: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This search cannot be followed.", {"query": list(words)})
