"""The vectors of all works in memory, unless there are too many: what needs them takes no request.

A graph in OpenSearch is worth a round trip only if there are more vectors than a process compares at once: 20,000 of
384 dimensions take 3 ms and 31 MB. Of a larger collection, short vectors are kept, a byte per dimension, which are
looked up by id: where researchers are compared, with the works of each, and in the second pass of hybrid search. To
request 1,000 of them took 30 ms. A server loads them while it answers by requests, and again when a new generation
goes live; a generation never changes.
"""

from __future__ import annotations

import logging
import threading
from base64 import b64decode
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any

import numpy as np
from opensearchpy.exceptions import OpenSearchException

from mappings import StoreError, live
from peerscope import engine
from search_api.retrieval.authorships import read_authorships
from search_api.retrieval.clauses import SHORT_VECTOR, unit_vectors
from search_api.retrieval.hashes import hashes_of, places_in
from search_api.retrieval.hits import best_first, hit_id, only_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from search_api.http.services import Services
    from search_api.retrieval.authorships import Authorships
    from search_api.retrieval.hits import Scores

    Vector = NDArray[np.float32]

#: Works read per request: 500 vectors take 60 ms.
BATCH = 500
#: Seconds that a request may take, and between two looks for a new generation.
TIMEOUT, EVERY = 30.0, 5.0
#: Script field that returns a vector as base64 of its floats, four bytes each, the lowest first.
FLOATS = """
    def vector = doc['embedding'].value;
    byte[] bytes = new byte[4 * vector.length];
    for (int i = 0; i < vector.length; i++) {
      int bits = Float.floatToIntBits((float) vector[i]);
      for (int j = 0; j < 4; j++) { bytes[4 * i + j] = (byte) (bits >> (8 * j)) }
    }
    return Base64.getEncoder().encodeToString(bytes);
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class KnownVectors:
    """The vectors of all works of a generation that have one, by row in the order of `ids`: int8[n, d] of any length.

    `generation` is the name of the index of works. Rows are those of `SHORT_VECTOR`; their direction counts.
    `authorships` are those of the same rows; None if there are other works without a vector.
    """

    generation: str
    ids: Sequence[str]
    rows: NDArray[Any]
    authorships: Authorships | None = None

    @cached_property
    def _sorted_hashes(self) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        """Hashes of the ids, sorted, and the row of each; at the end -1, for ids that are not there."""
        hashes = hashes_of(self.ids)
        order = np.argsort(hashes)
        return hashes[order], np.append(order, -1)

    def _places(self, ids: Sequence[str]) -> NDArray[np.intp]:
        """Return the row of each of these works; -1 for one without a vector."""
        hashes, rows = self._sorted_hashes
        return rows[places_in(hashes, ids)]

    def has_all(self, ids: Sequence[str]) -> bool:
        """Return whether all of these works have a vector."""
        return bool((self._places(ids) >= 0).all())

    def of(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of these works, float32[n, d] of unit length. Raises KeyError for a work without one."""
        places = self._places(ids)
        for missing in np.flatnonzero(places < 0).tolist():
            raise KeyError(ids[missing])
        return self._vectors(places)

    def _vectors(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        return unit_vectors(self.rows[places])

    def by_id(self, ids: Sequence[str]) -> dict[str, Vector]:
        """Return the vectors of those of these works that have one, float32[d] of unit length, by id."""
        known, places = self._known(ids)
        return dict(zip(known, self._vectors(places), strict=True)) if known else {}

    def nearest_of(self, ids: Sequence[str], vector: Vector, count: int) -> Scores:
        """Return the `count` nearest of these works to a vector of unit length, by Lucene's score (1 + cos) / 2.

        Works without a vector are left out.
        """
        known, places = self._known(ids)
        return _nearest(known, self._vectors(places), vector, count) if known else {}

    def _known(self, ids: Sequence[str]) -> tuple[list[str], NDArray[np.intp]]:
        """Return those of these works that have a vector, and their places."""
        places = self._places(ids)
        has_vector = places >= 0
        return list(compress(ids, has_vector.tolist())), places[has_vector]


@dataclass(frozen=True)
class WorkVectors(KnownVectors):
    """The vectors as they are stored, float32[n, d] of unit length, of which the nearest can be found."""

    def nearest(self, vector: Vector, count: int) -> Scores:
        """Return the `count` nearest works to a vector, float32[d] of unit length, by Lucene's score (1 + cos) / 2."""
        return _nearest(self.ids, self.rows, vector, count) if self.ids else {}

    def _vectors(self, places: NDArray[np.intp]) -> NDArray[np.float32]:
        return np.asarray(self.rows[places], np.float32)


def _nearest(ids: Sequence[str], rows: NDArray[np.float32], vector: Vector, count: int) -> Scores:
    """Return the `count` rows of unit length that are nearest to a vector, by the score (1 + cos) / 2."""
    # A product by BLAS starts threads, which wait for each other busily and are slower while OpenSearch computes.
    scores = (1 + np.einsum("ij,j->i", rows, vector)) / 2
    places = np.argpartition(-scores, count)[:count] if count < len(scores) else np.arange(len(scores))
    nearest = {ids[place]: score for place, score in zip(places.tolist(), scores[places].tolist(), strict=True)}
    return best_first(nearest)


class VectorStore:
    """The vectors in memory, if any. One per app; safe to use from several threads."""

    def __init__(self) -> None:
        """Start without vectors."""
        self.known: KnownVectors | None = None

    @property
    def current(self) -> WorkVectors | None:
        """The vectors of which the nearest can be found; None if there are none, or only short ones."""
        return self.known if isinstance(self.known, WorkVectors) else None

    def of(self, generation: str | None) -> KnownVectors | None:
        """Return the vectors of a generation, the name of its index of works, if they are in memory."""
        known = self.known
        return known if known and known.generation == generation else None

    def load(self, services: Services) -> None:
        """Load the vectors of the live generation, or drop those in memory if it has too many works.

        Nothing is read if they are in memory already. Raises OpenSearchException or StoreError.
        """
        most = services.settings.vectors_in_memory
        most_short = max(most, services.settings.short_vectors_in_memory)
        generation = live(services.client, services.names) if most_short else None
        works = services.client.count(index=generation.works)["count"] if generation else 0
        if generation is None or works > most_short:
            self.known = None
        elif self.known is None or self.known.generation != generation.works:
            self.known = read(services, generation.works, short=works > most)


def read(services: Services, index: str, *, short: bool = False) -> KnownVectors:
    """Read the vectors of all works of an index, in the order of their ids, and who wrote which of them."""
    body: dict[str, Any] = {
        "query": {"exists": {"field": "embedding"}},
        "size": BATCH,
        "sort": [{"id": "asc"}],
        "track_total_hits": False,
        "script_fields": {"vector": {"script": {"source": SHORT_VECTOR if short else FLOATS}}},
        **only_fields(),
    }
    ids: list[str] = []
    rows: list[NDArray[Any]] = []
    while hits := services.search(index, body)["hits"]["hits"]:
        ids += [hit_id(hit) for hit in hits]
        vectors = b"".join(b64decode(hit["fields"]["vector"][0]) for hit in hits)
        rows.append(np.frombuffer(vectors, np.int8 if short else "<f4").reshape(len(hits), -1))
        body["search_after"] = hits[-1]["sort"]
    together = np.concatenate(rows) if rows else np.empty((0, 0), np.float32)
    authorships = read_authorships(services, index, ids)
    return (KnownVectors if short else WorkVectors)(index, ids, together, authorships)


class VectorLoader(threading.Thread):
    """Keeps the vectors of the live generation in memory while a server runs."""

    def __init__(self, services: Services, every: float = EVERY) -> None:
        """Look for a new generation every `every` seconds."""
        super().__init__(name="vector-loader", daemon=True)
        self._services, self._every = services, every
        self._stopped = threading.Event()

    def run(self) -> None:
        """Load until stopped; while OpenSearch does not answer, wait."""
        store = self._services.shared(VectorStore)
        # Loading has its own client: the one that answers users has a budget per request, and a circuit that may open.
        patient = replace(self._services, client=engine.follow(self._services.settings, timeout=TIMEOUT))
        while True:
            try:
                store.load(patient)
            except (OpenSearchException, StoreError) as error:
                log.debug("vectors are not loaded: %s", error)
            if self._stopped.wait(self._every):
                return

    def stop(self) -> None:
        """Stop and wait for the end."""
        self._stopped.set()
        self.join()
