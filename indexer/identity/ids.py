"""Clusters -> researcher ids that stay: whoever links to a researcher must find the same one after every run.

A cluster keeps the id that most of its mentions had; ids that lost all their mentions to others become aliases, and
answer 301. Only a cluster that never had an id gets a new one, from its strong id, else from its name.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.identity.keys import NAME_SCHEME, fold_name, researcher_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from indexer.identity.clusters import Cluster
    from indexer.identity.mentions import MentionKey


@dataclass(frozen=True, slots=True)
class Assignment:
    """The researcher id of each mention, and old ids with the id that answers for them now."""

    ids: dict[MentionKey, str]
    aliases: dict[str, str] = field(default_factory=dict)


def assign_ids(
    clusters: Sequence[Cluster], previous: Mapping[MentionKey, str], taken: Collection[str] = ()
) -> Assignment:
    """Return each cluster its id.

    `previous` holds the ids of these mentions in the last run, `taken` the ids and aliases in use by mentions outside
    of `clusters`: none of them is given to anyone here.
    """
    ordered = sorted(clusters, key=lambda cluster: cluster.key)
    votes = [Counter(previous[m.key] for m in cluster.mentions if m.key in previous) for cluster in ordered]
    ids = _kept(ordered, votes, set(taken))
    used = {*taken, *previous.values(), *ids.values()}
    for item, cluster in enumerate(ordered):
        if item not in ids:
            ids[item] = new_id(cluster, used)
            used.add(ids[item])
    return Assignment(
        {mention.key: ids[item] for item, cluster in enumerate(ordered) for mention in cluster.mentions},
        _aliases(ids, votes),
    )


def _kept(clusters: Sequence[Cluster], votes: Sequence[Counter[str]], taken: set[str]) -> dict[int, str]:
    """Let clusters keep old ids: the largest claim first, each id and each cluster once."""
    claims = sorted(
        (-count, clusters[item].key, item, id_)
        for item, counted in enumerate(votes)
        for id_, count in counted.items()
        if id_ not in clusters[item].barred
    )
    ids: dict[int, str] = {}
    for _, _, item, id_ in claims:
        if item not in ids and id_ not in taken:
            ids[item] = id_
            taken.add(id_)
    return ids


def _aliases(ids: Mapping[int, str], votes: Sequence[Counter[str]]) -> dict[str, str]:
    """Return the ids that nobody has any more, each with the cluster that most of its mentions went to."""
    heirs: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for item, counted in enumerate(votes):
        for id_, count in counted.items():
            heirs[id_].append((-count, ids[item]))
    held = set(ids.values())
    return {id_: min(found)[1] for id_, found in sorted(heirs.items()) if id_ not in held}


def new_id(cluster: Cluster, used: Collection[str]) -> str:
    """Return an id for a cluster that has none: of its strong id, else its name, else its name with its first work.

    The same in every run over the same works. Of namesakes, the one whose first mention comes first has the plain id.
    """
    keys = [*cluster.ids, name_key(cluster)]
    for key in keys:
        if (found := researcher_id(key)) not in used:
            return found
    return _distinct(keys[-1], cluster.key)


def name_key(cluster: Cluster) -> str:
    """Return the identity key of a cluster's first mention's name."""
    name = cluster.mentions[0].name
    return NAME_SCHEME + (fold_name(name) or name)


def _distinct(key: str, first: MentionKey) -> str:
    """Return a namesake's id: it reads like the plain one, and its digits follow from the first work too."""
    readable = researcher_id(key).rpartition("-")[0]
    digest = hashlib.sha256(f"{key} {first}".encode()).hexdigest()[:12]
    return f"{readable}-{digest}" if readable else digest
