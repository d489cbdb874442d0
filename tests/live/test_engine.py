"""The engine as others use it: what it must be able to do, and that it is found again whatever happened to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
