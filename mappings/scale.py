"""How the large indices are laid out on a cluster: shards, replicas, and how exactly vectors are kept."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from mappings.errors import StoreError

#: Kinds that grow with the collection; the others fit on one shard for ever.
LARGE = ("works", "researchers")
#: Bits a dimension of a vector in the graph: 32 is the float itself; Lucene quantises to 7 (or to 1, which needs a
#: native library that the embedded node does not have).
BITS = ("32", "7", "1")
#: How many more neighbours than asked for are looked at by quantised vectors and scored anew by whole ones: recall@100
#: of 4,000 works at 7 bits .998 with 2, .892 without, .993 with whole vectors alone.
OVERSAMPLE = 2.0


@dataclass(frozen=True)
class Scale:
    """The layout; `shards` and `bits` hold for indices that begin empty, `replicas` for all, from the next run on."""

    shards: int = 1
    replicas: int = 0
    bits: int = 32

    @classmethod
    def from_env(cls) -> Scale:
        """Read `PEERSCOPE_SHARDS`, `PEERSCOPE_REPLICAS` and `PEERSCOPE_VECTOR_BITS`. Raises StoreError."""
        bits = os.environ.get("PEERSCOPE_VECTOR_BITS", "").strip() or "32"
        if bits not in BITS:
            raise StoreError(f"PEERSCOPE_VECTOR_BITS is {bits!r}: it takes {', '.join(BITS)}")
        return cls(_whole("PEERSCOPE_SHARDS", 1, 1, 1_024), _whole("PEERSCOPE_REPLICAS", 0, 0, 20), int(bits))

    def settings(self, kind: str) -> dict[str, int]:
        """Return the settings that an index of one kind begins with: without replicas, which come when it is filled."""
        return {"number_of_shards": self.shards if kind in LARGE else 1, "number_of_replicas": 0}

    def encoder(self) -> dict[str, Any]:
        """Return the part of a vector field's method that says how vectors are quantised; empty when they are not."""
        return {} if self.bits == 32 else {"encoder": {"name": "sq", "parameters": {"bits": self.bits}}}

    def rescoring(self) -> dict[str, Any]:
        """Return the part of a vector search that makes up for quantised vectors; empty when they are whole."""
        return {} if self.bits == 32 else {"rescore": {"oversample_factor": OVERSAMPLE}}


def _whole(name: str, default: int, low: int, high: int) -> int:
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise StoreError(f"{name} is {text!r}: it takes a whole number from {low} to {high:,}")
    return int(text)
