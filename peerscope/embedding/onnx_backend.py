"""The default backend: an ONNX model out of its jar, run by onnxruntime and tokenizers, without torch.

**One text a run, one thread a run, and as many runs at once as there are cores.** That is faster than batches: nothing
is padded, activations stay in the L2 cache, and no thread waits for another after each of the 150 operators. Measured
on 400 abstracts of 209 tokens in the mean, two cores, int8:

    one run at a time with two threads, batches of 1 / 8 / 16 / 32, sorted by length    36 / 62 / 66 / 59 works/s
    two runs at a time with one thread, a text each                                     80 to 87 works/s

(plain `SentenceTransformer.encode`: 22; fp32 the same way: 37). onnxruntime's arena, memory pattern, spinning, and GELU
approximation made no difference that could be told from noise. A query of ten tokens takes 1.1 ms; two threads would
make it .95 on an idle machine, and 2 to 6 ms on a busy one, where one thread takes 1.3 to 2.

It also makes vectors exact. The int8 model scales its activations by the largest of the whole batch, so a text's vector
depends on its neighbours (batches of 32: cosine .996 in the mean and .989 at worst to the same text alone); here it
depends on nothing else, and a work embedded twice is the same twice.
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
from peerscope.embedding.description import ModelDescription
from peerscope.embedding.embedder import Embedder
from peerscope.embedding.errors import ModelUnavailableError
from peerscope.embedding.models import PACKAGED
from peerscope.embedding.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

FATAL = 4  # onnxruntime's level: errors reach us as exceptions, and need not be printed as well


class OnnxEmbedder(Embedder):
    """A packaged model.

    A session of one thread has no thread pool, and the threads that run several at once live only as long as a call: a
    process forked after loading can go on with it, and shares the weights' memory with its parent.
    """

    def __init__(
        self, model: ModelDescription, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, threads: int
    ) -> None:
        """Take the parts that `load_packaged` puts together; `threads` works are embedded at a time."""
        super().__init__(model)
        self._session = session
        self._inputs = {item.name for item in session.get_inputs()}
        self._tokenizer = tokenizer
        self._threads = threads

    def _encode_query(self, text: str) -> NDArray[np.float32]:
        return self._vector(self.model.query_prefix + text)

    def _encode_works(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.empty((len(texts), self.model.dimension), np.float32)

        def fill(row: int) -> None:
            vectors[row] = self._vector(self.model.work_prefix + texts[row])

        longest_first = sorted(range(len(texts)), key=lambda row: -len(texts[row]))  # so that all threads end together
        with ThreadPoolExecutor(min(self._threads, len(texts))) as pool:
            for _ in pool.map(fill, longest_first):
                pass
        return vectors

    def _vector(self, text: str) -> NDArray[np.float32]:
        """Return float32[d]. Without padding, the mean over the attention mask is the mean over all tokens.

        `encode` keeps to this thread; `encode_batch` would start threads of its own, which no fork survives. It takes
        .33 ms of the 23 that a work takes.
        """
        tokens = np.array([self._tokenizer.encode(text).ids], np.int64)
        feed = {"input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)}
        states = self._session.run(None, {name: feed[name] for name in self._inputs})[0][0]
        pooled: NDArray[np.float32] = states[0] if self.model.pooling == "cls" else states.mean(axis=0)
        return pooled / np.linalg.norm(pooled)


def load_packaged(name: str) -> OnnxEmbedder:
    """Load a model of the table `PACKAGED`, fetching its jar when it is not there yet.

    The jar is read as it is: unpacking takes .14 s of the .25 s (fp32: .5 of .75 s), which a second copy on disk, to
    be checked and kept whole, would not be worth. Hashing what was read takes 13 ms (fp32: 51 ms). Raises
    `ModelUnavailableError`.
    """
    packaged = PACKAGED[name]
    try:
        [jar] = artifacts.fetch(artifacts.load_lock(packaged.section), title=f"Embedding model {name}")
        weights, tokenizer = _member(jar, ".onnx"), _member(jar, "tokenizer.json")
        session = _session(weights)
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
    return OnnxEmbedder(model, session, _tokenizer(tokenizer, packaged.max_tokens), thread_count())


def _member(jar: Path, ending: str) -> bytes:
    with ZipFile(jar) as archive:
        return next(archive.read(entry) for entry in archive.namelist() if entry.endswith(ending))


def _session(weights: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = FATAL
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _tokenizer(description: bytes, max_tokens: int) -> Tokenizer:
    """Return the tokenizer without what its file fixes for another use: cut and padded at 128 tokens."""
    tokenizer = Tokenizer.from_str(description.decode("utf-8"))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer
