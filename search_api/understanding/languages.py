"""The size of a collection, and its languages, whose stemmers take part in its searches."""

from __future__ import annotations

import time
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Collection:
    """The number of works, and the languages of those that have a field of their own, the most frequent first."""

    works: int = 0
    languages: tuple[str, ...] = ()


class Collections:
    """Cache of what is known about a collection, by index. Safe to use from several threads."""

    def __init__(self, seconds: float = SECONDS, timer: Callable[[], float] = time.monotonic) -> None:
        """Start empty; entries expire after `seconds`."""
        self._known: ExpiringCache[str, Collection] = ExpiringCache(MAX_INDICES, seconds, timer)

    def of(self, services: Services) -> Collection:
        """Return what is known about the works of these services."""
        index = services.names.works
        if (known := self._known.get(index)) is None:
            known = self._read(services, index)
            self._known.put(index, known)
        return known

    def _read(self, services: Services, index: str) -> Collection:
        counted = {"languages": {"terms": {"field": "language", "size": MAX_CODES}}}
        body = {"size": 0, "query": {"match_all": {}}, "aggs": counted, "track_total_hits": True}
        response = services.search(index, body)
        buckets = response.get("aggregations", {}).get("languages", {}).get("buckets", [])
        languages = dict.fromkeys(language for bucket in buckets if (language := language_of(str(bucket["key"]))))
        return Collection(response["hits"]["total"]["value"], tuple(languages))
