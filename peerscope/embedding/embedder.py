"""The interface of all embedding backends: works or a query in, unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from peerscope.embedding.models import EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from peerscope.embedding.models import ModelDescription

CACHED_QUERIES = 4096  # 6 MB at 384 dimensions; pages, facets and similar links repeat a query
CHARACTERS_PER_TOKEN = 64  # the rest is cut before tokenizing, which takes .47 s for 1 MB of text


def work_text(title: str, abstract: str | None) -> str:
    """Return the text of a work to embed: title and abstract, or the one that is not empty.

    A full stop separates them unless the title ends with a sentence mark: the models were trained on running text, and
    their tokenizer reads a line break as a space.
    """
    title, abstract = title.strip(), (abstract or "").strip()
    if not title or not abstract:
        return title or abstract
    return f"{title} {abstract}" if title[-1] in ".?!" else f"{title}. {abstract}"


class Embedder(ABC):
    """A loaded model. Safe to use from several threads, and in processes forked after it was loaded."""

    def __init__(self, model: ModelDescription) -> None:
        """Store the description; the subclass holds the loaded model."""
        self.model = model
        self._cached = lru_cache(maxsize=CACHED_QUERIES)(self._query_vector)

    def embed_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, d], unit length, in the order of the texts (see `work_text`).

        An empty text has the model's vector of an empty input. Raises `EmbeddingError`.
        """
        if not texts:
            return np.empty((0, self.model.dimension), np.float32)
        try:
            return self._encode_works([self._clean(text) for text in texts])
        except Exception as error:
            raise EmbeddingError(f"{self.model.name} cannot embed {len(texts)} works: {error}") from error

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return float32[d], unit length and read-only. The last 4,096 queries are cached, with white space normalised.

        Raises `EmbeddingError` for every failure of the backend, so that a search can fall back to keywords.
        """
        return self._cached(self._clean(text))

    def cache_count(self) -> dict[str, int]:
        """Return the number of queries found in the cache (`hit`) and not found (`miss`)."""
        info = self._cached.cache_info()
        return {"hit": info.hits, "miss": info.misses}

    def _query_vector(self, text: str) -> NDArray[np.float32]:
        try:
            vector = self._encode_query(text)
        except Exception as error:
            raise EmbeddingError(f"{self.model.name} cannot embed the query: {error}") from error
        vector.flags.writeable = False  # callers with the same query share it
        return vector

    def _clean(self, text: str) -> str:
        r"""Return the text with single spaces, cut to what can matter, and without unpaired surrogates.

        These come from JSON such as "\ud800", and no tokenizer accepts them.
        """
        cut = " ".join(text.split())[: self.model.max_tokens * CHARACTERS_PER_TOKEN]
        return cut.encode("utf-8", "replace").decode("utf-8")

    @abstractmethod
    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, d], unit length, for at least one text."""

    @abstractmethod
    def _encode_query(self, text: str) -> NDArray[np.float32]:
        """Return float32[d], unit length."""
