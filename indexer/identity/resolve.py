"""Group mentions into researchers: join the best pair until none reaches the threshold, independent of input order.

Greedy agglomeration on summed evidence: after each join the evidence of the group is that of all its mentions, so a
second shared co-author counts once it is known to be shared. Some pairs are never joined: incompatible names, different
ids of one scheme, two authors of one work.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from indexer.identity.clusters import Cluster, Group, Link, Resolution, make_link
from indexer.identity.cores import by_coauthors, by_ids
from indexer.identity.evidence import Part, is_hopeless, total, weigh

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention, MentionKey
    from indexer.identity.weights import Weights


def resolve_block(mentions: Sequence[Mention], weights: Weights, context: Context) -> Resolution:
    """Return the clusters of one block. Deterministic, and independent of the order of mentions."""
    if len(mentions) == 1:
        return Resolution((Cluster(tuple(mentions)),))
    groups = [Group([mention], context) for mention in sorted(mentions, key=lambda mention: mention.key)]
    groups = by_coauthors(by_ids(groups, context), context, weights)
    if len(groups) == 1:
        return Resolution((groups[0].cluster(),))
    groups, near = agglomerate(groups, candidates(groups, weights), weights.threshold, context, weights)
    return Resolution(tuple(group.cluster() for group in groups), tuple(near))


def candidates(groups: Sequence[Group], weights: Weights) -> Iterable[tuple[int, int]]:
    """Return the pairs to compare: all of a usual block; of a giant one those that share a trait."""
    if len(groups) * (len(groups) - 1) // 2 <= weights.max_pairs:
        return combinations(range(len(groups)), 2)
    return sharing(groups, weights.max_sharing)


def sharing(groups: Sequence[Group], most: int) -> list[tuple[int, int]]:
    """Return the pairs that share a co-author, an institution's word or a given name; sorted.

    A trait of more than `most` groups is ignored: it is no evidence, and would produce too many pairs.
    """
    lists: dict[tuple[str, str], list[int]] = defaultdict(list)
    for item, group in enumerate(groups):
        for trait in _traits(group):
            lists[trait].append(item)
    pairs = {pair for items in lists.values() if len(items) <= most for pair in combinations(items, 2)}
    return sorted(pairs)


def _traits(group: Group) -> Iterable[tuple[str, str]]:
    profile = group.profile
    yield from (("coauthor", block) for block in profile.coauthor_blocks)
    yield from (("place", word) for word in profile.places)
    yield from {("given", word) for name in profile.names for word in name.given if len(word) > 1}


def agglomerate(
    groups: Sequence[Group],
    pairs: Iterable[tuple[int, int]],
    threshold: float,
    context: Context,
    weights: Weights,
) -> tuple[list[Group], list[Link]]:
    """Join the best pair repeatedly. Return the groups, and the pairs that missed the threshold by at most `review`."""
    work = _Agglomeration(groups, threshold, context, weights)
    for a, b in pairs:
        work.compare(a, b)
    work.run()
    return work.groups(), work.probable_duplicates()


class _Agglomeration:
    """The heap of scored pairs, and the current groups."""

    def __init__(self, groups: Sequence[Group], threshold: float, context: Context, weights: Weights) -> None:
        self._groups: dict[int, Group] = dict(enumerate(groups))
        self._next = len(groups)
        self._near: dict[int, set[int]] = defaultdict(set)
        self._heap: list[tuple[float, MentionKey, MentionKey, int, int]] = []
        self._threshold = threshold
        self._context = context
        self._weights = weights

    def compare(self, a: int, b: int) -> None:
        """Score a pair, and push it on the heap if it is close to the threshold."""
        one, two = self._groups[a], self._groups[b]
        names = one.profile.compare(two.profile)
        if not names or one.profile.forbids(two.profile):
            return
        self._near[a].add(b)
        self._near[b].add(a)
        needed = self._threshold - self._weights.review
        if is_hopeless(one.profile, two.profile, names, self._context, self._weights, needed):
            return
        score = total(weigh(one.profile, two.profile, names, self._context, self._weights))
        if score >= needed:
            first, second = sorted((one.key, two.key))
            heapq.heappush(self._heap, (-score, first, second, a, b))

    def run(self) -> None:
        """Join until the best pair is below the threshold."""
        while self._heap and -self._heap[0][0] >= self._threshold:
            minus, _, _, a, b = heapq.heappop(self._heap)
            if a in self._groups and b in self._groups:
                self._join(a, b, -minus)

    def _join(self, a: int, b: int, score: float) -> None:
        one, two = self._groups.pop(a), self._groups.pop(b)
        link = make_link(one, two, score, self._weigh(one, two))
        new, self._next = self._next, self._next + 1
        self._groups[new] = one.joined(two, link, self._context)
        others = (self._near.pop(a) | self._near.pop(b)) - {a, b}
        for other in sorted(other for other in others if other in self._groups):
            self.compare(new, other)

    def _weigh(self, one: Group, two: Group) -> tuple[Part, ...]:
        names = one.profile.compare(two.profile)
        return weigh(one.profile, two.profile, names, self._context, self._weights)

    def groups(self) -> list[Group]:
        """Return the current groups, ordered by key."""
        return sorted(self._groups.values(), key=lambda group: group.key)

    def probable_duplicates(self) -> list[Link]:
        """Return the links of pairs that just missed the threshold, best first."""
        entries = sorted(entry for entry in self._heap if entry[3] in self._groups and entry[4] in self._groups)
        links = []
        for minus, _, _, a, b in entries:
            one, two = self._groups[a], self._groups[b]
            links.append(make_link(one, two, -minus, self._weigh(one, two)))
        return links
