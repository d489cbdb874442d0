"""Builds topics and institutions by aggregating the works that are indexed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from indexer.records import topic_name, topic_parent
from indexer.write.bulk import index_action, with_retries, write
from indexer.write.reads import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opensearchpy import OpenSearch

    from indexer.staging.report import Report
    from mappings import Generation
    from mappings.documents import InstitutionDocument, TopicDocument

#: Topics or institutions in one response.
BUCKETS = 1_000


def build_topics_and_institutions(client: OpenSearch, generation: Generation, report: Report) -> None:
    """Write all topics and institutions with their numbers of works and researchers; delete those without works."""
    report.counts.topics = _build(client, generation, generation.topics, "topics", _topic)
    report.counts.institutions = _build(client, generation, generation.institutions, "institutions", _institution)


def _topic(bucket: dict[str, Any], time: str) -> TopicDocument:
    id_, entry = bucket["key"]["id"], _entry(bucket, "topics")
    return {
        "id": id_,
        "name": topic_name(id_, entry["name"]),
        "parent": topic_parent(id_) or next(iter(entry["parents"]), None),
        "works_count": bucket["doc_count"],
        "researchers_count": bucket["researchers"]["value"],
        "indexed_at": time,
    }


def _institution(bucket: dict[str, Any], time: str) -> InstitutionDocument:
    return {
        "id": bucket["key"]["id"],
        "name": _entry(bucket, "institutions")["name"],
        "works_count": bucket["doc_count"],
        "researchers_count": bucket["researchers"]["value"],
        "indexed_at": time,
    }


def _entry(bucket: dict[str, Any], field: str) -> dict[str, Any]:
    """Return the topic or institution of a bucket as it is named on one of its works."""
    (hit,) = bucket["work"]["hits"]["hits"]
    entry: dict[str, Any] = next(entry for entry in hit["_source"][field] if entry["id"] == bucket["key"]["id"])
    return entry


def _build(
    client: OpenSearch,
    generation: Generation,
    index: str,
    field: str,
    document: Callable[[dict[str, Any], str], TopicDocument | InstitutionDocument],
) -> int:
    """Write a document for each value of `<field>.id`, and delete those that no work names; return their number."""
    started, written = datetime.now(UTC).isoformat(timespec="milliseconds"), 0
    for buckets in _buckets(client, generation, field):
        write(client, (index_action(index, bucket["key"]["id"], document(bucket, started)) for bucket in buckets))
        written += len(buckets)
    with_retries(client.indices.refresh, index=index)
    stale = {"query": {"range": {"indexed_at": {"lt": started}}}}
    with_retries(client.delete_by_query, index=index, body=stale, params={"conflicts": "proceed", "refresh": "true"})
    return written


def _buckets(client: OpenSearch, generation: Generation, field: str) -> Iterator[list[dict[str, Any]]]:
    composite: dict[str, Any] = {"size": BUCKETS, "sources": [{"id": {"terms": {"field": f"{field}.id"}}}]}
    work = {"top_hits": {"size": 1, "_source": [field], "sort": ["id"]}}
    researchers = {"cardinality": {"field": "researchers.id"}}
    while True:
        aggs = {"all": {"composite": composite, "aggs": {"work": work, "researchers": researchers}}}
        response = search(client, generation.works, {"size": 0, "aggs": aggs})["aggregations"]["all"]
        if not response["buckets"]:
            return
        yield response["buckets"]
        composite["after"] = response["after_key"]
