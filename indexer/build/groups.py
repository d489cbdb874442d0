"""Builds researchers, topics and institutions from the works that are in the index."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from indexer.build.researchers import researcher_document
from indexer.records import topic_name, topic_parent
from indexer.write.background import BackgroundTasks, prefetch
from indexer.write.bulk import delete_action, index_action, with_retries, write
from indexer.write.people_states import States
from indexer.write.reads import count, documents, pages, search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opensearchpy import OpenSearch

    from indexer.staging.database import StagingDatabase
    from indexer.staging.report import Report
    from mappings import Generation

#: Researchers built together: with their works' vectors some 10 MB of JSON at three works each.
BATCH = 250
#: Works fetched in one answer.
PAGE = 1_000
BUCKETS = 1_000
WORK_FIELDS = ["id", "title", "year", "topics", "researchers", "institutions", "embedding_model"]
#: Bulk requests under way at once: OpenSearch works on each in one thread.
WRITERS = 2


def build_researchers(
    client: OpenSearch,
    generation: Generation,
    staged: StagingDatabase,
    report: Report,
    on_batch: Callable[[int, int], None],
    before: Generation | None = None,
) -> None:
    """Build every researcher that is marked as pending; one without a work left is removed.

    `staged` has the embeddings of this run's works at hand, and says of researchers why their works are one person's.
    `on_batch` is told how many are done, of how many. `before` is the live generation that a rebuild replaces.
    """
    with_retries(client.indices.refresh, index=f"{generation.pending},{generation.works},{generation.redirects}")
    states = States(client, generation, before)
    total, done = count(client, generation.pending), 0
    with BackgroundTasks(WRITERS) as tasks:
        batches = prefetch(partial(_works_by_researcher, client, generation), _pending(client, generation))
        for ids, works in batches:
            _add_embeddings(client, generation, staged, works)
            known, because = states.of(ids), staged.merge_reasons(ids)
            actions = [
                _action(generation, id_, works.get(id_, []), because.get(id_, []), known.get(id_, {})) for id_ in ids
            ]
            tasks.submit(_write, client, generation, ids, actions)
            report.counts.researchers_written += len(works)
            report.counts.researchers_removed += len(ids) - len(works)
            done += len(ids)
            on_batch(done, total)
    with_retries(client.indices.refresh, index=f"{generation.pending},{generation.researchers}")


def _write(client: OpenSearch, generation: Generation, ids: list[str], actions: list[list[dict[str, Any]]]) -> None:
    write(client, actions)
    # Only now: a kill before this line means that the next run builds these again.
    write(client, (delete_action(generation.pending, id_) for id_ in ids))


def _add_embeddings(
    client: OpenSearch, generation: Generation, staged: StagingDatabase, works: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Put its embedding on each work: from this run where it was made, which spares its long way through JSON."""
    by_id = {work["id"]: work for own in works.values() for work in own}
    at_hand = staged.vectors(by_id)
    missing = sorted(by_id.keys() - at_hand.keys())
    for start in range(0, len(missing), PAGE):
        for found in documents(client, generation.works, missing[start : start + PAGE], "embedding"):
            by_id[found["_id"]]["embedding"] = found["_source"]["embedding"]
    for id_, vector in at_hand.items():
        by_id[id_]["embedding"] = vector


def _pending(client: OpenSearch, generation: Generation) -> Iterator[list[str]]:
    """Return the marked ids in batches, those of one work next to each other: so fewer works are read several times."""
    body = {"size": BATCH, "sort": ["work_id", "researcher_id"], "_source": False}
    return ([hit["_id"] for hit in hits] for hits in pages(client, generation.pending, body))


def _works_by_researcher(client: OpenSearch, generation: Generation, ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    wanted = set(ids)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    query = {"bool": {"filter": [{"terms": {"researchers.id": ids}}]}}
    body = {"size": PAGE, "sort": ["id"], "query": query, "_source": WORK_FIELDS}
    for hits in pages(client, generation.works, body):
        for hit in hits:
            for id_ in wanted.intersection(entry["id"] for entry in hit["_source"]["researchers"]):
                found[id_].append(hit["_source"])
    return found


def _action(
    generation: Generation, id_: str, works: list[dict[str, Any]], because: list[str], state: dict[str, Any]
) -> list[dict[str, Any]]:
    if not works:
        return delete_action(generation.researchers, id_)
    document = researcher_document(id_, works) | state
    document["merge_reasons"] = because
    document["embedding_model"] = works[0]["embedding_model"]
    document["indexed_at"] = _now()
    return index_action(generation.researchers, id_, document)


def build_groups(client: OpenSearch, generation: Generation, report: Report) -> None:
    """Build the small indices of topics and institutions anew from the works, with their counts."""
    report.counts.topics = _build(client, generation, generation.topics, "topics", _topic)
    report.counts.institutions = _build(client, generation, generation.institutions, "institutions", _institution)


def _topic(topic_id: str, known: dict[str, Any]) -> dict[str, Any]:
    above = topic_parent(topic_id) or next(iter(known["parents"]), None)
    return {"name": topic_name(topic_id, known["name"]), "parent": above}


def _institution(_id: str, known: dict[str, Any]) -> dict[str, Any]:
    return {"name": known["name"]}


def _build(
    client: OpenSearch,
    generation: Generation,
    index: str,
    field: str,
    describe: Callable[[str, dict[str, Any]], dict[str, Any]],
) -> int:
    """Write one document for each value of `<field>.id`; those that no work names any more are removed."""
    started, built = _now(), 0
    for buckets in _buckets(client, generation, field):
        actions = []
        for bucket in buckets:
            (work,) = bucket["one"]["hits"]["hits"]
            id_ = bucket["key"]["id"]
            known = next(entry for entry in work["_source"][field] if entry["id"] == id_)
            document = {
                "id": id_,
                "works_count": bucket["doc_count"],
                "researchers_count": bucket["researchers"]["value"],
                "indexed_at": started,
                **describe(id_, known),
            }
            actions.append(index_action(index, id_, document))
        write(client, actions)
        built += len(actions)
    with_retries(client.indices.refresh, index=index)
    stale = {"query": {"range": {"indexed_at": {"lt": started}}}}
    with_retries(client.delete_by_query, index=index, body=stale, params={"conflicts": "proceed", "refresh": "true"})
    return built


def _buckets(client: OpenSearch, generation: Generation, field: str) -> Iterator[list[dict[str, Any]]]:
    composite: dict[str, Any] = {"size": BUCKETS, "sources": [{"id": {"terms": {"field": f"{field}.id"}}}]}
    one = {"top_hits": {"size": 1, "_source": [field], "sort": ["id"]}}
    people = {"cardinality": {"field": "researchers.id"}}
    while True:
        aggs = {"all": {"composite": composite, "aggs": {"one": one, "researchers": people}}}
        answer = search(client, generation.works, {"size": 0, "aggs": aggs})["aggregations"]["all"]
        if not answer["buckets"]:
            return
        yield answer["buckets"]
        composite["after"] = answer["after_key"]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
