"""Fields of research, the top level of the topic hierarchy, each with its largest topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Fields shown, and topics named per field.
FIELDS, TOPICS = 60, 4


def request() -> dict[str, Any]:
    """Return the request for the fields with the most works."""
    largest = {"size": TOPICS, "sort": [{"works_count": "desc"}, {"id": "asc"}], "_source": ["id", "name"]}
    return {
        "size": 0,
        "query": {"match_all": {}},
        "aggs": {
            "fields": {
                "terms": {"field": "parent", "size": FIELDS, "order": [{"works": "desc"}, {"_key": "asc"}]},
                "aggs": {"works": {"sum": {"field": "works_count"}}, "largest": {"top_hits": largest}},
            }
        },
    }


def read(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each field in the response to `request` as `name`, `topics` (their number) and `largest`."""
    return [
        {
            "name": bucket["key"],
            "topics": bucket["doc_count"],
            "largest": [hit["_source"] for hit in bucket["largest"]["hits"]["hits"]],
        }
        for bucket in response["aggregations"]["fields"]["buckets"]
    ]
