"""Which topics of a researcher are distinctive: frequent in their works, and rare in the collection.

A topic on most works of a collection, such as `Medicine` among medical works, says little about a person.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from search_api.retrieval.cache import ExpiringCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from search_api.http.services import Services

#: Seconds for which the numbers of works are kept, since the collection may change.
SECONDS = 600.0
#: Topics whose numbers of works are read; each of the others is rarer than these.
MOST = 1_000


class TopicRarity:
    """How rare the topics of the collection are."""

    def __init__(self, counts: Mapping[str, int], works: int) -> None:
        """Keep the numbers of works by topic, of the most frequent topics, and of all works."""
        self._counts, self._works = counts, works
        self._least = min(counts.values(), default=0)

    @classmethod
    def from_responses(cls, topics: Mapping[str, Any], works: Mapping[str, Any]) -> TopicRarity:
        """Build it from the responses to `requests`."""
        stored = [hit["_source"] for hit in topics["hits"]["hits"]]
        counts = {topic["id"]: topic["works_count"] for topic in stored}
        return cls(counts, works["hits"]["total"]["value"])

    def weight(self, topic: str) -> float:
        """Return the inverse document frequency of a topic; 0 for one of all works."""
        return math.log((self._works + 1) / (self._counts.get(topic, self._least) + 1))

    def ordered(self, topics: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return topics with `id` and `count`, the most distinctive first; ties by count, then in the given order."""
        return sorted(topics, key=lambda topic: (-topic["count"] * self.weight(topic["id"]), -topic["count"]))


class TopicRarities:
    """Cache of the rarity of topics by index of works."""

    def __init__(self) -> None:
        """Start empty."""
        self._cached: ExpiringCache[str, TopicRarity] = ExpiringCache(2, SECONDS)

    def get(self, services: Services) -> TopicRarity:
        """Return the rarity of topics, from the cache or from OpenSearch."""
        index = services.names.works
        if (cached := self._cached.get(index)) is not None:
            return cached
        rarity = TopicRarity.from_responses(*services.search_together(requests(services)))
        self._cached.put(index, rarity)
        return rarity


def requests(services: Services) -> Sequence[tuple[str, dict[str, Any]]]:
    """Return the searches for the numbers of works of topics, and of all works."""
    body = {"size": MOST, "sort": [{"works_count": "desc"}, "id"], "_source": ["id", "works_count"]}
    return [(services.names.topics, body), (services.names.works, {"size": 0, "track_total_hits": True})]
