"""Assignment of researcher ids in memory: the reference to which the stages are compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from indexer.identity.ids import candidate_ids, distinct_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from indexer.identity.clusters import Cluster
    from indexer.identity.mentions import MentionKey


@dataclass(frozen=True, slots=True)
class Assignment:
    """The researcher id of each mention, and the ids that were merged, each with the id that it redirects to."""

    ids: dict[MentionKey, str]
    redirects: dict[str, str] = field(default_factory=dict)


def assign_ids(
    clusters: Sequence[Cluster], previous: Mapping[MentionKey, str], taken: Collection[str] = ()
) -> Assignment:
    """Return the researcher ids of all mentions, one for each cluster.

    `previous` has the ids of these mentions after the last run, `taken` ids that must not be assigned: those of other
    mentions, and redirects.
    """
    ordered = sorted(clusters, key=lambda cluster: cluster.key)
    votes = [Counter(previous[m.key] for m in cluster.mentions if m.key in previous) for cluster in ordered]
    ids = _kept(ordered, votes, set(taken))
    used = {*taken, *previous.values(), *ids.values()}
    for item, cluster in enumerate(ordered):
        if item not in ids:
            ids[item] = _new_id(cluster, used)
            used.add(ids[item])
    return Assignment(
        {mention.key: ids[item] for item, cluster in enumerate(ordered) for mention in cluster.mentions},
        _redirects(ids, votes),
    )


def _kept(clusters: Sequence[Cluster], votes: Sequence[Counter[str]], taken: set[str]) -> dict[int, str]:
    """Return the former ids that clusters keep: the largest number of mentions first, each id and cluster once."""
    candidates = sorted(
        (-count, clusters[item].key, item, id_)
        for item, counted in enumerate(votes)
        for id_, count in counted.items()
        if id_ not in clusters[item].barred
    )
    ids: dict[int, str] = {}
    for _, _, item, id_ in candidates:
        if item not in ids and id_ not in taken:
            ids[item] = id_
            taken.add(id_)
    return ids


def _redirects(ids: Mapping[int, str], votes: Sequence[Counter[str]]) -> dict[str, str]:
    """Return the former ids without mentions, each with the id that received most of its mentions."""
    targets: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for item, counted in enumerate(votes):
        for id_, count in counted.items():
            targets[id_].append((-count, ids[item]))
    used = set(ids.values())
    return {id_: min(candidates)[1] for id_, candidates in sorted(targets.items()) if id_ not in used}


def _new_id(cluster: Cluster, used: Collection[str]) -> str:
    """Return a new id for a cluster, from its strong id, else its name, else its name and first work.

    It is the same in every run over the same works. Of namesakes, the one with the first mention has the plain id.
    """
    return next((id_ for id_ in candidate_ids(cluster) if id_ not in used), None) or distinct_id(cluster)
