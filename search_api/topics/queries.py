"""Request bodies for topics; pure functions, tested without a server."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]

SORTS: dict[str, list[Body]] = {
    "works_count": [{"works_count": "desc"}, {"id": "asc"}],
    "name": [{"name.sort": "asc"}, {"id": "asc"}],
}

SOURCE = {"excludes": ["indexed_at"]}
#: Researchers and topics shown beside a topic.
LEADING = 10


def query(text: str) -> Body:
    """Match topics by the beginning of a word of their name, or by their id; all without a text."""
    if not text:
        return {"match_all": {}}
    fields = ["name.suggest", "name.suggest._2gram", "name.suggest._3gram"]
    by_name = {"multi_match": {"query": text, "type": "bool_prefix", "operator": "and", "fields": fields}}
    by_id = {"term": {"id": {"value": text, "case_insensitive": True}}}
    return {"bool": {"should": [by_name, by_id]}}


def inside(topic_id: str) -> Body:
    """Give the request that counts what a topic holds: works by year, leading researchers, related topics."""
    return {
        "size": 0,
        "query": {"bool": {"filter": [{"term": {"topics.id": topic_id}}]}},
        "aggs": {
            "years": {"terms": {"field": "year", "size": 200, "order": {"_key": "asc"}}},
            "researchers": {"terms": {"field": "researchers.id", "size": LEADING}},
            # One more: the topic itself comes first.
            "topics": {"terms": {"field": "topics.id", "size": LEADING + 1}},
        },
    }
