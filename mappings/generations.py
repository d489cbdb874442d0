"""Generations: the collection is changed beside the one that is searched, and takes its place at the end.

A new generation begins as a clone of the live one (hard links, so it is made at once and costs no space until it
differs), is changed in place while searches go on in the other, and goes live by one atomic move of all aliases. The
generation before stays, to go back to. A run that was broken off leaves an unfinished generation; the next run goes on
with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import NotFoundError, RequestError

from mappings.errors import StoreError
from mappings.names import KINDS, VERSION, Generation, IndexNames
from mappings.scale import Scale
from mappings.store import index_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opensearchpy import OpenSearch

#: Generations kept besides the live one.
KEPT = 1
#: How long copies of the indices may take before they go live all the same, and the client's patience with that.
COPYING = "300s"
LONG = 330


def generations(client: OpenSearch, names: IndexNames) -> list[Generation]:
    """Return every generation that there is, the oldest first, finished or not."""
    found = client.indices.get(index=f"{names.prefix}works-v*", params={"expand_wildcards": "open"})
    known = (Generation.of_index(names.prefix, index) for index in found)
    return sorted((one for one in known if one), key=lambda one: one.number)


def live(client: OpenSearch, names: IndexNames) -> Generation | None:
    """Return the generation that is searched; None before anything is indexed."""
    try:
        found = client.indices.get_alias(name=names.works)
    except NotFoundError:
        return None
    return next((one for index in found if (one := Generation.of_index(names.prefix, index))), None)


def unfinished(client: OpenSearch, names: IndexNames) -> Generation | None:
    """Return the generation that a run left behind before it could go live; None where there is none."""
    now = live(client, names)
    newer = [one for one in generations(client, names) if now is None or one.number > now.number]
    return newer[-1] if newer else None


def stored_model(client: OpenSearch, generation: Generation) -> dict[str, Any]:
    """Return the description of the model whose vectors a generation carries.

    Raises StoreError when its mapping is of another version than this Peerscope writes.
    """
    meta = _meta(client, generation)
    if meta.get("version") != VERSION:
        raise StoreError(
            f"Index {generation.works} has mapping version {meta.get('version')}, this Peerscope writes version "
            f"{VERSION}. Rebuild it on purpose with --rebuild, or index under another PEERSCOPE_INDEX_PREFIX."
        )
    model: dict[str, Any] = meta["model"]
    return model


def stored_fingerprint(client: OpenSearch, generation: Generation) -> str | None:
    """Return the fingerprint of the model whose vectors a generation of any mapping version carries."""
    fingerprint: str | None = _meta(client, generation).get("model", {}).get("fingerprint")
    return fingerprint


def followed(client: OpenSearch, generation: Generation) -> str | None:
    """Return the digest of people's decisions that a generation follows; None before any was noted."""
    digest: str | None = _meta(client, generation).get("followed")
    return digest


def note_followed(client: OpenSearch, generation: Generation, digest: str) -> None:
    """Note in a generation which decisions it follows: it is true of this one, whatever goes live before or after."""
    meta = {**_meta(client, generation), "followed": digest}
    client.indices.put_mapping(index=generation.works, body={"_meta": meta})


def _meta(client: OpenSearch, generation: Generation) -> dict[str, Any]:
    mapping = client.indices.get_mapping(index=generation.works)[generation.works]["mappings"]
    meta: dict[str, Any] = mapping.get("_meta", {})
    return meta


def begin(client: OpenSearch, names: IndexNames, model: Mapping[str, Any], *, rebuild: bool = False) -> Generation:
    """Return the generation to write to: the unfinished one, else a clone of the live one, else a new one.

    `rebuild=True` begins with nothing in place of a clone; what a run of the other kind left unfinished is dropped.
    Safe to run again when it was broken off. Raises StoreError for a setting of the layout that cannot be used.
    """
    scale = Scale.from_env()
    now, left = live(client, names), unfinished(client, names)
    if left and now and (_meta(client, left).get("begun_in") == left.number) != rebuild:
        discard(client, left)
        left = None
    generation = left or (now.next() if now else Generation(names.prefix))
    for kind in KINDS:
        # A kind that the live generation does not have yet begins empty, as the marks do.
        if now is None or rebuild or kind == "pending" or not client.indices.exists(index=now.name(kind)):
            _create(client, generation, kind, model, scale)
        else:
            _clone(client, now, generation, kind)
    client.cluster.health(index=generation.works, params={"wait_for_status": "yellow"})
    _set(client, generation, {"index.refresh_interval": "-1"})
    return generation


