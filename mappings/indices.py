"""What indices are created from: mapping, analyzers and layout (shards, replicas, precision of vectors).

To add a field, add it to `<kind>.json` and to its type in `documents.py`, fill it in `indexer/build`, and raise
`VERSION` in `names.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import RequestError

from mappings.analysis import analysis
from mappings.documents import STATE_FIELDS
from mappings.names import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensearchpy import OpenSearch

    from mappings.names import IndexNames
    from peerscope.settings import Settings

#: Kinds that grow with the collection; the others fit on one shard.
LARGE = ("works", "researchers")
#: HNSW graph: neighbours per node, and candidates kept while a node is linked in. Lucene's engine, since it is the one
#: that runs without native libraries. m=16, ef_construction=128 are what OpenSearch's own benchmarks use for 384-768 d.
HNSW = {"m": 16, "ef_construction": 128}
#: Weight of a term in the title relative to the abstract. 5: keyword search alone nDCG@10 .375 on cranfield and .524 on
#: cacm, at 2 .366 and .504.
TITLE_WEIGHT = 5
#: Factor by which quantised vectors fetch more neighbours than requested, to be rescored with full vectors: recall@100
#: of 4,000 works at 7 bits is .998 with 2, .892 without, .993 with full vectors alone.
OVERSAMPLE = 2.0


@dataclass(frozen=True)
class Scale:
    """The layout of indices: `shards` and `bits` of new ones, `replicas` of all from the next run on.

    `bits` per dimension of a vector in the graph: 32 is the float itself; Lucene quantises to 7 (or to 1, which needs a
    native library that the embedded node does not have).
    """

    shards: int = 1
    replicas: int = 0
    bits: int = 32

    @classmethod
    def from_settings(cls, settings: Settings) -> Scale:
        """Return the layout that the settings name."""
        return cls(settings.shards, settings.replicas, int(settings.vector_bits))

    def settings(self, kind: str) -> dict[str, int]:
        """Return the settings of a new index; it gets its replicas when it is published."""
        return {"number_of_shards": self.shards if kind in LARGE else 1, "number_of_replicas": 0}

    def encoder(self) -> dict[str, Any]:
        """Return the part of a vector field's method that quantises vectors; empty for full ones."""
        return {} if self.bits == 32 else {"encoder": {"name": "sq", "parameters": {"bits": self.bits}}}

    def rescoring(self) -> dict[str, Any]:
        """Return the part of a vector search that makes up for quantised vectors; empty for full ones."""
        return {} if self.bits == 32 else {"rescore": {"oversample_factor": OVERSAMPLE}}


def load(name: str) -> dict[str, Any]:
    """Return a JSON file of this package, such as `works` or `hybrid`."""
    content: dict[str, Any] = json.loads(files("mappings").joinpath(f"{name}.json").read_text(encoding="utf-8"))
    return content


def index_body(kind: str, model: Mapping[str, Any], scale: Scale | None = None, *, begun_in: int = 1) -> dict[str, Any]:
    """Return the request body that creates the index of one kind.

    `model` is the embedding model's description (at least `dimension`): it sets the length of vectors and is kept in
    the mapping's `_meta`, so that vectors of two models never meet in one index. `begun_in` is the number of the
    generation that creates the index empty; clones keep it.
    """
    scale = scale or Scale()
    mapping = load(kind)
    if kind == "works":
        _copy_texts(mapping["properties"])
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
    return {"settings": {"index": index, **analysis()}, "mappings": mapping}


def _copy_texts(properties: dict[str, Any]) -> None:
    """Add the fields that find and rank works, which OpenSearch fills with the texts of a work and does not store.

    `all_words` decides what matches. `weighted_text` ranks: a term that is copied several times counts as often, as a
    weight of BM25F would count it (Robertson et al. 2004), but one field is searched in a third of the time.
    """
    stemmed = {"type": "text", "analyzer": "stemmed", "search_analyzer": "stemmed_query"}
    english = {"type": "text", "analyzer": "english", "search_analyzer": "english_query"}
    properties["all_words"] = {**stemmed, "index_options": "freqs", "norms": False}
    properties["weighted_text"] = {**english, "index_options": "freqs"}
    properties["title"]["copy_to"] = ["all_words"] + TITLE_WEIGHT * ["weighted_text"]
    properties["abstract"]["copy_to"] = ["all_words", "weighted_text"]
    properties["researchers"]["properties"]["name"]["copy_to"] = ["all_words"]


def create_shared_index(client: OpenSearch, index: str, kind: str) -> None:
    """Create an index that outlives generations (`people`, `lock`), or give an existing one its current fields."""
    body = {"settings": {"index": {"number_of_shards": 1, "auto_expand_replicas": "0-1"}}, "mappings": load(kind)}
    try:
        client.indices.create(index=index, body=body)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        client.indices.put_mapping(index=index, body={"properties": load(kind)["properties"]})


def begin_people(client: OpenSearch, names: IndexNames) -> None:
    """Create the index of researchers' states, and give the live researchers the fields of a state."""
    create_shared_index(client, names.people, "people")
    fields = load("researchers")["properties"]
    client.indices.put_mapping(
        index=names.researchers, body={"properties": {name: fields[name] for name in STATE_FIELDS}}
    )
