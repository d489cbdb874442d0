"""The languages of a collection, whose stemmers take part in its searches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cachetools import TTLCache

from mappings.analysis import LANGUAGES, language_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from search_api.http.services import Services

#: Seconds for which the languages are kept: a new one appears with a run of the indexer.
SECONDS = 60.0
#: Codes that are counted.
MAX_CODES = 100


class CollectionLanguages:
    """Cache of the languages in `works.localized`, by index. Safe to use from several threads."""

    def __init__(self, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: TTLCache[str, tuple[str, ...]] = TTLCache(10, seconds, timer)

    def of(self, services: Services) -> tuple[str, ...]:
        """Return the languages of the works that have a field of their own, the most frequent first."""
        index = services.names.works
        known: tuple[str, ...] | None = self._known.get(index)
        if known is None:
            known = self._known[index] = self._read(services, index)
        return known

    def _read(self, services: Services, index: str) -> tuple[str, ...]:
        counted = {"languages": {"terms": {"field": "language", "size": MAX_CODES}}}
        body = {"size": 0, "query": {"match_all": {}}, "aggs": counted, "track_total_hits": False}
        buckets = services.search(index, body).get("aggregations", {}).get("languages", {}).get("buckets", [])
        found = [language for bucket in buckets if (language := language_of(str(bucket["key"])))]
        return tuple(dict.fromkeys(language for language in found if language in LANGUAGES))
