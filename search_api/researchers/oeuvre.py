"""Bodies of work: the vectors of researchers' works, a fair share of each, to be compared one by one."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Oeuvre:
    """Works of one researcher: ids, who is on each, and vectors as float32[n, d], row by row."""

    ids: Sequence[str]
    people: Sequence[Collection[str]]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, hits: Iterable[Mapping[str, Any]]) -> Oeuvre:
        """Take hits of works whose fields hold the vector as `queries.SHORT_VECTOR` and the ids of researchers."""
        works = [(hit["_id"], hit["fields"]) for hit in hits]
        vectors = np.stack([spelled_out(fields["short"][0]) for _, fields in works])
        people = [set(fields["researchers.id"]) for _, fields in works]
        return cls([id_ for id_, _ in works], people, vectors)

    def without(self, researcher_id: str) -> Oeuvre:
        """Return the works that this other researcher is not on; there may be none."""
        rows = [row for row, people in enumerate(self.people) if researcher_id not in people]
        if len(rows) == len(self.ids):
            return self
        return Oeuvre([self.ids[row] for row in rows], [self.people[row] for row in rows], self.vectors[rows])


def spelled_out(short: str) -> NDArray[np.float32]:
    """Return the unit vector, float32[d], of one byte a number in base64."""
    vector = np.frombuffer(b64decode(short), dtype=np.int8).astype(np.float32)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def oeuvres(answer: Mapping[str, Any]) -> dict[str, Oeuvre]:
    """Return the works of each researcher out of the answer to `queries.sample_of`."""
    buckets = answer["aggregations"]["researchers"]["buckets"]
    return {bucket["key"]: Oeuvre.of(bucket["works"]["hits"]["hits"]) for bucket in buckets}
