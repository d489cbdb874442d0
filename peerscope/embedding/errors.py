"""What can go wrong between a text and its vector, as one sentence that a person can act on."""

from __future__ import annotations

from peerscope.errors import PeerscopeError


class EmbeddingError(PeerscopeError):
    """Base of everything that this room raises; a search that meets it can still answer by keyword."""


class ModelUnavailableError(EmbeddingError):
    """The model that was asked for cannot be had here: unknown, not downloaded, or its library is not installed."""


class ModelMismatch(EmbeddingError):  # noqa: N818 (the name says what happened: two models that must be one)
    """The index was made with another model: its vectors and ours cannot be compared."""
