"""Resolve a collection in memory: block by block, then across blocks for people whose name variants fall into several.

For evaluation and tests. `peerscope index` uses the stages (`indexer/identity/stages`), which must return the same;
they share `compatible_pairs` and `MAX_SHARING` with this module.
"""

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
from indexer.identity.union import Union

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.names import Name
    from indexer.identity.weights import Weights


#: Maximum number of pairs of clusters compared for two names without a common trait, and of clusters with one trait.
MAX_SHARING = 40


def blocks_of(mentions: Iterable[Mention]) -> dict[str, list[Mention]]:
    """Return the mentions by home block."""
    blocks: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        blocks[block_keys(mention.name)[0]].append(mention)
    return blocks


def frequent_works(blocks: Mapping[str, Sequence[Mention]], context: Context) -> set[str]:
    """Return the ids of works whose embeddings are evidence: a frequent name in a block with several mentions."""
    return {
        mention.work.id
        for mentions in blocks.values()
        if len(mentions) > 1
        for mention in mentions
        if context.is_frequent(mention.name)
    }


def resolve(blocks: Mapping[str, Sequence[Mention]], weights: Weights, context: Context) -> Resolution:
    """Return the clusters of all blocks, resolved separately and then joined across blocks."""
    clusters: list[Cluster] = []
    near: list[Link] = []
    # Blocks of rare names first: embeddings of the others may still be computed.
    frequent = {key: any(context.is_frequent(m.name) for m in mentions) for key, mentions in blocks.items()}
    for key in sorted(blocks, key=lambda key: (frequent[key], key)):
        resolution = resolve_block(blocks[key], weights, context)
        clusters += resolution.clusters
        near += resolution.probable_duplicates
    bridged = bridge(clusters, weights, context)
    return Resolution(bridged.clusters, tuple(near) + bridged.probable_duplicates)


def bridge(clusters: Sequence[Cluster], weights: Weights, context: Context) -> Resolution:
    """Join clusters of different home blocks: by strong ids, then by compatible names with evidence.

    `clusters` are all clusters, or those of all blocks that share a key with each other.
    """
    # In an order that does not depend on how the blocks were resolved: of long lists, the first are compared.
    clusters = sorted(clusters, key=lambda cluster: cluster.key)
    name_pairs = _compatible_names(clusters)
    questioned: tuple[Link, ...] = ()
    while True:
        pairs = _pairs(clusters, name_pairs)
        touched = sorted({item for pair in pairs for item in pair})
        groups = [Group(clusters[item].mentions, context, clusters[item].links) for item in touched]
        with_ids = by_ids(groups)
        questioned = tuple(with_ids.questioned)
        if len(with_ids.groups) == len(groups):
            break
        # Repeat after joins by ids: the joined clusters have more evidence.
        clusters = _replaced(clusters, touched, with_ids.groups)
    joined: list[Group] = []
    near: list[Link] = []
    for component in _components(touched, pairs):
        members = [groups[index] for index in component]
        result = agglomerate(members, weights.bridge, context, weights)
        joined += result[0]
        near += result[1]
    return Resolution(_replaced(clusters, touched, joined), (*near, *questioned))


def _components(touched: Sequence[int], pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return the connected components of the pairs, as indexes into `touched`."""
    place = {item: index for index, item in enumerate(touched)}
    union = Union(len(touched))
    for a, b in pairs:
        union.join(place[a], place[b])
    return union.sets()


def _replaced(clusters: Sequence[Cluster], touched: Iterable[int], groups: Sequence[Group]) -> tuple[Cluster, ...]:
    """Return the clusters ordered by key, with `groups` instead of the touched ones."""
    replaced = set(touched)
    rest = [cluster for item, cluster in enumerate(clusters) if item not in replaced]
    return tuple(sorted([*rest, *(group.cluster() for group in groups)], key=lambda cluster: cluster.key))


def _pairs(clusters: Sequence[Cluster], name_pairs: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return pairs of clusters from different blocks that share an id, or compatible names and a co-author."""
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    printed: dict[str, list[int]] = defaultdict(list)
    for item, cluster in enumerate(clusters):
        for pair in {pair for mention in cluster.mentions for pair in strong_ids(mention)}:
            holders[pair].append(item)
        for name in {mention.name for mention in cluster.mentions}:
            printed[name].append(item)
    pairs = {pair for items in holders.values() for pair in combinations(items, 2)}
    for a, b in name_pairs:
        pairs |= _sharing(clusters, printed[a], printed[b])
    return sorted(pairs)


def _compatible_names(clusters: Iterable[Cluster]) -> set[tuple[str, str]]:
    """Return pairs of compatible printed names with different home blocks, where one also belongs to the other's block.

    Later joins do not change them.
    """
    homes: dict[str, list[str]] = defaultdict(list)
    guests: dict[str, list[str]] = defaultdict(list)
    for name in sorted({mention.name for cluster in clusters for mention in cluster.mentions}):
        home, *others = block_keys(name)
        homes[home].append(name)
        for key in others:
            guests[key].append(name)
    return {pair for key in homes.keys() & guests.keys() for pair in compatible_pairs(homes[key], guests[key])}


def compatible_pairs(hosts: Iterable[str], guests: Iterable[str]) -> set[tuple[str, str]]:
    """Return the compatible pairs of the printed names at home in a block and those that may belong to it."""
    parsed = [(host, parse_name(host)) for host in hosts]
    return {
        (min(guest, host), max(guest, host))
        for guest, name in ((guest, parse_name(guest)) for guest in guests)
        for host, other in parsed
        if _are_compatible(name, other)
    }


def _are_compatible(a: Name, b: Name) -> bool:
    """Return whether two names are compatible; a cheap check for a common whole word comes first."""
    if (
        not any(len(word) > 1 and word in b.words for word in a.words)
        and a.expanded == a.words
        and b.expanded == b.words
    ):
        return False
    return compatible(a, b) is not Verdict.INCOMPATIBLE


def _sharing(clusters: Sequence[Cluster], items: Sequence[int], others: Sequence[int]) -> set[tuple[int, int]]:
    """Return pairs that share a co-author or an institution; all pairs when the names have few clusters."""
    if len(items) * len(others) <= MAX_SHARING:
        return {(min(a, b), max(a, b)) for a in items for b in others if a != b}
    lists: dict[str, list[int]] = defaultdict(list)
    for item in others:
        for trait in clusters[item].traits:
            lists[trait].append(item)
    pairs: set[tuple[int, int]] = set()
    for item in items:
        shared = {other for trait in clusters[item].traits for other in lists.get(trait, ())[:MAX_SHARING]}
        pairs |= {(min(item, other), max(item, other)) for other in shared if other != item}
    return pairs
