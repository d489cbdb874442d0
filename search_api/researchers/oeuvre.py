"""Bodies of work: the vectors of researchers' works, a fair share of each, to be compared one by one."""

from __future__ import annotations

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
        """Take hits of works whose source holds `embedding` and the ids of `researchers`."""
        works = [(hit["_id"], hit["_source"]) for hit in hits]
        return cls(
            [id_ for id_, _ in works],
            [{one["id"] for one in source["researchers"]} for _, source in works],
            np.asarray([source["embedding"] for _, source in works], dtype=np.float32),
        )

    def without(self, researcher_id: str) -> Oeuvre:
        """Give the works that this other researcher is not on; there may be none."""
        rows = [row for row, people in enumerate(self.people) if researcher_id not in people]
        if len(rows) == len(self.ids):
            return self
        return Oeuvre([self.ids[row] for row in rows], [self.people[row] for row in rows], self.vectors[rows])


def oeuvres(answer: Mapping[str, Any]) -> dict[str, Oeuvre]:
    """Give the works of each researcher out of the answer to `queries.sample_of`."""
    buckets = answer["aggregations"]["researchers"]["buckets"]
    return {bucket["key"]: Oeuvre.of(bucket["works"]["hits"]["hits"]) for bucket in buckets}
