"""What a request needs from outside: the OpenSearch client, the index names, the embedding model, the settings."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import current_app, g, has_app_context
from opensearchpy.exceptions import NotFoundError, TransportError

from peerscope import embedding
from peerscope.embedding import EmbeddingError
from peerscope.settings import Settings
from search_api.http.errors import unavailable
from search_api.http.timing import timed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from mappings import IndexNames
    from search_api.http.index_check import IndexCheck

Shared = TypeVar("Shared")

#: Key of `app.extensions`.
KEY = "peerscope"
#: Seconds before loading the model is retried: it may need a download, which a query would wait for.
RELOAD_PAUSE = 30.0
#: Concurrent requests of a server's worker, most of whose time is spent waiting for OpenSearch; and queries that are
#: embedded at once, beside the requests that they are for.
THREADS = 8
#: Bytes of the longest id that OpenSearch stores; it rejects requests for longer ones.
MAX_ID = 512


@dataclass
class Services:
    """The client and names are ready; the model is loaded at the first use, which in a server is its warm-up."""

    client: OpenSearch
    names: IndexNames
    load_embedder: Callable[[], embedding.Embedder] | None = None
    settings: Settings = field(default_factory=Settings.load)
    index: IndexCheck | None = None
    """Checks mapping version and model of the index; without it, both are assumed to be right."""
    _not_before: float = 0.0
    _embedder: embedding.Embedder | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _shared: dict[type, Any] = field(default_factory=dict)
    _threads: ThreadPoolExecutor | None = None

    def shared(self, kind: type[Shared]) -> Shared:
        """Return the one instance of a class that other packages keep between requests, such as a cache."""
        if kind not in self._shared:
            self._shared.setdefault(kind, kind())
        return cast("Shared", self._shared[kind])

    def embedder(self) -> embedding.Embedder:
        """Return the model, loaded once. Raises EmbeddingError if that fails, and again for `RELOAD_PAUSE` seconds."""
        with self._lock:
            if self._embedder is None:
                if time.monotonic() < self._not_before:
                    raise EmbeddingError("the embedding model could not be loaded a moment ago")
                self._not_before = time.monotonic() + RELOAD_PAUSE
                self._embedder = self.load_embedder() if self.load_embedder else embedding.load(self.settings)
            return self._embedder

    def embedded(self) -> dict[str, int]:
        """Return the number of queries embedded so far (`miss`), and of those found in the cache (`hit`)."""
        return self._embedder.cache_count() if self._embedder else {"hit": 0, "miss": 0}

    def circuit_is_open(self) -> bool:
        """Return whether the circuit breaker is open: OpenSearch failed recently and receives no requests."""
        breaker = getattr(getattr(self.client, "transport", None), "breaker", None)
        return breaker is not None and breaker.circuit.is_open

    def begin_embedding(self, text: str) -> None:
        """Begin to compute the vector of a query in another thread, for `embed_query` later in the same request."""
        if not has_app_context():
            return
        try:
            embedder = self.embedder()
        except EmbeddingError:
            return
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(THREADS, "embedding")
        g.embedding = self._threads.submit(embedder.embed_query, text)

    def embed_query(self, text: str) -> NDArray[np.float32] | None:
        """Return the vector of a query, float32[n]; None if embedding fails, so that keyword search can answer.

        Raises Problem (503) if the index has vectors of another model.
        """
        try:
            embedder = self.embedder()
            if self.index and (problem := self.index.model_problem(embedder.model)):
                raise unavailable(problem)
            with timed("embed"):
                if has_app_context() and (begun := g.pop("embedding", None)):
                    wait([begun])  # the embedder caches its result; an error is raised again below
                return embedder.embed_query(text)
        except EmbeddingError:
            g.degraded = True
            current_app.logger.exception("embedding failed; answering by keyword")
            return None

    def search(self, index: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return OpenSearch's response to a search."""
        return cast("dict[str, Any]", self.client.search(index=index, body=body))

    def search_together(self, searches: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """Run several searches, each an index and a body, in one round trip.

        Raises TransportError when one of them fails, as `search` does.
        """
        lines = [line for index, body in searches for line in ({"index": index}, body)]
        answers: list[dict[str, Any]] = self.client.msearch(body=lines)["responses"] if lines else []
        for answer in answers:
            if "error" in answer:
                kind = NotFoundError if answer["status"] == HTTPStatus.NOT_FOUND else TransportError
                raise kind(answer["status"], answer["error"]["type"], answer)
        return answers

    def get(self, index: str, id_: str, **params: Any) -> dict[str, Any] | None:
        """Return a document by its id; None if it does not exist."""
        if not 0 < len(id_.encode()) <= MAX_ID:
            return None
        answer = self.client.get(index=index, id=id_, params=params, ignore=[404])
        return cast("dict[str, Any]", answer["_source"]) if answer.get("found") else None

    def get_many(self, index: str, ids: Iterable[str], *fields: str) -> dict[str, dict[str, Any]]:
        """Return these fields of documents by id; missing documents are omitted."""
        if not (wanted := list(ids)):
            return {}
        answer = self.client.mget(index=index, body={"ids": wanted}, params={"_source_includes": ",".join(fields)})
        return {found["_id"]: found["_source"] for found in answer["docs"] if found.get("found")}

    def researcher_ids(self, given: list[str]) -> dict[str, str]:
        """Return the canonical id of each source id, ORCID iD or merged id of a researcher; unknown ids are omitted."""
        body = {"size": len(given), "query": {"terms": {"ids": given}}, "_source": ["id", "ids"]}
        hits = self.search(self.names.researchers, body)["hits"]["hits"]
        found = {id_: hit["_source"]["id"] for hit in hits for id_ in hit["_source"]["ids"]}
        moved = self.get_many(self.names.redirects, given, "researcher_id")
        return found | {id_: redirect["researcher_id"] for id_, redirect in moved.items()}

    def labels(self, index: str, ids: list[str]) -> dict[str, str]:
        """Return the names of documents by their ids; missing ones are omitted."""
        return {id_: document["name"] for id_, document in self.get_many(index, ids, "name").items()}

    def labels_of(self, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """Return the names of documents by kind of index, such as `topics`, and id, in one request."""
        if not wanted:
            return {}
        documents = [{"_index": self.names.name(kind), "_id": id_, "_source": ["name"]} for kind, id_ in wanted]
        answers = self.client.mget(body={"docs": documents})["docs"]
        return {
            place: answer["_source"]["name"]
            for place, answer in zip(wanted, answers, strict=True)
            if answer.get("found")
        }


def services() -> Services:
    """Return the services of the app that is handling this request."""
    return cast("Services", current_app.extensions[KEY])
