"""What an index must remember of the model that made its vectors.

Vectors of two models live in two spaces: a search across them returns nonsense without any error. So the index stores
this description, and whoever opens it compares fingerprints.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from peerscope.embedding.errors import ModelMismatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class ModelDescription:
    """A model, and how texts are put through it.

    `dimension` and `max_tokens` are counts; `pooling` says how token vectors become one ("mean" or "cls"); the prefixes
    stand before each query and each work. `fingerprint` is 64 hex digits that differ whenever vectors would.
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
        """Describe the model whose files (or weights in memory) have the hashes `contents`.

        The fingerprint is over these and all that follows but the name: a copy under another name gives the same
        vectors.
        """
        blank = cls(name, dimension, pooling, query_prefix, work_prefix, max_tokens, fingerprint="")
        parts = {**asdict(blank), "name": "", "contents": list(contents)}
        return replace(blank, fingerprint=hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest())

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ModelDescription:
        """Read what `to_dict` gave. Raises `ModelMismatch` when a part is missing, unknown parts are passed over."""
        try:
            return cls(**{field.name: stored[field.name] for field in fields(cls)})
        except KeyError as error:
            raise ModelMismatch(f"the index does not say which embedding model made it: {error} is missing") from error

    def check_same(self, stored: Mapping[str, Any]) -> None:
        """Return when vectors of the stored model and of this one may be compared, else raise `ModelMismatch`."""
        other = ModelDescription.from_dict(stored)
        if other.fingerprint != self.fingerprint:
            raise ModelMismatch(
                f"the index was made with the embedding model {other._label()}, but {self._label()} is loaded, and"
                " vectors of two models cannot be compared; an index is rebuilt only on purpose: choose the model"
                f" with PEERSCOPE_MODEL={other.name}, or index into a new prefix"
            )

    def _label(self) -> str:
        return f"{self.name} ({self.dimension} dimensions, {self.max_tokens} tokens, {self.fingerprint[:12]})"
