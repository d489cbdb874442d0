"""Update the institutions of indexed works whose names resolve differently than before.

A name that got an id, from a new source, a ROR dump or a decision, is replaced on all works that have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from indexer.write.bulk import pending_actions, update_action, with_retries, write
from indexer.write.reads import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from opensearchpy import OpenSearch

    from indexer.institutions.registry import Registry
    from indexer.write.bulk import Action
    from mappings import Generation
    from mappings.documents import Authorship, InstitutionName, WorkDocument

PAGE = 500
#: Ids in one query, below OpenSearch's limit of clauses.
MAX_IDS = 1_000


def update_institutions(
    client: OpenSearch, generation: Generation, registry: Registry, on_change: Callable[[Iterable[str]], None]
) -> int:
    """Replace institutions without an id of a source that resolve differently now; return the number of works.

    Their researchers become pending. Repeated after an interruption, it continues. `on_change` receives the ids of
    works before they are changed.
    """
    replaced = _replaced(client, generation, registry)
    ids, count = sorted(replaced), 0
    with_retries(client.indices.refresh, index=generation.works)
    for start in range(0, len(ids), MAX_IDS):
        query = {"terms": {"institutions.id": ids[start : start + MAX_IDS]}}
        body = {"size": PAGE, "sort": ["id"], "query": query, "_source": ["id", "researchers"]}
        for hits in pages(client, generation.works, body):
            works = [hit["_source"] for hit in hits]
            # Before the works: after a kill in between, researchers are built once more instead of being missed.
            pending = {entry["id"]: work["id"] for work in works for entry in work["researchers"]}
            write(client, pending_actions(generation.pending, pending))
            on_change(work["id"] for work in works)
            write(client, [_update(generation, work, replaced) for work in works])
            count += len(works)
    if count:
        with_retries(client.indices.refresh, index=generation.works)
    return count


def _replaced(client: OpenSearch, generation: Generation, registry: Registry) -> dict[str, list[InstitutionName]]:
    """Return the current institutions of each id that was made from a name, if they changed."""
    replaced = {}
    body = {"size": PAGE, "sort": ["id"], "query": {"match_all": {}}, "_source": ["id", "name"]}
    for hits in pages(client, generation.institutions, body):
        for hit in hits:
            id_, name = hit["_source"]["id"], hit["_source"]["name"]
            if ":" in id_ and not registry.is_decided(name):
                continue
            new: list[InstitutionName] = [{"id": item.id, "name": item.name} for item in registry.printed(name)]
            if [item["id"] for item in new] != [id_]:
                replaced[id_] = new
    return replaced


def _update(generation: Generation, work: WorkDocument, replaced: Mapping[str, list[InstitutionName]]) -> Action:
    entries = [_with_institutions(entry, replaced) for entry in work["researchers"]]
    distinct = {item["id"]: item for entry in entries for item in entry["institutions"]}
    return update_action(
        generation.works, work["id"], {"researchers": entries, "institutions": list(distinct.values())}
    )


def _with_institutions(entry: Authorship, replaced: Mapping[str, list[InstitutionName]]) -> Authorship:
    new = {item["id"]: item for old in entry["institutions"] for item in replaced.get(old["id"], [old])}
    institutions = list(new.values())
    return {**entry, "institutions": institutions, "institution_id": institutions[0]["id"] if institutions else None}
