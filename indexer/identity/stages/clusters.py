"""Clusters of mentions as rows: what joins across blocks, decisions and the assignment of ids need of them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import orjson

from indexer.identity.clusters import Cluster, Link, Side
from indexer.identity.mentions import Mention, MentionKey, WorkFacts
from indexer.identity.profile import strong_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: A cluster has the key of its first mention. `parts` are the keys of the clusters that were joined to it in this
#: stage. `traits` are co-authors and institutions. A row without `work_id` has the links of pairs that were nearly
#: joined.
COLUMNS: Mapping[str, str] = {
    "work_id": "VARCHAR",
    "position": "INTEGER",
    "mentions": "STRUCT(work_id VARCHAR, position INTEGER, name VARCHAR, source_id VARCHAR, orcid VARCHAR, "
    "provisional VARCHAR)[]",
    "names": "VARCHAR[]",
    "ids": "VARCHAR[]",
    "traits": "VARCHAR[]",
    "links": "VARCHAR",
    "parts": "STRUCT(work_id VARCHAR, position INTEGER)[]",
}


def current_clusters(columns: Iterable[str], later: Iterable[str], condition: str = "work_id IS NOT NULL") -> str:
    """Return the query of the clusters that fulfil a condition, without those that a later stage joined to others.

    The view `clusters` has those of blocks; `later` are the views of later stages, in their order.
    """
    selected = ", ".join(columns)
    query = f"SELECT {selected} FROM clusters WHERE {condition}"  # noqa: S608 (constants)
    for view in later:
        query = f"""
            SELECT * FROM ({query}) AS c WHERE NOT EXISTS (
                SELECT 1 FROM (SELECT unnest(parts) AS part FROM {view} WHERE work_id IS NOT NULL)
                WHERE part.work_id = c.work_id AND part.position = c.position
            ) UNION ALL SELECT {selected} FROM {view} WHERE {condition}
        """  # noqa: S608 (constants)
    return query


def cluster_row(
    cluster: Cluster,
    ids: Mapping[MentionKey, str],
    traits: Iterable[str],
    parts: Iterable[MentionKey] = (),
    id_field: str = "provisional",
) -> tuple[Any, ...]:
    """Return the row of a cluster; `ids` are the researcher ids of its mentions that are stored as `id_field`.

    `provisional` is the id for the case that the author had none before.
    """
    mentions = cluster.mentions
    return (
        cluster.key.work_id,
        cluster.key.position,
        [
            {
                "work_id": mention.key.work_id,
                "position": mention.position,
                "name": mention.name,
                "source_id": mention.source_id,
                "orcid": mention.orcid,
                id_field: ids[mention.key],
            }
            for mention in mentions
        ],
        sorted({mention.name for mention in mentions}),
        sorted({f"{scheme} {id_}" for mention in mentions for scheme, id_ in strong_ids(mention)}),
        sorted(traits),
        links_text(cluster.links),
        [key._asdict() for key in sorted(parts)],
    )


def near_row(links: Sequence[Link]) -> tuple[Any, ...]:
    """Return the row of the pairs that were nearly joined."""
    return (None, None, None, None, None, None, links_text(links), None)


def mention_of_entry(entry: Mapping[str, Any]) -> Mention:
    """Return a mention of a stored cluster: its work, name and ids, without the facts that are evidence."""
    facts = WorkFacts(entry["work_id"])
    return Mention(facts, entry["position"], entry["name"], entry["source_id"], entry["orcid"])


def links_text(links: Iterable[Link]) -> str:
    """Return links as text."""
    return orjson.dumps(
        [
            [_side(link.left), _side(link.right), None if link.score == inf else link.score, link.evidence]
            for link in links
        ]
    ).decode()


def links_of(text: str) -> tuple[Link, ...]:
    """Return the links in a text."""
    return tuple(
        Link(_read_side(left), _read_side(right), inf if score is None else score, evidence)
        for left, right, score, evidence in orjson.loads(text)
    )


def _side(side: Side) -> list[Any]:
    return [side.key.work_id, side.key.position, side.name, side.size]


def _read_side(value: Sequence[Any]) -> Side:
    work_id, position, name, size = value
    return Side(MentionKey(work_id, position), name, size)
