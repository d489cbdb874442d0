"""The works of a researcher with their vectors, as similar researchers are compared by them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from search_api.researchers import queries
from search_api.retrieval import ranking
from search_api.retrieval.clauses import decode_short_vectors
from search_api.retrieval.vectors import VectorStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.authorships import Authorships
    from search_api.retrieval.vectors import KnownVectors

#: Pairs of works in the reasons.
PAIRS = 3


class Pair(NamedTuple):
    """A work of one researcher, one of another, their cosine in [0, 1], and whether both are on a shared main topic."""

    own: str
    other: str
    cosine: float
    is_on_topic: bool


@dataclass(frozen=True)
class Oeuvre:
    """Works of one researcher: ids, ids of the authors and of the topics of each, and vectors, float32[n, d].

    `authors` has at least those authors who take part in the comparison; works from memory have no others.
    """

    ids: Sequence[str]
    authors: Sequence[Collection[str]]
    vectors: NDArray[np.float32]
    topics: Sequence[Collection[str]]

    @classmethod
    def from_hits(cls, hits: Iterable[Mapping[str, Any]], known: KnownVectors | None = None) -> Oeuvre:
        """Build it from hits whose fields contain ids of researchers and topics.

        Vectors are in `known`, or in the hits, as `SHORT_VECTOR`.
        """
        fields = [hit["fields"] for hit in hits]
        ids = [work["id"][0] for work in fields]
        return cls(
            ids,
            [work["researchers.id"] for work in fields],
            known.of(ids) if known else decode_short_vectors([work["short"][0] for work in fields]),
            [work.get("topics.id", ()) for work in fields],
        )

    @property
    def centre(self) -> NDArray[np.float32]:
        """The direction of the mean of the vectors: float32[d], unit length."""
        mean = self.vectors.sum(axis=0) / len(self.vectors)
        return np.asarray(mean / max(float(np.sqrt(mean.dot(mean))), 1e-9), np.float32)

    @cached_property
    def _all_authors(self) -> set[str]:
        return set().union(*self.authors)

    def has_author(self, researcher_id: str) -> bool:
        """Return whether this researcher is an author of any of the works."""
        return researcher_id in self._all_authors

    def rows_without(self, researcher_id: str) -> list[int]:
        """Return the places of the works without this other author."""
        return [row for row, authors in enumerate(self.authors) if researcher_id not in authors]

    def without(self, researcher_id: str) -> Oeuvre:
        """Return the works without this other author, possibly none."""
        return self._rows(self.rows_without(researcher_id)) if self.has_author(researcher_id) else self

    def joint(self, researcher_id: str) -> list[str]:
        """Return the ids of the works that this other author wrote too."""
        if not self.has_author(researcher_id):
            return []
        return [id_ for id_, authors in zip(self.ids, self.authors, strict=True) if researcher_id in authors]

    def on(self, topics: Collection[str]) -> Oeuvre:
        """Return the works on any of these topics, possibly none."""
        wanted = set(topics)
        return self._rows([row for row, own in enumerate(self.topics) if not wanted.isdisjoint(own)])

    def besides(self, ids: Collection[str]) -> Oeuvre:
        """Return the works without these, possibly none."""
        return self._rows([row for row, id_ in enumerate(self.ids) if id_ not in ids])

    def nearest(self, vector: NDArray[np.float32]) -> list[tuple[str, float]]:
        """Return the ids and cosines, in [0, 1], of the works nearest to a unit vector."""
        cosines = np.clip(self.vectors @ vector, 0.0, 1.0)
        nearest = np.argsort(-cosines, kind="stable")[: ranking.SUPPORTING_WORKS]
        return [(self.ids[row], float(cosines[row])) for row in nearest]

    def between(self, start: int, end: int) -> Oeuvre:
        """Return the works of these rows."""
        part = slice(start, end)
        return Oeuvre(self.ids[part], self.authors[part], self.vectors[part], self.topics[part])

    def _rows(self, rows: Sequence[int]) -> Oeuvre:
        if len(rows) == len(self.ids):
            return self
        ids, authors = [self.ids[row] for row in rows], [self.authors[row] for row in rows]
        return Oeuvre(ids, authors, self.vectors[list(rows)], [self.topics[row] for row in rows])


def oeuvres(response: Mapping[str, Any], known: KnownVectors | None = None) -> dict[str, Oeuvre]:
    """Return the works of each researcher in a response to `queries.sample_of`; their vectors may be `known`."""
    hits = {
        bucket["key"]: bucket["works"]["hits"]["hits"] for bucket in response["aggregations"]["researchers"]["buckets"]
    }
    together = Oeuvre.from_hits([hit for theirs in hits.values() for hit in theirs], known)
    return _divided(together, {id_: len(theirs) for id_, theirs in hits.items()})


def _divided(together: Oeuvre, sizes: Mapping[str, int]) -> dict[str, Oeuvre]:
    """Return the works of each researcher: the first `sizes` of them, the next ones, and so on."""
    ends = np.cumsum([*sizes.values()]).tolist()
    return {id_: together.between(end - sizes[id_], end) for id_, end in zip(sizes, ends, strict=True)}


def read_oeuvres(
    services: Services, samples: Sequence[tuple[Sequence[str], int]], generation: str | None
) -> list[dict[str, Oeuvre]]:
    """Return the works of several groups of researchers: for each group of ids, so many works of each of them.

    They are in memory if those of the `generation` of works are, and are requested otherwise.
    """
    store = services.shared(VectorStore)
    if (current := store.of(generation)) and current.authorships:
        return _known_oeuvres(current, current.authorships, samples)
    known = store.known
    responses = _sampled(services, samples, with_vectors=known is None)
    if known and not all(_are_known(known, response) for response in responses):
        known, responses = None, _sampled(services, samples, with_vectors=True)
    remaining = iter(responses)
    return [oeuvres(next(remaining), known) if ids else {} for ids, _ in samples]


def known_topics(services: Services, ids: Sequence[str], generation: str | None) -> dict[str, dict[str, Any]]:
    """Return `topics`, with the `count` of each, and `works_count` as these stored researchers have them.

    Returns nothing unless the works of the `generation` are in memory.
    """
    current = services.shared(VectorStore).of(generation)
    if not (current and current.authorships):
        return {}
    known = {}
    for id_, works in current.authorships.works_of(ids).items():
        topics = [{"id": topic, "count": count} for topic, count in current.authorships.topic_counts(works).items()]
        known[id_] = {"topics": topics, "works_count": len(works)}
    return known


def _known_oeuvres(
    known: KnownVectors, authorships: Authorships, samples: Sequence[tuple[Sequence[str], int]]
) -> list[dict[str, Oeuvre]]:
    """Return the works in memory. The authors of each are those of its authors that are among the `samples`."""
    rows = authorships.works_of([id_ for ids, _ in samples for id_ in ids])
    authors: dict[int, set[str]] = {}
    for id_, written in rows.items():
        for row in written:
            authors.setdefault(row, set()).add(id_)

    def group(ids: Sequence[str], size: int) -> dict[str, Oeuvre]:
        drawn = {id_: rows[id_][:size] for id_ in sorted(ids, key=lambda id_: (-len(rows[id_]), id_)) if rows[id_]}
        written = [row for theirs in drawn.values() for row in theirs]
        works = [known.ids[row] for row in written]
        together = Oeuvre(works, [authors[row] for row in written], known.of(works), authorships.topics_of(written))
        return _divided(together, {id_: len(theirs) for id_, theirs in drawn.items()})

    return [group(ids, size) if ids else {} for ids, size in samples]


def _sampled(
    services: Services, samples: Sequence[tuple[Sequence[str], int]], *, with_vectors: bool
) -> list[dict[str, Any]]:
    return services.search_together(
        [
            (services.names.works, queries.sample_of(ids, size, with_vectors=with_vectors))
            for ids, size in samples
            if ids
        ]
    )


def _are_known(known: KnownVectors, response: Mapping[str, Any]) -> bool:
    """Return whether the vectors of all works in a response are known: those of another generation are not."""
    buckets = response["aggregations"]["researchers"]["buckets"]
    hits = [hit for bucket in buckets for hit in bucket["works"]["hits"]["hits"]]
    are_current = {hit["_index"] for hit in hits} <= {known.generation}
    return are_current and known.has_all([hit["fields"]["id"][0] for hit in hits])


def closest_works(own: Oeuvre, other: Oeuvre, topics: Collection[str] = (), count: int = PAIRS) -> list[Pair]:
    """Return the closest pairs of works, each work in one pair at most: those on `topics` first, if there are any.

    A pair that is close but off the common main topics explains little, such as two papers on software.
    """
    pairs = _closest(own.on(topics), other.on(topics), count, is_on_topic=True)
    if len(pairs) < count:
        used = {id_ for pair in pairs for id_ in pair[:2]}
        pairs += _closest(own.besides(used), other.besides(used), count - len(pairs), is_on_topic=False)
    return pairs


def _closest(own: Oeuvre, other: Oeuvre, count: int, *, is_on_topic: bool) -> list[Pair]:
    pairs = ranking.closest_pairs(own.vectors, other.vectors, count) if own.ids and other.ids else []
    return [Pair(own.ids[row], other.ids[column], cosine, is_on_topic) for row, column, cosine in pairs]
