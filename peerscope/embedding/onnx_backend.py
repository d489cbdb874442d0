"""The default backend: a packaged ONNX model run by onnxruntime and tokenizers, without torch.

Each run embeds one text in one thread, and as many runs go on at once as there are cores. That is faster than batches:
nothing is padded, activations stay in the L2 cache, and no thread waits for another after each of the 150 operators.
Measured on 400 abstracts of 209 tokens on average, two cores, int8:

    one run at a time with two threads, batches of 1 / 8 / 16 / 32, sorted by length    36 / 62 / 66 / 59 works/s
    two runs at a time with one thread, a text each                                     80 to 87 works/s

(plain `SentenceTransformer.encode`: 22; fp32 the same way: 37). onnxruntime's arena, memory pattern, spinning, and GELU
approximation made no measurable difference. A query of ten tokens takes 1.1 ms; with two threads .95 on an idle machine
and 2 to 6 ms on a busy one, where one thread takes 1.3 to 2.

It also makes vectors reproducible. The int8 model scales its activations by the largest of the batch, so in a batch a
text's vector depends on its neighbours (batches of 32: cosine to the same text alone .996 on average, .989 at worst).
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from peerscope import artifacts
from peerscope.embedding.embedder import Embedder
from peerscope.embedding.models import PACKAGED, ModelDescription, ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Names of the output with one vector per token.
TOKEN_VECTORS = ("last_hidden_state", "token_embeddings")
FATAL = 4  # onnxruntime's log level: errors are raised as exceptions and need not be printed too


class OnnxEmbedder(Embedder):
    """A packaged model.

    A session of one thread has no thread pool, and the threads that run several at once last only for one call. So a
    process forked after loading can use it, and shares the weights' memory with its parent.
    """

    def __init__(
        self, model: ModelDescription, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, threads: int
    ) -> None:
        """Store the parts made by `load_packaged`; `threads` works are embedded at a time."""
        super().__init__(model)
        self._session = session
        self._inputs = {item.name for item in session.get_inputs()}
        outputs = [item.name for item in session.get_outputs()]
        # Some exports add a pooled vector, with other pooling, or other layers.
        self._output = next((name for name in TOKEN_VECTORS if name in outputs), outputs[0])
        self._tokenizer = tokenizer
        self._threads = threads

    def _encode_query(self, text: str) -> NDArray[np.float32]:
        return self._vector(self.model.query_prefix + text)

    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.model.dimension), np.float32)

        def fill(row: int) -> None:
            vectors[row] = self._vector(self.model.work_prefix + texts[row])

        longest_first = sorted(
            range(len(texts)), key=lambda row: -len(texts[row])
        )  # so that all threads finish together
        with ThreadPoolExecutor(min(self._threads, len(texts))) as pool:
            for _ in pool.map(fill, longest_first):
                pass
        return vectors

    def _vector(self, text: str) -> NDArray[np.float32]:
        """Return float32[d]. Without padding, the mean over the attention mask is the mean over all tokens.

        `encode` uses this thread only; `encode_batch` would start threads, which do not survive a fork. It takes .33 ms
        of the 23 that a work takes.
        """
        tokens = np.array([self._tokenizer.encode(text).ids], np.int64)
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        states = self._session.run([self._output], {name: feed[name] for name in self._inputs})[0][0]
        pooled: NDArray[np.float32] = states[0] if self.model.pooling == "cls" else states.mean(axis=0)
        return pooled / np.linalg.norm(pooled)


def load_packaged(name: str, threads: int, *, home: Path, mirror: str | None) -> OnnxEmbedder:
    """Load a model of `PACKAGED`, downloading its jar to the folder `home` if missing; see `artifacts.fetch`.

    The model is read from the jar: unpacking takes .14 s of the .25 s (fp32: .5 of .75 s), which does not justify a
    second, verified copy on disk. Hashing the contents takes 13 ms (fp32: 51 ms). Raises `ModelUnavailableError`.
    """
    packaged = PACKAGED[name]
    try:
        weights, tokenizer = packaged_files(name, home=home, mirror=mirror)
        session = onnxruntime.InferenceSession(weights, session_options(), providers=["CPUExecutionProvider"])
    except (artifacts.ArtifactError, OSError, BadZipFile) as error:
        raise ModelUnavailableError(f"the embedding model {name} cannot be loaded: {error}") from error
    model = ModelDescription.of(
        [hashlib.sha256(data).hexdigest() for data in (weights, tokenizer)],
        name=name,
        dimension=session.get_outputs()[0].shape[-1],
        pooling=packaged.pooling,
        query_prefix=packaged.query_prefix,
        work_prefix=packaged.work_prefix,
        max_tokens=packaged.max_tokens,
    )
    return OnnxEmbedder(model, session, make_tokenizer(tokenizer, packaged.max_tokens), threads)


def packaged_files(name: str, *, home: Path, mirror: str | None) -> tuple[bytes, bytes]:
    """Return the ONNX file and the tokenizer of a model of `PACKAGED`. Raises the errors of `artifacts.fetch`."""
    section = artifacts.load_section(PACKAGED[name].section)
    [jar] = artifacts.fetch(section, title=f"Embedding model {name}", home=home, mirror=mirror)
    return _member(jar, ".onnx"), _member(jar, "tokenizer.json")


def _member(jar: Path, ending: str) -> bytes:
    with ZipFile(jar) as archive:
        return next(archive.read(entry) for entry in archive.namelist() if entry.endswith(ending))


def session_options() -> onnxruntime.SessionOptions:
    """Return the options of a session of one thread, which prints no errors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = FATAL
    return options


def make_tokenizer(description: bytes, max_tokens: int) -> Tokenizer:
    """Return the tokenizer without the truncation and padding at 128 tokens that its file sets."""
    tokenizer = Tokenizer.from_str(description.decode("utf-8"))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer
