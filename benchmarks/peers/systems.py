"""The compared systems: each is filled with a collection, then sent one query at a time.

Each has a separate embedder of the same model, so that none finds a query in another's cache; the seconds of embedding
are measured separately.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import requests

from benchmarks.serving import served
from indexer.build.works import BATCH
from peerscope import embedding
from peerscope.embedding import work_text
from peerscope.evaluation.indexed import indexed, query_api
from peerscope.evaluation.search import DEPTH
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from peerscope.evaluation.collection import Collection


class Filled(Protocol):
    """A system filled with a collection."""

    seconds: float
    embedding_seconds: float

    def find(self, text: str, count: int) -> list[str]:
        """Return the collection's ids for a query, best first."""


class Embedding:
    """The model, with the total seconds of embedding works."""

    def __init__(self) -> None:
        """Load it."""
        self.embedder = embedding.load(Settings.load())
        self.seconds = 0.0

    def works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, d]; texts are sorted by length, so that those of a batch are similarly long."""
        import numpy as np

        start = time.perf_counter()
        order = np.argsort([len(text) for text in texts], kind="stable")
        vectors = np.empty((len(texts), self.embedder.model.dimension), np.float32)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            vectors[batch] = self.embedder.embed_works([texts[place] for place in batch])
        self.seconds += time.perf_counter() - start
        return vectors


def texts_of(collection: Collection) -> dict[str, str]:
    """Return the text of each work by its id in the collection, except empty ones, as the indexer does."""
    texts = {
        collection.original_ids[record["id"]]: work_text(record["title"], record["abstract"])
        for record in collection.records
    }
    return {id_: text for id_, text in texts.items() if text}


class Peerscope:
    """Peerscope: the indexer, and the API in this process."""

    @contextmanager
    def fill(self, collection: Collection, folder: Path) -> Iterator[Filled]:  # noqa: ARG002 (it uses temporary indices)
        """Index, and remove the indices afterwards."""
        with indexed(Settings.load(), collection.records) as works:
            yield _FilledPeerscope(collection, works)


class PeerscopeOverHttp:
    """Peerscope, asked over HTTP: `peerscope serve` in other processes."""

    @contextmanager
    def fill(self, collection: Collection, folder: Path) -> Iterator[Filled]:
        """Index, serve, and remove the indices afterwards."""
        with indexed(Settings.load(), collection.records) as works:
            prefix = works.services.names.prefix
            with served(folder / "log", PEERSCOPE_INDEX_PREFIX=prefix) as base:
                yield _FilledPeerscopeOverHttp(collection, works, base)


class _FilledPeerscope:
    def __init__(self, collection: Collection, works: Any) -> None:
        self.seconds, self.embedding_seconds = works.seconds, works.embedding_seconds
        self._client, self._ids = works.client(), collection.original_ids

    def find(self, text: str, count: int) -> list[str]:
        response, _ = query_api(self._client, "works", q=text, per_page=count, select="id")
        return [self._ids[work["id"]] for work in response["results"]]


class _FilledPeerscopeOverHttp:
    def __init__(self, collection: Collection, works: Any, base: str) -> None:
        self.seconds, self.embedding_seconds = works.seconds, works.embedding_seconds
        self._ids, self._works, self._session = collection.original_ids, f"{base}/api/v1/works", requests.Session()

    def find(self, text: str, count: int) -> list[str]:
        params: dict[str, str] = {"q": text, "per_page": str(count), "select": "id"}
        response = self._session.get(self._works, params=params, timeout=60)
        response.raise_for_status()
        return [self._ids[work["id"]] for work in response.json()["results"]]


class Txtai:
    """txtai's Embeddings with `hybrid`: its own BM25 and Faiss; vectors through its `external` method."""

    @contextmanager
    def fill(self, collection: Collection, folder: Path) -> Iterator[Filled]:  # noqa: ARG002 (it stays in memory)
        """Index in memory."""
        yield _FilledTxtai(texts_of(collection))


class _FilledTxtai:
    def __init__(self, texts: dict[str, str]) -> None:
        from txtai import Embeddings

        model = Embedding()

        def transform(batch: Sequence[str]) -> NDArray[np.float32]:
            """Embed a query through the cache, and works in batches."""
            if len(batch) == 1:
                return model.embedder.embed_query(batch[0])[None]
            return model.works(batch)

        self._index = Embeddings(method="external", transform=transform, hybrid=True)
        start = time.perf_counter()
        self._index.index(list(texts.items()))
        self.seconds, self.embedding_seconds = time.perf_counter() - start, model.seconds

    def find(self, text: str, count: int) -> list[str]:
        return [str(id_) for id_, _ in self._index.search(text, count)]


class LanceDb:
    """LanceDB's hybrid search: its full-text index with stemming, its exact vector search, reciprocal rank fusion."""

    @contextmanager
    def fill(self, collection: Collection, folder: Path) -> Iterator[Filled]:
        """Index in a folder."""
        yield _FilledLanceDb(texts_of(collection), folder)


class _FilledLanceDb:
    def __init__(self, texts: dict[str, str], folder: Path) -> None:
        # It logs two warnings per query about its columns.
        os.environ.setdefault("LANCE_LOG", "error")
        import lancedb

        self._model = Embedding()
        start = time.perf_counter()
        vectors = self._model.works(list(texts.values()))
        rows = [
            {"id": id_, "text": text, "vector": vector.tolist()}
            for (id_, text), vector in zip(texts.items(), vectors, strict=True)
        ]
        self._table = lancedb.connect(folder).create_table("works", rows)
        self._table.create_fts_index("text")
        self.seconds, self.embedding_seconds = time.perf_counter() - start, self._model.seconds

    def find(self, text: str, count: int) -> list[str]:
        vector = self._model.embedder.embed_query(text)
        search = self._table.search(query_type="hybrid", vector_column_name="vector", fts_columns="text")
        # Its limit is its depth before fusion: as deep as the evaluated lists of Peerscope.
        rows = search.vector(vector).text(text).distance_type("cosine").limit(DEPTH).select(["id"]).to_list()
        return [row["id"] for row in rows[:count]]


SYSTEMS: dict[str, Peerscope | PeerscopeOverHttp | Txtai | LanceDb] = {
    "Peerscope": Peerscope(),
    "Peerscope, HTTP": PeerscopeOverHttp(),
    "txtai": Txtai(),
    "LanceDB": LanceDb(),
}
