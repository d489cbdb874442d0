"""How many works have each term of a query: which share of the query occurs in the collection."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from search_api.retrieval import ranking
from search_api.retrieval.cache import ExpiringCache
from search_api.understanding.languages import Collections
from search_api.works import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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

    def request(self, services: Services, query: Query) -> Body | None:
        """Return the request that counts the works with each term of a query that is not cached; None without any."""
        fields = queries.counted_fields(query)
        terms = [term for term in queries.counted_terms(query) if self._get(services, fields, term) is None]
        return queries.count_terms(terms, fields) if terms else None

    def occurring_share(self, services: Services, query: Query, response: Mapping[str, Any] | None) -> float:
        """Return which share of a query occurs in the collection (`ranking.occurring_share`).

        `response` is that to `request`; terms whose counts have expired since are counted again.
        """
        fields, terms = queries.counted_fields(query), queries.counted_terms(query)
        if not terms:
            return 1.0
        counts = queries.term_counts(response) if response else {}
        for term in terms:
            if term not in counts and (count := self._get(services, fields, term)) is not None:
                counts[term] = count
        if expired := [term for term in terms if term not in counts]:
            counts |= self._count(services, expired, fields)
        self._add(services, fields, counts)
        return ranking.occurring_share(
            [counts[term] for term in terms], services.shared(Collections).of(services).works
        )

    def _count(self, services: Services, terms: Sequence[str], fields: Sequence[str]) -> dict[str, int]:
        return queries.term_counts(services.search(services.names.works, queries.count_terms(terms, fields)))

    def _get(self, services: Services, fields: tuple[str, ...], term: str) -> int | None:
        return self._known.get((services.names.works, fields, term))

    def _add(self, services: Services, fields: tuple[str, ...], counts: Mapping[str, int]) -> None:
        for term, count in counts.items():
            self._known.put((services.names.works, fields, term), count)
