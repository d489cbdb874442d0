"""The top of the hierarchy of topics: fields, each with its largest topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Fields shown, and topics named of each.
MOST, NAMED = 60, 4


def request() -> dict[str, Any]:
    """Return the request for the fields that topics lie in, those with most works first."""
    largest = {"size": NAMED, "sort": [{"works_count": "desc"}, {"id": "asc"}], "_source": ["id", "name"]}
    return {
        "size": 0,
        "query": {"match_all": {}},
        "aggs": {
            "fields": {
                "terms": {"field": "parent", "size": MOST, "order": [{"works": "desc"}, {"_key": "asc"}]},
                "aggs": {"works": {"sum": {"field": "works_count"}}, "largest": {"top_hits": largest}},
            }
        },
    }


def fields(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each field of the answer to `request` as `name`, `topics`, `largest`."""
    return [
        {
            "name": bucket["key"],
            "topics": bucket["doc_count"],
            "largest": [hit["_source"] for hit in bucket["largest"]["hits"]["hits"]],
        }
        for bucket in answer["aggregations"]["fields"]["buckets"]
    ]
