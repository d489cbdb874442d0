"""Topics for works whose source gives none: those of their nearest labelled neighbours, kept apart and marked.

A work's neighbours by meaning vote with their topics, each vote weighted by similarity; what gets half of the votes is
assigned. On 800 held-out arXiv works with 3,200 labelled ones, the best of these votes was one of the work's own
categories for 79 % (nearest centroid: 59 %), and of all that is assigned 78 % was right. It stands in
`assigned_topics`, never in `topics`, which is only what the source said.
"""

from __future__ import annotations

import heapq
import itertools
import math
import zlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.write.bulk import with_retries, write
from indexer.write.reads import count, pages, search_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from indexer.staging.database import StagingDatabase
    from mappings import Generation

    #: A labelled work: its id, its embedding, float32[d], and its topics.
    _Work = tuple[str, NDArray[np.float32], list[dict[str, str]]]

#: Neighbours that vote: top-1 accuracy .770 with 5, .774 with 10, .790 with 15, .767 with 25.
NEIGHBOURS = 15
#: Neighbours that are looked for, so that an approximate search finds the true nearest ones.
LOOKED_AT = 50
#: The power of the similarity that a vote weighs: .774 with 1, .790 with 4, .771 with 8.
SHARPNESS = 4
#: The share of the votes that a topic needs: precision .70 from .4 on, .78 from .5, .83 from .6.
SHARE = 0.5
#: Works asked about in one request.
BATCH = 100
#: Up to so many works are asked about one by one; for more, the labelled ones are read into memory.
FEW = 200
#: Labelled works kept in memory, 154 MB of vectors.
MOST = 100_000
#: Works compared with all of those at once: 26 MB of cosines.
COMPARED = 64
PAGE = 1_000
METHOD = f"neighbours-{NEIGHBOURS}"


def assign_topics(client: OpenSearch, generation: Generation, on_batch: Callable[[int], None]) -> int:
    """Assign topics to every indexed work that has none of its own and was not looked at yet; give how many got one.

    Does nothing where no work has a topic to learn from. `on_batch` is told how many were looked at.
    """
    with_retries(client.indices.refresh, index=generation.works)
    to_do, labelled = (count(client, generation.works, query) for query in (_TO_DO, _LABELLED))
    if not to_do or not labelled:
        return 0
    many = Labelled.of(client, generation) if to_do > FEW else None
    assigned = looked_at = 0
    for works in _unlabelled(client, generation):
        vectors = np.asarray([work["embedding"] for work in works], dtype=np.float32)
        votes = many.votes(vectors) if many else [vote(near) for near in _neighbours(client, generation, works)]
        write(client, (_update(generation, work["id"], topics) for work, topics in zip(works, votes, strict=True)))
        assigned += sum(bool(topics) for topics in votes)
        looked_at += len(works)
        on_batch(looked_at)
    return assigned


@dataclass(frozen=True)
class Labelled:
    """The works with topics of their own, in memory: for many questions one matrix product is faster than a search.

    `vectors` is float32[n, d], rows of unit length. 12 ms a work in OpenSearch, under 1 ms here.
    """

    vectors: NDArray[np.float32]
    topics: list[list[dict[str, str]]]

    @classmethod
    def of(cls, client: OpenSearch, generation: Generation, staged: StagingDatabase | None = None) -> Labelled | None:
        """Gather all labelled works, or a sample of about MOST of them; None where there are none.

        Works that are in the file of a run already do not have to be read from the index.
        """
        there = count(client, generation.works, _LABELLED)
        step = max(1, math.ceil(there / MOST))
        sources = []
        if staged is not None:
            sources.append(staged.labelled())
        if staged is None or staged.count(labelled=True) < there:
            sources.append(_indexed(client, generation, staged))
        # By id, however they came, so that of two that are equally near the same one wins in every run.
        works = heapq.merge(*sources, key=lambda work: work[0])
        return _gathered((work for work in works if _in_sample(work[0], step)), there)

    def votes(self, vectors: NDArray[np.float32]) -> list[list[dict[str, Any]]]:
        """Return the topics that each of these embeddings, float32[n, d], is assigned."""
        return [vote(near) for near in self.neighbours(vectors)]

    def neighbours(self, vectors: NDArray[np.float32]) -> Iterator[list[tuple[float, list[dict[str, str]]]]]:
        """Return the nearest labelled works of each embedding: cosines and topics, the nearest first."""
        for start in range(0, len(vectors), COMPARED):
            for row in vectors[start : start + COMPARED] @ self.vectors.T:
                nearest = np.argpartition(-row, min(NEIGHBOURS, len(row) - 1))[:NEIGHBOURS]
                ordered = sorted(nearest.tolist(), key=lambda item: (-row[item], item))
                yield [(float(row[item]), self.topics[item]) for item in ordered]


