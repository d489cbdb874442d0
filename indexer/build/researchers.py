"""Builds pending researchers from the works that are indexed."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from indexer.build.documents import IndexedWork, researcher_document
from indexer.write.background import BackgroundTasks, prefetch
from indexer.write.bulk import concurrent_writers, delete_action, index_action, with_retries, write
from indexer.write.people_states import States
from indexer.write.reads import count, documents, pages
from mappings import DEFAULT_STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from opensearchpy import OpenSearch

    from indexer.staging.database import StagingDatabase
    from indexer.staging.report import Report
    from indexer.write.bulk import Action
    from mappings import Generation

#: Researchers built together: with their works' vectors about 10 MB of JSON at three works each.
BATCH = 250
#: Works fetched in one response.
PAGE = 1_000
#: Fields of works from which researchers are built.
WORK_FIELDS = ["id", "title", "year", "topics", "assigned_topics", "researchers", "institutions", "embedding_model"]
#: Concurrent bulk requests at least: OpenSearch handles each in one thread.
WRITERS = 2


def build_researchers(
    client: OpenSearch,
    generation: Generation,
    staging: StagingDatabase,
    report: Report,
    on_batch: Callable[[int, int], None],
    replaced: Generation | None = None,
) -> None:
    """Build every pending researcher; one without works is deleted.

    `staging` has the embeddings of this run's works and the reasons for merging names. `on_batch` receives how many
    researchers are done, and how many there are. `replaced` is the live generation that a rebuild replaces.
    """
    with_retries(client.indices.refresh, index=f"{generation.pending},{generation.works},{generation.redirects}")
    states = States(client, generation, replaced)
    total, done = count(client, generation.pending), 0
    with BackgroundTasks(max(WRITERS, concurrent_writers(client))) as tasks:
        batches = prefetch(partial(_works_by_researcher, client, generation), _pending_ids(client, generation))
        for ids, works in batches:
            vectors = _vectors(client, generation, staging, works)
            known, reasons = states.of(ids), staging.merge_reasons(ids)
            time = datetime.now(UTC).isoformat(timespec="milliseconds")
            actions = [delete_action(generation.researchers, id_) for id_ in ids if id_ not in works]
            for id_, own in works.items():
                document = researcher_document(
                    id_,
                    own,
                    vectors,
                    state=known.get(id_, DEFAULT_STATE),
                    reasons=reasons.get(id_),
                    time=time,
                )
                actions.append(index_action(generation.researchers, id_, document))
            tasks.submit(_write, client, generation, ids, actions)
            report.counts.researchers_written += len(works)
            report.counts.researchers_removed += len(ids) - len(works)
            done += len(ids)
            on_batch(done, total)
    with_retries(client.indices.refresh, index=f"{generation.pending},{generation.researchers}")


def _write(client: OpenSearch, generation: Generation, ids: list[str], actions: list[Action]) -> None:
    write(client, actions)
    # Not before: a kill before this line means that the next run builds these researchers again.
    write(client, (delete_action(generation.pending, id_) for id_ in ids))


def _vectors(
    client: OpenSearch, generation: Generation, staging: StagingDatabase, works: Mapping[str, list[IndexedWork]]
) -> dict[str, Sequence[float] | NDArray[np.float32]]:
    """Return the embeddings of all these works by id: those of this run from its database, which spares JSON."""
    ids = {work.id for own in works.values() for work in own}
    vectors: dict[str, Sequence[float] | NDArray[np.float32]] = {**staging.vectors(ids)}
    missing = sorted(ids - vectors.keys())
    for start in range(0, len(missing), PAGE):
        for hit in documents(client, generation.works, missing[start : start + PAGE], "embedding"):
            vectors[hit["_id"]] = hit["_source"]["embedding"]
    return vectors


def _pending_ids(client: OpenSearch, generation: Generation) -> Iterator[list[str]]:
    """Return the pending ids in batches, those of one work together, so that fewer works are read more than once."""
    body = {"size": BATCH, "sort": ["work_id", "researcher_id"], "_source": False}
    return ([hit["_id"] for hit in hits] for hits in pages(client, generation.pending, body))


def _works_by_researcher(client: OpenSearch, generation: Generation, ids: list[str]) -> dict[str, list[IndexedWork]]:
    """Return the works of each of these researchers who has any, with `WORK_FIELDS`."""
    requested = set(ids)
    works: dict[str, list[IndexedWork]] = defaultdict(list)
    query = {"bool": {"filter": [{"terms": {"researchers.id": ids}}]}}
    body = {"size": PAGE, "sort": ["id"], "query": query, "_source": WORK_FIELDS}
    for hits in pages(client, generation.works, body):
        for hit in hits:
            work = IndexedWork(hit["_source"])
            for id_ in requested & work.authorships.keys():
                works[id_].append(work)
    return dict(works)
