"""The optional backend: any sentence-transformers model, by hub name or folder, also on a GPU.

It needs torch, which takes 5.4 GB on Linux, 8.5 s to import and 1 GB of memory in each worker; so it is an extra.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from peerscope.embedding.embedder import Embedder
from peerscope.embedding.models import PACKAGED, ModelDescription, ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

DEFAULT_MAX_TOKENS = 512  # for a model that states no limit: BERT's
WORK_PROMPTS = ("document", "passage", "corpus")  # in the order of `SentenceTransformer.encode_document`


class TransformerEmbedder(Embedder):
    """A sentence-transformers model, on the GPU when torch finds one. One call runs at a time; torch parallelises it.

    A process forked after loading runs it on one core, because torch's threads do not survive a fork. A GPU cannot be
    used after a fork: there, load in the forked process.
    """

    def __init__(self, model: ModelDescription, encoder: SentenceTransformer, batch: int) -> None:
        """Store the loaded model; `batch` works are embedded at a time."""
        super().__init__(model)
        self._encoder, self._batch = encoder, batch
        # Each call changes the tokenizer; a second one at the same time would raise "Already borrowed".
        self._lock = threading.Lock()

    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            vectors = self._encoder.encode_document(
                list(texts), batch_size=self._batch, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(vectors, np.float32)

    def _encode_query(self, text: str) -> NDArray[np.float32]:
        with self._lock:
            vector = self._encoder.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, np.float32)


def load_transformer(name: str, threads: int, *, device: str | None, batch: int) -> TransformerEmbedder:
    """Load a model by hub name or folder; a model in the hub's local cache is loaded without the network.

    `device` is a device of torch, by default a GPU if there is one; `batch` works are embedded at a time.

    Raises `ModelUnavailableError` when sentence-transformers is not installed or does not find the model.
    """
    if find_spec("sentence_transformers") is None:
        raise ModelUnavailableError(
            f"{name!r} is not a packaged embedding model ({', '.join(PACKAGED)}), and any other needs"
            " sentence-transformers: pip install 'peerscope[sentence-transformers]'"
        )
    _prepare_torch(threads)
    encoder = _encoder(name, device)
    if encoder.max_seq_length is None:
        encoder.max_seq_length = DEFAULT_MAX_TOKENS
    model = ModelDescription.of(
        [_weights_hash(encoder), _tokenizer_hash(encoder)],
        name=name,
        dimension=len(encoder.encode_query("")),
        pooling=_pooling(encoder),
        query_prefix=_prompt(encoder, "query"),
        work_prefix=_prompt(encoder, *WORK_PROMPTS),
        max_tokens=encoder.max_seq_length,
    )
    return TransformerEmbedder(model, encoder, batch)


@cache
def _prepare_torch(threads: int) -> None:
    """Set the number of torch's threads, and one in forked processes: once for all models of this process."""
    import torch

    torch.set_num_threads(threads)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def _encoder(name: str, device: str | None) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    folder = Path(name).expanduser()
    try:
        if folder.is_dir():
            return SentenceTransformer(str(folder), local_files_only=True, device=device)
        try:
            return SentenceTransformer(name, local_files_only=True, device=device)
        except (OSError, ValueError):  # not in the cache
            return SentenceTransformer(name, device=device)
    except Exception as error:  # the hub, torch and transformers raise many unrelated classes
        raise ModelUnavailableError(
            f"the embedding model {name!r} cannot be loaded; it is not a packaged one ({', '.join(PACKAGED)}),"
            f" and sentence-transformers reports: {(str(error).splitlines() or [type(error).__name__])[0]}"
        ) from error


def _weights_hash(encoder: SentenceTransformer) -> str:
    """Return the SHA-256 of the weights in memory, independent of their file format.

    It takes .05 to .2 s for 90 MB, of the 9 s that torch and the model take to load.
    """
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def _tokenizer_hash(encoder: SentenceTransformer) -> str:
    """Return the SHA-256 of vocabulary and rules, without truncation and padding, which each call sets."""
    tokenizer: Any = encoder.tokenizer
    backend = getattr(tokenizer, "backend_tokenizer", None)
    rules = json.loads(backend.to_str()) if backend else tokenizer.get_vocab()
    kept = {key: value for key, value in rules.items() if key not in {"truncation", "padding"}}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _pooling(encoder: SentenceTransformer) -> str:
    modes = (getattr(module, "pooling_mode", None) for module in encoder)
    return next((str(mode) for mode in modes if mode), "none")


def _prompt(encoder: SentenceTransformer, *names: str) -> str:
    """Return the model's prefix for the first of these prompt names that it has, else its default prefix."""
    prompts = encoder.prompts
    chosen = next((name for name in names if name in prompts), encoder.default_prompt_name)
    return prompts.get(chosen) or "" if chosen else ""
