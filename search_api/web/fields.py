"""The top of the hierarchy of topics: fields, each with its largest topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search_api.services import Services

#: Fields shown, and topics named of each.
MOST, NAMED = 60, 4


def fields(services: Services) -> list[dict[str, Any]]:
    """Give the fields that topics lie in, those with most topics first: `name`, `topics`, `largest`."""
    largest = {"size": NAMED, "sort": [{"works_count": "desc"}, {"id": "asc"}], "_source": ["id", "name"]}
    body = {
        "size": 0,
        "query": {"match_all": {}},
        "aggs": {
            "fields": {
                "terms": {"field": "parent", "size": MOST, "order": [{"works": "desc"}, {"_key": "asc"}]},
                "aggs": {"works": {"sum": {"field": "works_count"}}, "largest": {"top_hits": largest}},
            }
        },
    }
    buckets = services.search(services.names.topics, body)["aggregations"]["fields"]["buckets"]
    return [
        {
            "name": bucket["key"],
            "topics": bucket["doc_count"],
            "largest": [hit["_source"] for hit in bucket["largest"]["hits"]["hits"]],
        }
        for bucket in buckets
    ]