def _set(client: OpenSearch, generation: Generation, settings: dict[str, Any]) -> None:
    client.indices.put_settings(index=",".join(generation.name(kind) for kind in KINDS), body=settings)


def _create(client: OpenSearch, generation: Generation, kind: str, model: Mapping[str, Any], scale: Scale) -> None:
    body = index_body(kind, model, scale, begun_in=generation.number)
    try:
        client.indices.create(index=generation.name(kind), body=body)
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise


def _clone(client: OpenSearch, source: Generation, target: Generation, kind: str) -> None:
    """Clone one index; OpenSearch wants the source closed to writes for that moment.

    It is opened again however this ends, and also where a run before was killed in between: people's states are
    written to what is searched.
    """
    name, settings = source.name(kind), client.indices.put_settings
    try:
        if not client.indices.exists(index=target.name(kind)):
            settings(index=name, body={"index.blocks.write": True})
            body = {"settings": {"index.blocks.write": None, "index.number_of_replicas": 0}}
            client.indices.clone(index=name, target=target.name(kind), body=body)
    finally:
        settings(index=name, body={"index.blocks.write": None})


def publish(client: OpenSearch, generation: Generation) -> None:
    """Make a generation the one that is searched, at once for all kinds, and drop those that are too old to keep."""
    names = IndexNames(generation.prefix)
    indices = ",".join(generation.name(kind) for kind in KINDS)
    replicas = Scale.from_env().replicas
    _set(client, generation, {"index.refresh_interval": None, "index.number_of_replicas": replicas})
    client.indices.refresh(index=indices)
    _wait_for_copies(client, indices, replicas)
    actions: list[dict[str, Any]] = []
    for kind in KINDS:
        actions.append({"remove": {"index": f"{names.name(kind)}-v*", "alias": names.name(kind), "must_exist": False}})
        actions.append({"add": {"index": generation.name(kind), "alias": names.name(kind)}})
    client.indices.update_aliases(body={"actions": actions})
    others = [one for one in generations(client, names) if one.number < generation.number]
    for old in others[:-KEPT]:
        discard(client, old)


def _wait_for_copies(client: OpenSearch, indices: str, replicas: int) -> None:
    """Wait until the copies are made, since people search the indices from then on; not for what no node can take.

    A copy that waits for its turn is no initializing shard yet, so with nodes enough all have to be there.
    """
    nodes = client.cluster.health()["number_of_data_nodes"]
    awaited = {"wait_for_status": "green"} if nodes > replicas else {"wait_for_no_initializing_shards": "true"}
    params = {**awaited, "timeout": COPYING, "ignore": 408}
    client.cluster.health(index=indices, params=params, request_timeout=LONG)


def rollback(client: OpenSearch, names: IndexNames) -> Generation:
    """Go back to the generation before the live one; the live one is dropped. Raises StoreError when there is none."""
    now = live(client, names)
    before = [one for one in generations(client, names) if now and one.number < now.number]
    if now is None or not before:
        raise StoreError("There is no earlier state to go back to: the one before the last run is kept, no older ones.")
    for newer in generations(client, names):
        if newer.number > now.number:
            discard(client, newer)
    publish(client, before[-1])
    discard(client, now)
    return before[-1]


def discard(client: OpenSearch, generation: Generation) -> None:
    """Remove the indices of a generation; what is not there is no error."""
    # The works last: while they are there the generation counts as existing, and discarding it can be done again.
    for kind in reversed(KINDS):
        client.indices.delete(index=generation.name(kind), params={"ignore_unavailable": "true"})


def drop(client: OpenSearch, names: IndexNames) -> None:
    """Remove everything under this prefix; what is not there is no error."""
    for generation in generations(client, names):
        discard(client, generation)
    client.indices.delete(index=f"{names.lock},{names.people}", params={"ignore_unavailable": "true"})
