"""Generations: the collection is changed in a copy, which replaces the searched one at the end of a run.

A new generation starts as a clone of the live one (hard links: immediate, and free until it differs), is changed while
searches use the other, and goes live by one atomic move of all aliases (`publish`). The previous generation is kept for
`rollback`. An interrupted run leaves an unfinished generation, which the next run continues.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import NotFoundError, RequestError

from mappings.indices import Scale, index_body, load
from mappings.names import FORMER_KINDS, KINDS, VERSION, Generation, IndexNames, WritableGeneration, is_writer_alias
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensearchpy import OpenSearch

#: Generations kept besides the live one.
KEPT = 1
#: How long `publish` waits for replicas, and the client's timeout for that request in seconds.
REPLICA_TIMEOUT = "300s"
REPLICA_REQUEST_TIMEOUT = 330
#: The client's timeout in seconds for merging an index into one segment; a million works with vectors take minutes.
MERGE_TIMEOUT = 3_600
#: Share of an index's documents outside its largest segment, deleted ones included, up to which that segment stays as
#: it is. To merge it is to build its graph of vectors again, which takes minutes per million works. A small segment
#: beside it costs a search little, but rankings count the words of replaced texts until they are merged.
SMALL_SHARE = 0.02
#: Settings of a generation that is searched. A search of one or two segments has little to divide among threads, and
#: with several threads the neighbours of a vector depend on which is faster.
SEARCHED = {"index.refresh_interval": None, "index.search.concurrent_segment_search.mode": "none"}
#: Fields that facets count, by kind: their ordinals are built before the first search needs them.
COUNTED = {
    "works": ("topics.id", "year", "researchers.id", "venue", "type", "institutions.id"),
    "researchers": ("topics.id", "institutions.id", "verification_level"),
}


class StoreError(PeerscopeError):
    """The stored collection does not allow what was requested; the message says what to do."""


def list_generations(client: OpenSearch, names: IndexNames) -> list[Generation]:
    """Return all generations, finished or not, the oldest first."""
    indices = client.indices.get(index=f"{names.prefix}works-v*", params={"expand_wildcards": "open"})
    parsed = (Generation.of_index(names.prefix, index) for index in indices)
    return sorted((generation for generation in parsed if generation), key=lambda generation: generation.number)


def live(client: OpenSearch, names: IndexNames) -> Generation | None:
    """Return the generation that is searched; None before anything is indexed."""
    try:
        indices = client.indices.get_alias(name=names.works)
    except NotFoundError:
        return None
    parsed = (Generation.of_index(names.prefix, index) for index in indices)
    return next((generation for generation in parsed if generation), None)


def unfinished(client: OpenSearch, names: IndexNames) -> Generation | None:
    """Return the generation that an interrupted run left before it went live, or None."""
    current = live(client, names)
    newer = [other for other in list_generations(client, names) if current is None or other.number > current.number]
    return newer[-1] if newer else None


def stored_model(client: OpenSearch, generation: Generation) -> dict[str, Any]:
    """Return the description of the embedding model of a generation.

    Raises StoreError when its mapping version is not the current one.
    """
    meta = _meta(client, generation)
    if meta.get("version") != VERSION:
        raise StoreError(
            f"The index {generation.works} has mapping version {meta.get('version')}, but this Peerscope needs version "
            f"{VERSION}. Run `peerscope index --rebuild` to rebuild it from the indexed works, or set "
            "PEERSCOPE_INDEX_PREFIX to start another index."
        )
    model: dict[str, Any] = meta["model"]
    return model


def stored_fingerprint(client: OpenSearch, generation: Generation) -> str | None:
    """Return the fingerprint of the embedding model of a generation of any mapping version."""
    fingerprint: str | None = _meta(client, generation).get("model", {}).get("fingerprint")
    return fingerprint


def stored_decisions(client: OpenSearch, generation: Generation) -> str | None:
    """Return the digest of the identity decisions that a generation follows; None before any was saved."""
    # The key is that of collections which exist.
    digest: str | None = _meta(client, generation).get("followed")
    return digest


def save_decisions(client: OpenSearch, generation: Generation, digest: str) -> None:
    """Save with a generation which identity decisions it follows, so that a rollback restores that too."""
    meta = {**_meta(client, generation), "followed": digest}
    client.indices.put_mapping(index=generation.works, body={"_meta": meta})


def index_uuid(client: OpenSearch, generation: Generation) -> str:
    """Return the UUID of the index of works of a generation, which no other index ever has."""
    (index,) = client.indices.get_settings(index=generation.works).values()
    uuid: str = index["settings"]["index"]["uuid"]
    return uuid


def _meta(client: OpenSearch, generation: Generation) -> dict[str, Any]:
    (index,) = client.indices.get_mapping(index=generation.works).values()
    meta: dict[str, Any] = index["mappings"].get("_meta", {})
    return meta


def begin(
    client: OpenSearch,
    names: IndexNames,
    model: Mapping[str, Any],
    *,
    rebuild: bool = False,
    scale: Scale | None = None,
) -> Generation:
    """Return the generation to write to: the unfinished one, otherwise a clone of the live one, otherwise a new one.

    `rebuild=True` creates empty indices instead of clones, and drops what a run without it left unfinished (and vice
    versa). Can be repeated after an interruption.
    """
    scale = scale or Scale()
    current, left = live(client, names), unfinished(client, names)
    if left and current and (_meta(client, left).get("begun_in") == left.number) != rebuild:
        discard(client, left)
        left = None
    generation = left or (current.next() if current else Generation(names.prefix))
    for kind in KINDS:
        # Pending researchers are those of one generation; a kind that the live generation lacks starts empty too.
        if current is None or rebuild or kind == "pending" or not client.indices.exists(index=current.name(kind)):
            _create(client, generation, kind, model, scale)
        else:
            _clone(client, current, generation, kind)
            _add_fields(client, generation.name(kind), kind)
    client.cluster.health(index=generation.works, params={"wait_for_status": "yellow"})
    _put_settings(client, generation, {"index.refresh_interval": "-1"})
    return generation


def _put_settings(client: OpenSearch, generation: Generation, settings: dict[str, Any]) -> None:
    client.indices.put_settings(index=",".join(generation.name(kind) for kind in KINDS), body=settings)


def _create(client: OpenSearch, generation: Generation, kind: str, model: Mapping[str, Any], scale: Scale) -> None:
    body = index_body(kind, model, scale, begun_in=generation.number)
    try:
        client.indices.create(index=generation.name(kind), body=body)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _clone(client: OpenSearch, source: Generation, target: Generation, kind: str) -> None:
    """Clone one index, for which OpenSearch needs the source to be closed to writes.

    The block is removed whatever happens, also one that a killed run left: researchers' states are written to the live
    generation.
    """
    name, settings = source.name(kind), client.indices.put_settings
    try:
        if not client.indices.exists(index=target.name(kind)):
            settings(index=name, body={"index.blocks.write": True})
            body = {"settings": {"index.blocks.write": None, "index.number_of_replicas": 0}}
            client.indices.clone(index=name, target=target.name(kind), body=body)
    finally:
        settings(index=name, body={"index.blocks.write": None})


def _add_fields(client: OpenSearch, index: str, kind: str) -> None:
    """Add the fields that the mapping of a kind got after an index was created."""
    stored = client.indices.get_mapping(index=index)[index]["mappings"]["properties"]
    new = {name: field for name, field in load(kind)["properties"].items() if name not in stored}
    if new:
        client.indices.put_mapping(index=index, body={"properties": new})


def claim(client: OpenSearch, generation: Generation, token: str) -> WritableGeneration:
    """Return an unfinished generation as the run with this token writes it; no other run can write it any more."""
    writable = generation.of_writer(token)
    stored = client.indices.get_alias(index=",".join(generation.name(kind) for kind in KINDS))
    # By name: a pattern of aliases is not expanded here.
    actions: list[dict[str, Any]] = [
        {"remove": {"index": index, "alias": alias}}
        for index, content in stored.items()
        for alias in content["aliases"]
        if is_writer_alias(alias)
    ]
    actions += [{"add": {"index": generation.name(kind), "alias": writable.name(kind)}} for kind in KINDS]
    client.indices.update_aliases(body={"actions": actions})
    return writable


def publish(client: OpenSearch, generation: Generation, *, replicas: int = 0, token: str | None = None) -> None:
    """Move all aliases to a generation in one atomic step, then drop generations that are too old to keep.

    Before, each of its indices is merged into one segment, or two after a small change (`SMALL_SHARE`): a vector search
    looks for neighbours in every segment. With the `token` of a run, that run must be the writer still: otherwise, the
    aliases stay, and NotFoundError is raised. The aliases through which the run writes are removed.
    """
    names = IndexNames(generation.prefix)
    indices = ",".join(generation.name(kind) for kind in KINDS)
    _merge(client, indices)
    _put_settings(client, generation, {**SEARCHED, "index.number_of_replicas": replicas})
    client.indices.refresh(index=indices)
    _wait_for_replicas(client, indices, replicas)
    _warm(client, generation)
    actions: list[dict[str, Any]] = []
    for kind in KINDS:
        index, live_name = generation.name(kind), names.name(kind)
        if token is not None:
            actions.append(
                {"remove": {"index": index, "alias": generation.of_writer(token).name(kind), "must_exist": True}}
            )
        actions.append({"remove": {"index": f"{live_name}-v*", "alias": live_name, "must_exist": False}})
        actions.append({"add": {"index": index, "alias": live_name}})
    client.indices.update_aliases(body={"actions": actions})
    older = [other for other in list_generations(client, names) if other.number < generation.number]
    for old in older[:-KEPT]:
        discard(client, old)


def _merge(client: OpenSearch, indices: str) -> None:
    client.indices.refresh(index=indices)
    stored = client.indices.segments(index=indices)["indices"]
    by_segments: dict[int, list[str]] = {1: [], 2: []}
    for index, content in stored.items():
        copies = [copy for shard in content["shards"].values() for copy in shard]
        small = sum(_outside_largest(copy["segments"]) for copy in copies)
        documents = sum(_documents(segment) for copy in copies for segment in copy["segments"].values())
        by_segments[2 if small <= SMALL_SHARE * documents else 1].append(index)
    # Nodes of a cluster merge what one request names at the same time.
    for segments, names in by_segments.items():
        if names:
            params = {"max_num_segments": segments, "request_timeout": MERGE_TIMEOUT}
            client.indices.forcemerge(index=",".join(names), params=params)


def _outside_largest(segments: Mapping[str, Any]) -> int:
    """Return the number of documents of a shard that are deleted or not in its largest segment."""
    live = [segment["num_docs"] for segment in segments.values()]
    return sum(map(_documents, segments.values())) - max(live, default=0)


def _documents(segment: Mapping[str, Any]) -> int:
    documents: int = segment["num_docs"] + segment["deleted_docs"]
    return documents


def _warm(client: OpenSearch, generation: Generation) -> None:
    """Let OpenSearch build what facets and sorted lists need, which would slow down the first search."""
    for kind, fields in COUNTED.items():
        counted = {field: {"terms": {"field": field, "size": 1}} for field in fields}
        body = {"size": 0, "query": {"match_all": {}}, "aggs": counted}
        client.search(index=generation.name(kind), body=body, params={"request_cache": "false"})


def _wait_for_replicas(client: OpenSearch, indices: str, replicas: int) -> None:
    """Wait until replicas are ready for searches; not for those that no node can hold.

    A replica that waits for its turn is not counted as initializing, so with enough nodes the status has to be green.
    """
    nodes = client.cluster.health()["number_of_data_nodes"]
    condition = {"wait_for_status": "green"} if nodes > replicas else {"wait_for_no_initializing_shards": "true"}
    params = {**condition, "timeout": REPLICA_TIMEOUT, "ignore": 408}
    client.cluster.health(index=indices, params=params, request_timeout=REPLICA_REQUEST_TIMEOUT)


def rollback(client: OpenSearch, names: IndexNames, *, replicas: int = 0) -> Generation:
    """Return to the generation before the live one, and drop the live one.

    Raises StoreError when there is none, or when it is of another mapping version.
    """
    current = live(client, names)
    older = [other for other in list_generations(client, names) if current and other.number < current.number]
    if current is None or not older:
        raise StoreError("There is no earlier state to go back to. Only the state before the last run is kept.")
    previous = older[-1]
    if previous.version != VERSION:
        raise StoreError(
            f"The earlier state has mapping version {previous.version}, but this Peerscope needs version {VERSION}. "
            f"Run `peerscope rollback` with the Peerscope that wrote {previous.works}."
        )
    for newer in list_generations(client, names):
        if newer.number > current.number:
            discard(client, newer)
    publish(client, previous, replicas=replicas)
    discard(client, current)
    return previous


def discard(client: OpenSearch, generation: Generation) -> None:
    """Delete the indices of a generation; missing ones are ignored."""
    # Works last: while they exist, the generation counts as existing, and discarding it can be repeated.
    for kind in (*FORMER_KINDS, *reversed(KINDS)):
        client.indices.delete(index=generation.name(kind), params={"ignore_unavailable": "true"})


def drop(client: OpenSearch, names: IndexNames) -> None:
    """Delete everything under a prefix; missing indices are ignored."""
    for generation in list_generations(client, names):
        discard(client, generation)
    client.indices.delete(index=f"{names.lock},{names.people}", params={"ignore_unavailable": "true"})
