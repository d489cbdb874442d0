"""Creates the indices, aliases and search pipelines, and refuses what does not fit the ones that are there."""

from __future__ import annotations

import json
from copy import deepcopy
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import RequestError

from mappings.names import KINDS, VERSION, IndexNames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensearchpy import OpenSearch

#: HNSW graph: neighbours a node, and candidates kept while a node is linked in. Lucene's engine, since it is the one
#: that runs without native libraries. m=16, ef_construction=128 are what OpenSearch's own benchmarks use for 384-768 d.
HNSW = {"m": 16, "ef_construction": 128}


class StoreError(Exception):
    """What is stored does not fit this version of Peerscope; the message says what to do."""


def load(name: str) -> dict[str, Any]:
    """Read one of the JSON files of this room, such as `works` or `hybrid`."""
    content: dict[str, Any] = json.loads(files("mappings").joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return content


def index_body(kind: str, model: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give the body that creates the index of one kind.

    `model` is the embedding model's description (at least `dimension`): it sets the length of the vectors and is kept
    in the mapping's `_meta`, so that vectors of two models never meet in one index. `settings` go into `index`.
    """
    mapping = load(kind)
    mapping["_meta"] = {"version": VERSION, "model": dict(model)}
    if vector := mapping["properties"].get("embedding"):
        vector |= {
            "dimension": model["dimension"],
            "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil", "parameters": dict(HNSW)},
        }
    index = {"number_of_shards": 1, "number_of_replicas": 0, "knn": "embedding" in mapping["properties"]}
    return {"settings": {"index": index | dict(settings or {}), **load("analysis")}, "mappings": mapping}


def ensure(client: OpenSearch, names: IndexNames, model: Mapping[str, Any]) -> None:
    """Create what is missing: index and alias of every kind, and the hybrid search pipeline.

    Safe to run at any time and by two processes at once. Raises StoreError when an index is of another version.
    """
    client.transport.perform_request("PUT", f"/_search/pipeline/{names.hybrid}", body=load("hybrid"))
    for kind in KINDS:
        _ensure_index(client, names, kind, model)


def _ensure_index(client: OpenSearch, names: IndexNames, kind: str, model: Mapping[str, Any]) -> None:
    alias = getattr(names, kind)
    if client.indices.exists_alias(name=alias):
        _check_version(client, alias)
        return
    body = index_body(kind, model) | {"aliases": {alias: {}}}
    try:
        client.indices.create(index=names.index(kind), body=deepcopy(body))
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        # Another process made it between our look and our call, or one died before it could be aliased.
        client.indices.put_alias(index=names.index(kind), name=alias)


def _check_version(client: OpenSearch, alias: str) -> None:
    for index, found in client.indices.get_mapping(index=alias).items():
        version = found["mappings"].get("_meta", {}).get("version")
        if version != VERSION:
            raise StoreError(
                f"Index {index} has mapping version {version}, this Peerscope writes version {VERSION}. "
                f"Index anew under another PEERSCOPE_INDEX_PREFIX, or delete the old index first."
            )


def stored_model(client: OpenSearch, names: IndexNames) -> dict[str, Any] | None:
    """Give the description of the model whose vectors the works carry; None where nothing is indexed yet."""
    if not client.indices.exists_alias(name=names.works):
        return None
    (found,) = client.indices.get_mapping(index=names.works).values()
    model: dict[str, Any] = found["mappings"]["_meta"]["model"]
    return model


def drop(client: OpenSearch, names: IndexNames) -> None:
    """Remove every index and pipeline under this prefix; what is not there is no error."""
    for kind in KINDS:
        client.indices.delete(index=f"{names.prefix}{kind}-v*", params={"ignore_unavailable": "true"})
    client.transport.perform_request("DELETE", f"/_search/pipeline/{names.hybrid}", params={"ignore": 404})
