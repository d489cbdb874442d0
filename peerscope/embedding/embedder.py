"""The one interface that the rest of Peerscope knows: works in, or a query in, and unit vectors out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from peerscope.embedding.errors import EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from peerscope.embedding.description import ModelDescription

CACHED_QUERIES = 4096  # 6 MB at 384 dimensions; pages, facets and similar links ask for the same query again and again
CHARACTERS_PER_TOKEN = 64  # what lies beyond is cut unread: 1 MB of text costs .47 s to tokenize, and 256 tokens count


def work_text(title: str, abstract: str | None) -> str:
    """Return the text of a work that is embedded: title and abstract, or the title alone where there is no abstract.

    A full stop parts them, unless the title ends a sentence itself: the models were trained on running text, and learn
    nothing from a line break, which their tokenizer takes for a blank.
    """
    title, abstract = title.strip(), (abstract or "").strip()
    if not title or not abstract:
        return title or abstract
    return f"{title} {abstract}" if title[-1] in ".?!" else f"{title}. {abstract}"


class Embedder(ABC):
    """A loaded model. Safe to use from several threads at once, and in processes forked after it was loaded."""

    def __init__(self, model: ModelDescription) -> None:
        """Keep the description; the backend has loaded the model."""
        self.model = model
        self._cached = lru_cache(maxsize=CACHED_QUERIES)(self._query_vector)

    def embed_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, d], unit length, in the order of the texts (see `work_text`).

        An empty text gets the vector that the model has for no words at all. Raises `EmbeddingError`.
        """
        if not texts:
            return np.empty((0, self.model.dimension), np.float32)
        try:
            return self._encode_works([self._clean(text) for text in texts])
        except Exception as error:
            raise EmbeddingError(f"{self.model.name} cannot embed {len(texts)} works: {error}") from error

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """Return float32[d], unit length and read-only: the last 4,096 queries are remembered, blanks aside.

        Raises `EmbeddingError`, whatever the backend met, so that a search can go on by keyword.
        """
        return self._cached(self._clean(text))

    def cache_count(self) -> dict[str, int]:
        """Return how many queries were found in the cache (`hit`) and how many were not (`miss`)."""
        info = self._cached.cache_info()
        return {"hit": info.hits, "miss": info.misses}

    def _query_vector(self, text: str) -> NDArray[np.float32]:
        try:
            vector = self._encode_query(text)
        except Exception as error:
            raise EmbeddingError(f"{self.model.name} cannot embed the query: {error}") from error
        vector.flags.writeable = False  # all who ask the same share it
        return vector

    def _clean(self, text: str) -> str:
        r"""Return the text with single blanks, cut to what can count, and without halves of surrogate pairs.

        Such halves come from JSON like "\ud800", and no tokenizer takes them.
        """
        cut = " ".join(text.split())[: self.model.max_tokens * CHARACTERS_PER_TOKEN]
        return cut.encode("utf-8", "replace").decode("utf-8")

    @abstractmethod
    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return float32[n, d], unit length, for one text or more."""

    @abstractmethod
    def _encode_query(self, text: str) -> NDArray[np.float32]:
        """Return float32[d], unit length."""
