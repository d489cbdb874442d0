"""Embedding models: the packaged ones, the description that an index stores of its model, and the errors.

Vectors of two models lie in different spaces: a search across them returns nonsense without an error. So the index
stores a `ModelDescription`, and fingerprints are compared when it is opened.

To add a packaged model, pin its jar (an ONNX file and its tokenizer) in the lockfile under `model/<name>` and add what
the ONNX file does not state to `PACKAGED`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from peerscope.errors import PeerscopeError
from peerscope.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class EmbeddingError(PeerscopeError):
    """Base of the errors about embedding; a search that meets one can still answer by keyword."""


class ModelUnavailableError(EmbeddingError):
    """The model cannot be loaded: it is unknown, cannot be downloaded, or its library is not installed."""


class ModelMismatch(EmbeddingError):  # noqa: N818 (it names the relation of two models)
    """The index was made with another model, whose vectors cannot be compared with those of the loaded one."""


@dataclass(frozen=True)
class Similarity:
    """Calibration of a model's cosines between a query and a work; measured by `python -m benchmarks.similarity`.

    `unrelated` is the mean of random pairs. A work with a cosine below `floor` is not about a query, and one below
    `alone` is not if no word of the query occurs in the collection, as with made-up words. The defaults, for models
    that were not measured, exclude nothing.
    """

    unrelated: float = 0.0
    floor: float = -1.0
    alone: float = -1.0


@dataclass(frozen=True)
class PackagedModel:
    """How a packaged ONNX model is used: its section of the lockfile, where texts are cut, pooling and prefixes."""

    section: str
    max_tokens: int
    pooling: str = "mean"
    query_prefix: str = ""
    work_prefix: str = ""
    similarity: Similarity = Similarity()


#: int8 is 2.3 times as fast as fp32 and a fifth of the download (16 MB); its vectors have cosine .993 to fp32's.
DEFAULT = DEFAULT_MODEL

_MINILM = Similarity(unrelated=0.05, floor=0.25, alone=0.45)
#: A model for about a hundred languages, which is built on this machine at its first use.
MULTILINGUAL = "multilingual-e5-small"
#: Words of a query in another language than the works occur nowhere either, so nothing is demanded of them in addition.
_MULTILINGUAL = Similarity(unrelated=0.81, floor=0.81, alone=0.81)

PACKAGED = {
    DEFAULT: PackagedModel("model/all-MiniLM-L6-v2-int8", max_tokens=256, similarity=_MINILM),
    "all-MiniLM-L6-v2": PackagedModel("model/all-MiniLM-L6-v2", max_tokens=256, similarity=_MINILM),
    "bge-small-en-v1.5-int8": PackagedModel(
        "model/bge-small-en-v1.5-int8",
        max_tokens=512,
        pooling="cls",
        query_prefix="Represent this sentence for searching relevant passages: ",
        similarity=Similarity(unrelated=0.59, floor=0.60, alone=0.66),
    ),
    "e5-small-v2-int8": PackagedModel(
        "model/e5-small-v2-int8",
        max_tokens=512,
        query_prefix="query: ",
        work_prefix="passage: ",
        similarity=Similarity(unrelated=0.785, floor=0.80, alone=0.84),
    ),
}


def similarity_of(model: str) -> Similarity:
    """Return the calibration of a model; for one that was not measured, the default, which excludes nothing."""
    if model == MULTILINGUAL:
        return _MULTILINGUAL
    return PACKAGED[model].similarity if model in PACKAGED else Similarity()


@dataclass(frozen=True)
class ModelDescription:
    """A model and how it is applied to texts.

    `pooling` is how token vectors become one ("mean" or "cls"); the prefixes precede each query and each work, and
    texts are cut at `max_tokens`. `fingerprint` is 64 hexadecimal digits that differ whenever the vectors would.
    """

    name: str
    dimension: int
    pooling: str
    query_prefix: str
    work_prefix: str
    max_tokens: int
    fingerprint: str

    @classmethod
    def of(
        cls,
        contents: Sequence[str],
        *,
        name: str,
        dimension: int,
        pooling: str,
        query_prefix: str,
        work_prefix: str,
        max_tokens: int,
    ) -> ModelDescription:
        """Return the description of the model whose files, or weights in memory, have the hashes `contents`.

        The fingerprint covers the hashes and all other arguments except the name, because a copy under another name
        makes the same vectors.
        """
        blank = cls(name, dimension, pooling, query_prefix, work_prefix, max_tokens, fingerprint="")
        parts = {**asdict(blank), "name": "", "contents": list(contents)}
        return replace(blank, fingerprint=hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest())

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ModelDescription:
        """Return the description stored by `to_dict`; unknown fields are ignored. Raises `ModelMismatch`."""
        try:
            return cls(**{field.name: stored[field.name] for field in fields(cls)})
        except KeyError as error:
            raise ModelMismatch(f"the index does not record its embedding model: {error} is missing") from error

    def check_same(self, stored: Mapping[str, Any]) -> None:
        """Raise `ModelMismatch` unless vectors of the stored model and of this one are comparable."""
        other = ModelDescription.from_dict(stored)
        if other.fingerprint != self.fingerprint:
            raise ModelMismatch(
                f"the index was made with the embedding model {other._label()}, but {self._label()} is loaded, and"
                " vectors of two models cannot be compared; an index is rebuilt only on purpose: choose the model"
                f" with PEERSCOPE_MODEL={other.name}, or index into a new prefix"
            )

    def _label(self) -> str:
        return f"{self.name} ({self.dimension} dimensions, {self.max_tokens} tokens, {self.fingerprint[:12]})"
