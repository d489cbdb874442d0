"""Embedding texts: `load()` returns an `Embedder`, which turns works and queries into unit vectors.

Importing this package is cheap: a backend and its libraries are imported by `load()`, and torch only for a model that
needs it.
"""

from peerscope.embedding.embedder import Embedder, work_text
from peerscope.embedding.loading import Check, diagnose, load
from peerscope.embedding.models import (
    DEFAULT,
    PACKAGED,
    EmbeddingError,
    ModelDescription,
    ModelMismatch,
    ModelUnavailableError,
    Similarity,
    similarity_of,
)

__all__ = [
    "DEFAULT",
    "PACKAGED",
    "Check",
    "Embedder",
    "EmbeddingError",
    "ModelDescription",
    "ModelMismatch",
    "ModelUnavailableError",
    "Similarity",
    "diagnose",
    "load",
    "similarity_of",
    "work_text",
]
