"""How many works have each term of a query: which share of the query occurs in the collection."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from search_api.retrieval import ranking
from search_api.retrieval.cache import ExpiringCache
from search_api.understanding.languages import Collections
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from search_api.http.services import Services
    from search_api.retrieval.syntax import Query

Body = dict[str, Any]

#: Counts that are cached (about 5 MB), and for how many seconds, since the collection may change.
MAX_COUNTS = 20_000
SECONDS = 60.0


class TermCounts:
    """Cache of the number of works with a term, by index, counted fields and term. Safe to use from several threads.

    Queries share words, so most new queries need no request for it.
    """

    def __init__(self, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: ExpiringCache[tuple[str, tuple[str, ...], str], int] = ExpiringCache(MAX_COUNTS, seconds, timer)

    def searches(self, services: Services, query: Query) -> list[Body]:
        """Return the searches that count the works with each term of a query that is not cached."""
        fields = queries.counted_fields(query)
        terms = [term for term in queries.counted_terms(query) if self._get(services, fields, term) is None]
        return _searches(terms, fields)

    def occurring_share(
        self, services: Services, query: Query, counted: Iterable[tuple[Body, Mapping[str, Any]]] = ()
    ) -> float:
        """Return which share of a query occurs in the collection (`ranking.occurring_share`).

        `counted` are `searches` and the response to each; terms whose counts have expired since are counted again.
        """
        fields, terms = queries.counted_fields(query), queries.counted_terms(query)
        if not terms:
            return 1.0
        counts = _most(counted)
        for term in terms:
            if term not in counts and (count := self._get(services, fields, term)) is not None:
                counts[term] = count
        if expired := [term for term in terms if term not in counts]:
            bodies = _searches(expired, fields)
            responses = services.search_together([(services.names.works, body) for body in bodies])
            counts |= _most(zip(bodies, responses, strict=True))
        self._add(services, fields, counts)
        return ranking.occurring_share(
            [counts[term] for term in terms], services.shared(Collections).of(services).works
        )

    def _get(self, services: Services, fields: tuple[str, ...], term: str) -> int | None:
        return self._known.get((services.names.works, fields, term))

    def _add(self, services: Services, fields: tuple[str, ...], counts: Mapping[str, int]) -> None:
        for term, count in counts.items():
            self._known.put((services.names.works, fields, term), count)


def _searches(terms: Iterable[str], fields: Sequence[str]) -> list[Body]:
    return [queries.count_term(term, field) for term in terms for field in fields]


def _most(counted: Iterable[tuple[Body, Mapping[str, Any]]]) -> dict[str, int]:
    """Return the number of works with each term, in the field where most have it."""
    counts: dict[str, int] = {}
    for body, response in counted:
        term = queries.counted_term(body)
        counts[term] = max(counts.get(term, 0), response["hits"]["total"]["value"])
    return counts
