"""Who wrote which works, and on which topics works are, as numbers: 40 bytes per work of 3.5 authors.

Works are rows: places in a list that is kept elsewhere.
"""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from search_api.retrieval.clauses import SAMPLED
from search_api.retrieval.hashes import places_in
from search_api.retrieval.hits import hit_id, only_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from search_api.http.services import Services

#: Works read per request.
BATCH = 1_000


@dataclass(frozen=True)
class Lists:
    """Lists of numbers: that of key `i` is `values[starts[i] : starts[i + 1]]`, int32."""

    starts: NDArray[np.int32]
    values: NDArray[np.int32]

    @classmethod
    def of(cls, keys: NDArray[Any], values: NDArray[Any], count: int) -> Lists:
        """Return the values of each key from 0 to `count` - 1, in the given order; the keys have to be sorted."""
        return cls(np.searchsorted(keys, np.arange(count + 1)).astype(np.int32), values.astype(np.int32))

    def __getitem__(self, key: int) -> list[int]:
        values: list[int] = self.values[self.starts[key] : self.starts[key + 1]].tolist()
        return values

    def joined(self, keys: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the lists of several keys, one after the other, and where each of them ends."""
        starts = self.starts[keys]
        sizes = self.starts[np.asarray(keys, np.intp) + 1] - starts
        ends = sizes.cumsum()
        places = np.arange(sizes.sum()) + np.repeat(starts - ends + sizes, sizes)
        return self.values[places].tolist(), ends.tolist()


@dataclass(frozen=True)
class Authorships:
    """The works of every researcher, in the order in which samples are drawn from them, and the topics of every work.

    `researchers` are the hashes of all ids, int64[n], sorted; `works` are by their place. Ids themselves would take as
    much memory as all the rest. `topics` are places of `topic_ids`, by work.
    """

    researchers: NDArray[np.int64]
    works: Lists
    topic_ids: Sequence[str]
    topics: Lists

    def works_of(self, ids: Sequence[str]) -> dict[str, list[int]]:
        """Return the rows of all works of each researcher, those first that are drawn first; none of unknown ones."""
        places = places_in(self.researchers, ids).tolist()
        return {id_: self.works[place] if place >= 0 else [] for id_, place in zip(ids, places, strict=True)}

    def topics_of(self, rows: Sequence[int]) -> list[list[str]]:
        """Return the ids of the topics of each work."""
        topics, ends = self.topics.joined(rows)
        ids = [self.topic_ids[topic] for topic in topics]
        return [ids[start:end] for start, end in pairwise([0, *ends])]

    def topic_counts(self, rows: Sequence[int]) -> Counter[str]:
        """Return how many of these works are on each topic."""
        return Counter(self.topic_ids[topic] for topic in self.topics.joined(rows)[0])


def read_authorships(services: Services, index: str, ids: Sequence[str]) -> Authorships | None:
    """Read who wrote the works of an index, and their topics; `ids` are those of the rows.

    Returns None if the index has other works, or if a shard does not answer.
    """
    if services.client.count(index=index)["count"] != len(ids):
        return None
    chances = np.empty(len(ids), np.float32)
    numbers: dict[str, int] = {}
    written, authors, on_topic, topics = array("i"), array("q"), array("i"), array("i")
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        # Only these works are scored: that of all works takes 300 ms.
        query = {"bool": {"must": [SAMPLED], "filter": [{"terms": {"id": batch}}]}}
        fields = only_fields("researchers.id", "topics.id")
        body = {"query": query, "size": len(batch), "track_total_hits": False, **fields}
        hits = {hit_id(hit): hit for hit in services.search(index, body)["hits"]["hits"]}
        if len(hits) < len(batch):
            return None
        for row, id_ in enumerate(batch, start):
            chances[row] = hits[id_]["_score"]
            for author in hits[id_]["fields"].get("researchers.id", ()):
                written.append(row)
                authors.append(hash(author))
            for topic in hits[id_]["fields"].get("topics.id", ()):
                on_topic.append(row)
                topics.append(numbers.setdefault(topic, len(numbers)))
    rows = np.asarray(written)
    researchers, people = np.unique(np.asarray(authors), return_inverse=True)
    drawn = np.lexsort((rows, -chances[rows], people))
    return Authorships(
        researchers,
        Lists.of(people[drawn], rows[drawn], len(researchers)),
        list(numbers),
        Lists.of(np.asarray(on_topic), np.asarray(topics), len(ids)),
    )
