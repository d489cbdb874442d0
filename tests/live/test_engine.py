"""The engine as others use it: what it must be able to do, and that it is found again whatever happened to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mappings import TITLE_WEIGHT
from mappings.indices import index_body

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

VECTORS = {"red": [1.0, 0.0, 0.0], "green": [0.0, 1.0, 0.0], "blue": [0.0, 0.0, 1.0]}
FUSION = {
    "phase_results_processors": [
        {
            "normalization-processor": {
                "normalization": {"technique": "min_max"},
                "combination": {"technique": "arithmetic_mean"},
            }
        }
    ]
}


def test_hybrid_search_over_an_analyzed_text_and_a_lucene_vector(opensearch: OpenSearch) -> None:
    field = {"type": "knn_vector", "dimension": 3, "method": {"name": "hnsw", "engine": "lucene", "space_type": "l2"}}
    properties = {"text": {"type": "text", "analyzer": "english"}, "embedding": field}
    opensearch.indices.create(
        index="engine-test", body={"settings": {"index.knn": True}, "mappings": {"properties": properties}}
    )
    opensearch.transport.perform_request("PUT", "/_search/pipeline/engine-test", body=FUSION)
    for name, vector in VECTORS.items():
        document = {"text": f"the {name} houses", "embedding": vector}
        opensearch.index(index="engine-test", id=name, body=document, params={"refresh": "true"})

    keyword = {"match": {"text": "green house"}}
    nearest = {"knn": {"embedding": {"vector": VECTORS["blue"], "k": 1}}}
    body = {"query": {"hybrid": {"queries": [keyword, nearest]}}}
    found = opensearch.search(index="engine-test", body=body, params={"search_pipeline": "engine-test"})
    opensearch.indices.delete(index="engine-test")

    scores = {hit["_id"]: hit["_score"] for hit in found["hits"]["hits"]}
    assert set(scores) == {"red", "green", "blue"}  # all by the stemmed "houses", blue by its vector too
    assert min(scores["green"], scores["blue"]) > scores["red"]


def test_a_text_that_is_copied_several_times_counts_as_often(opensearch: OpenSearch) -> None:
    """BM25 of `weighted_text` is BM25F of title and abstract only if OpenSearch keeps every copy of a title."""
    body = index_body("works", {"name": "test", "dimension": 3, "fingerprint": "f"})
    opensearch.indices.create(index="engine-copies", body=body)
    document = {
        "id": "w",
        "title": "Glial waves",
        "abstract": "Waves of calcium",
        "researchers": [{"name": "Ada Glass"}],
    }
    opensearch.index(index="engine-copies", id="w", body=document, params={"refresh": "true"})
    counts = {}
    for term in ("glial", "waves", "calcium", "glass"):
        explained = opensearch.explain(
            index="engine-copies", id="w", body={"query": {"match": {"weighted_text": term}}}
        )
        freqs = re.findall(r"'value': ([\d.]+), 'description': 'freq,", str(explained))
        counts[term] = float(freqs[0]) if freqs else 0.0
    found = opensearch.count(index="engine-copies", body={"query": {"match": {"all_words": "glass"}}})
    opensearch.indices.delete(index="engine-copies")
    assert counts == {"glial": TITLE_WEIGHT, "waves": TITLE_WEIGHT + 1, "calcium": 1, "glass": 0}
    assert found["count"] == 1