def _gathered(works: Iterable[_Work], most: int) -> Labelled | None:
    """Gather up to `most` works: each vector goes straight into the matrix, and equal topics are kept once."""
    vectors: NDArray[np.float32] | None = None
    topics: list[list[dict[str, str]]] = []
    known: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for _, vector, found in itertools.islice(works, most):
        if vectors is None:
            vectors = np.empty((most, len(vector)), dtype=np.float32)
        vectors[len(topics)] = vector
        topics.append(known.setdefault(tuple(topic["id"] for topic in found), found))
    return None if vectors is None else Labelled(vectors[: len(topics)], topics)


def _indexed(client: OpenSearch, generation: Generation, staged: StagingDatabase | None) -> Iterator[_Work]:
    """Return the labelled works of the index that are not staged, by id."""
    for hit in itertools.chain.from_iterable(pages(client, generation.works, _ALL_LABELLED)):
        source = hit["_source"]
        if staged is None or source["id"] not in staged:
            yield source["id"], np.asarray(source["embedding"], dtype=np.float32), source["topics"]


_LABELLED: dict[str, Any] = {"exists": {"field": "topics.id"}}
_ALL_LABELLED: dict[str, Any] = {
    "size": PAGE,
    "sort": ["id"],
    "query": _LABELLED,
    "_source": ["id", "topics", "embedding"],
}
_TO_DO: dict[str, Any] = {"bool": {"must_not": [_LABELLED, {"exists": {"field": "assigned_by"}}]}}


def vote(neighbours: Sequence[tuple[float, Sequence[Mapping[str, str]]]]) -> list[dict[str, Any]]:
    """Return the topics that win the vote, `{"id", "name", "share"}`, the largest share first.

    `neighbours` are cosines and topics of the nearest labelled works, the nearest first.
    """
    shares: dict[str, float] = defaultdict(float)
    names: dict[str, str] = {}
    weights = [max(0.0, cosine) ** SHARPNESS for cosine, _ in neighbours[:NEIGHBOURS]]
    total = sum(weights)
    for weight, (_, topics) in zip(weights, neighbours, strict=False):
        for topic in topics:
            shares[topic["id"]] += weight / total if total else 0.0
            names[topic["id"]] = topic["name"]
    winners = sorted((-share, id_) for id_, share in shares.items() if share >= SHARE)
    return [{"id": id_, "name": names[id_], "share": round(-share, 3)} for share, id_ in winners]


def _unlabelled(client: OpenSearch, generation: Generation) -> Iterator[list[dict[str, Any]]]:
    body = {"size": BATCH, "sort": ["id"], "query": _TO_DO, "_source": ["id", "embedding"]}
    return ([hit["_source"] for hit in hits] for hits in pages(client, generation.works, body))


def _neighbours(
    client: OpenSearch, generation: Generation, works: Sequence[Mapping[str, Any]]
) -> Iterator[list[tuple[float, list[dict[str, str]]]]]:
    near = ({"vector": work["embedding"], "k": LOOKED_AT, "filter": _LABELLED} for work in works)
    bodies = ({"size": NEIGHBOURS, "query": {"knn": {"embedding": one}}, "_source": ["topics"]} for one in near)
    for answer in search_together(client, generation.works, bodies):
        # Lucene scores a cosine as (1 + cos) / 2.
        yield [(2 * hit["_score"] - 1, hit["_source"]["topics"]) for hit in answer["hits"]["hits"]]


def _update(generation: Generation, id_: str, topics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"update": {"_index": generation.works, "_id": id_}}, {"doc": assigned(topics)}]


def assigned(topics: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields of a work's document that say what it was assigned; no topics when the vote was split."""
    return {"assigned_topics": topics, "assigned_by": METHOD}


def _in_sample(id_: str, step: int) -> bool:
    """Return whether a work is in a sample of one in `step`: by its id alone, so it is the same sample in every run."""
    return zlib.crc32(id_.encode()) % step == 0
