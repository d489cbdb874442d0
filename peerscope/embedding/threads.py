"""How many cores an embedding may use."""

from __future__ import annotations

import os

from peerscope.embedding.errors import EmbeddingError


def thread_count() -> int:
    """Return `PEERSCOPE_THREADS`, else the number of cores that this process may run on.

    Raises `EmbeddingError` when the variable is no positive whole number.
    """
    named = os.environ.get("PEERSCOPE_THREADS", "").strip()
    if not named:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not named.isdecimal() or int(named) < 1:
        raise EmbeddingError(f"PEERSCOPE_THREADS is {named!r}; it must be a positive whole number")
    return int(named)
