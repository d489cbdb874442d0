"""What the indices are made of: mapping, analyzers and settings of each kind, and the search pipeline."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from mappings.names import VERSION
from mappings.scale import Scale

if TYPE_CHECKING:
    from collections.abc import Mapping

#: HNSW graph: neighbours a node, and candidates kept while a node is linked in. Lucene's engine, since it is the one
#: that runs without native libraries. m=16, ef_construction=128 are what OpenSearch's own benchmarks use for 384-768 d.
HNSW = {"m": 16, "ef_construction": 128}


def load(name: str) -> dict[str, Any]:
    """Read one of the JSON files of this room, such as `works` or `hybrid`."""
    content: dict[str, Any] = json.loads(files("mappings").joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return content


def index_body(kind: str, model: Mapping[str, Any], scale: Scale | None = None, *, begun_in: int = 1) -> dict[str, Any]:
    """Return the body that creates the index of one kind.

    `model` is the embedding model's description (at least `dimension`): it sets the length of the vectors and is kept
    in the mapping's `_meta`, so that vectors of two models never meet in one index. `scale` is how it is laid out.
    `begun_in` is the generation that begins with this index empty; its clones keep the number.
    """
    scale = scale or Scale()
    mapping = load(kind)
    mapping["_meta"] = {"version": VERSION, "model": dict(model), "begun_in": begun_in}
    if vector := mapping["properties"].get("embedding"):
        vector |= {
            "dimension": model["dimension"],
            "method": {
                "name": "hnsw",
                "engine": "lucene",
                "space_type": "cosinesimil",
                "parameters": HNSW | scale.encoder(),
            },
        }
    index = {**scale.settings(kind), "knn": "embedding" in mapping["properties"]}
    return {"settings": {"index": index, **load("analysis")}, "mappings": mapping}
