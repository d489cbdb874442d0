"""A whole corpus: block by block, then across blocks, for people whose name is at times printed as of another block."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from indexer.identity.clusters import Cluster, Group, Link, Resolution
from indexer.identity.compatibility import Verdict, compatible
from indexer.identity.cores import by_ids
from indexer.identity.names import block_keys, parse_name
from indexer.identity.profile import strong_ids
from indexer.identity.resolve import agglomerate, resolve_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.names import Name
    from indexer.identity.weights import Weights


def blocks_of(mentions: Iterable[Mention]) -> dict[str, list[Mention]]:
    """Sort mentions into their home blocks."""
    blocks: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        blocks[block_keys(mention.name)[0]].append(mention)
    return blocks


def resolve(blocks: Mapping[str, Sequence[Mention]], weights: Weights, context: Context) -> Resolution:
    """Resolve blocks, each by itself, then join across them."""
    clusters: list[Cluster] = []
    near: list[Link] = []
    for key in sorted(blocks):
        found = resolve_block(blocks[key], weights, context)
        clusters += found.clusters
        near += found.probable_duplicates
    bridged = bridge(clusters, weights, context)
    return Resolution(bridged.clusters, tuple(near) + bridged.probable_duplicates)


def bridge(clusters: Sequence[Cluster], weights: Weights, context: Context) -> Resolution:
    """Join clusters of different home blocks: by strong ids, then by compatible names with evidence.

    Give it all clusters, or those of all blocks that share a key with one another: the rest is untouched either way.
    """
    meeting = _meeting(clusters)
    while True:
        pairs = _pairs(clusters, meeting, weights)
        touched = sorted({item for pair in pairs for item in pair})
        groups = [Group(clusters[item].mentions, context, clusters[item].links) for item in touched]
        with_ids = by_ids(groups, context)
        if len(with_ids) == len(groups):
            break
        # Once more after joins by ids: the joined clusters have more evidence.
        clusters = _replaced(clusters, touched, with_ids)
    place = {item: index for index, item in enumerate(touched)}
    local = [(place[a], place[b]) for a, b in pairs]
    joined, near = agglomerate(groups, local, weights.bridge, context, weights)
    return Resolution(_replaced(clusters, touched, joined), tuple(near))


def _replaced(clusters: Sequence[Cluster], touched: Iterable[int], groups: Sequence[Group]) -> tuple[Cluster, ...]:
    """Return the clusters, in order, with what came of the touched ones in their place."""
    gone = set(touched)
    rest = [cluster for item, cluster in enumerate(clusters) if item not in gone]
    return tuple(sorted([*rest, *(group.cluster() for group in groups)], key=lambda cluster: cluster.key))


def _pairs(clusters: Sequence[Cluster], meeting: Iterable[tuple[str, str]], weights: Weights) -> list[tuple[int, int]]:
    """Return pairs of clusters at home in different blocks that share an id, or compatible names and a co-author."""
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    printed: dict[str, list[int]] = defaultdict(list)
    for item, cluster in enumerate(clusters):
        for pair in {pair for mention in cluster.mentions for pair in strong_ids(mention)}:
            holders[pair].append(item)
        for name in {mention.name for mention in cluster.mentions}:
            printed[name].append(item)
    pairs = {pair for items in holders.values() for pair in combinations(items, 2)}
    for one, two in meeting:
        pairs |= _sharing(clusters, printed[one], printed[two], weights)
    return sorted(pairs)


def _meeting(clusters: Iterable[Cluster]) -> set[tuple[str, str]]:
    """Return pairs of compatible printed names of different blocks, one of them a guest in the other's.

    What is joined later does not change them.
    """
    homes: dict[str, list[str]] = defaultdict(list)
    guests: dict[str, list[str]] = defaultdict(list)
    for name in sorted({mention.name for cluster in clusters for mention in cluster.mentions}):
        home, *others = block_keys(name)
        homes[home].append(name)
        for key in others:
            guests[key].append(name)
    found: set[tuple[str, str]] = set()
    # Block by block, so that each name is parsed a few times and not once for every pair it is in.
    for key in homes.keys() & guests.keys():
        hosts = [(host, parse_name(host)) for host in homes[key]]
        for guest in guests[key]:
            parsed = parse_name(guest)
            found |= {(min(guest, host), max(guest, host)) for host, other in hosts if _meet(parsed, other)}
    return found


def _meet(a: Name, b: Name) -> bool:
    """Look for a whole word in common before comparing in full: of a giant block, few names have one."""
    if (
        not any(len(word) > 1 and word in b.words for word in a.words)
        and a.expanded == a.words
        and b.expanded == b.words
    ):
        return False
    return compatible(a, b) is not Verdict.INCOMPATIBLE


def _sharing(
    clusters: Sequence[Cluster], ones: Sequence[int], twos: Sequence[int], weights: Weights
) -> set[tuple[int, int]]:
    """Return pairs that share a co-author or an institution; where the names have few clusters, all pairs."""
    if len(ones) * len(twos) <= weights.max_sharing:
        return {(min(a, b), max(a, b)) for a in ones for b in twos if a != b}
    lists: dict[str, list[int]] = defaultdict(list)
    for item in twos:
        for trait in _evidence(clusters[item]):
            lists[trait].append(item)
    found: set[tuple[int, int]] = set()
    for item in ones:
        shared = {other for trait in _evidence(clusters[item]) for other in lists.get(trait, ())[: weights.max_sharing]}
        found |= {(min(item, other), max(item, other)) for other in shared if other != item}
    return found


def _evidence(cluster: Cluster) -> set[str]:
    return {trait for mention in cluster.mentions for trait in (*mention.coauthors, *mention.institutions)}
