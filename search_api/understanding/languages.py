"""The languages of a collection, whose stemmers take part in its searches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mappings.analysis import language_of
from search_api.retrieval.cache import ExpiringCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_api.http.services import Services

#: Seconds for which the languages are kept: a new one appears with a run of the indexer.
SECONDS = 60.0
#: Codes that are counted, and indices whose languages are kept.
MAX_CODES = 100
MAX_INDICES = 10


class CollectionLanguages:
    """Cache of the languages in `works.localized`, by index. Safe to use from several threads."""

    def __init__(self, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: ExpiringCache[str, tuple[str, ...]] = ExpiringCache(MAX_INDICES, seconds, timer)

    def of(self, services: Services) -> tuple[str, ...]:
        """Return the languages of the works that have a field of their own, the most frequent first."""
        index = services.names.works
        if (known := self._known.get(index)) is None:
            known = self._read(services, index)
            self._known.put(index, known)
        return known

    def _read(self, services: Services, index: str) -> tuple[str, ...]:
        counted = {"languages": {"terms": {"field": "language", "size": MAX_CODES}}}
        body = {"size": 0, "query": {"match_all": {}}, "aggs": counted, "track_total_hits": False}
        buckets = services.search(index, body).get("aggregations", {}).get("languages", {}).get("buckets", [])
        return tuple(dict.fromkeys(language for bucket in buckets if (language := language_of(str(bucket["key"])))))
