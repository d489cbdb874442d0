"""Whether embedding works on this machine, for `peerscope doctor`."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from peerscope.embedding.errors import EmbeddingError
from peerscope.embedding.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peerscope.embedding.embedder import Embedder

PROBES = 20


class Check(NamedTuple):
    """One thing that was looked at, whether it is well, and what was seen."""

    name: str
    ok: bool
    detail: str


def diagnose() -> Iterator[Check]:
    """Load the model that is chosen, fetching it when it is missing, and embed a few queries."""
    start = time.perf_counter()
    try:
        embedder = load()
        seconds = time.perf_counter() - start
        model = embedder.model
        yield Check(
            "embedding model",
            True,
            f"{model.name}, {model.dimension} dimensions, {model.max_tokens} tokens, loaded in {seconds:.2f} s",
        )
        yield Check("embedding a query", True, f"{_milliseconds(embedder):.1f} ms")
    except EmbeddingError as error:
        yield Check("embedding model", False, str(error))


def _milliseconds(embedder: Embedder) -> float:
    """Return the median time of one query, in ms; every query is a new one, so that none is remembered."""
    times = []
    for number in range(PROBES):
        start = time.perf_counter()
        embedder.embed_query(f"dense retrieval of scholarly works {number}")
        times.append(1000 * (time.perf_counter() - start))
    return median(times)
