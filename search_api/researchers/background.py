"""A sample of all works, which shows what is common in the collection and says little about who is similar.

The sample is the same for every request, so a score depends neither on filters nor on the other candidates.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.researchers import queries
from search_api.researchers.oeuvre import Oeuvre
from search_api.retrieval import ranking
from search_api.retrieval.cache import ExpiringCache

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from search_api.http.services import Services

#: Seconds for which the sample is kept, since the collection may change; reading it takes some 50 ms.
SECONDS = 600.0


class Background:
    """Works sampled from the whole collection."""

    def __init__(self, works: Oeuvre) -> None:
        """Prepare the places of the works by id, and the number of works on each topic."""
        self._works = works
        self._places = {id_: place for place, id_ in enumerate(works.ids)}
        self._topics = Counter(chain.from_iterable(works.topics))

    @classmethod
    def from_response(cls, response: Mapping[str, Any]) -> Background:
        """Build it from a response to `queries.sample_of_all`."""
        return cls(Oeuvre.from_hits(response["hits"]["hits"]))

    def density(self, works: Oeuvre) -> NDArray[np.float32]:
        """Return how close each work is to its nearest ones in the sample, itself excluded: float32[n] of cosines."""
        if not self._works.ids:
            return np.zeros(len(works.ids), np.float32)
        cosines = works.vectors @ self._works.vectors.T
        for row, id_ in enumerate(works.ids):
            if id_ in self._places:
                cosines[row, self._places[id_]] = -1.0
        nearest = min(ranking.NEAREST_IN_SAMPLE, cosines.shape[1])
        top = np.partition(cosines, -nearest, axis=1)[:, -nearest:]
        return np.asarray(np.clip(top, 0.0, None).mean(axis=1), np.float32)

    def densities(self, works: Mapping[str, Oeuvre]) -> dict[str, NDArray[np.float32]]:
        """Return the `density` of the works of each researcher, from one product instead of one for each of them."""
        vectors = [theirs.vectors for theirs in works.values() if theirs.ids]
        if not vectors:
            return {id_: np.zeros(0, np.float32) for id_ in works}
        ids = [id_ for theirs in works.values() for id_ in theirs.ids]
        density = self.density(Oeuvre(ids, (), np.concatenate(vectors), ()))
        ends = np.cumsum([len(theirs.ids) for theirs in works.values()])
        return dict(zip(works, np.split(density, ends[:-1]), strict=True))

    def topic_weights(self, works: Oeuvre) -> dict[str, float]:
        """Return the topics of works, weighted by their share of the works and their rarity in the sample."""
        size = len(self._works.ids) + 1
        weights = {}
        for topic, count in Counter(chain.from_iterable(works.topics)).items():
            # A missing key of a Counter takes a call of Python.
            common = self._topics.get(topic, 0) + 0.5
            if common < size:
                weights[topic] = count / len(works.ids) * math.log(size / common)
        return weights


class Backgrounds:
    """Cache of the sample by index of works."""

    def __init__(self) -> None:
        """Start empty."""
        self._samples: ExpiringCache[str, Background] = ExpiringCache(2, SECONDS)

    def get(self, services: Services) -> Background:
        """Return the sample, from the cache or from OpenSearch; an empty one is not cached."""
        index = services.names.works
        if (cached := self._samples.get(index)) is not None:
            return cached
        response = services.search(index, queries.sample_of_all(ranking.SAMPLE))
        sample = Background.from_response(response)
        if response["hits"]["hits"]:
            self._samples.put(index, sample)
        return sample
