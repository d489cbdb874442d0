"""Join the certain cases in linear time: mentions with one id, and mentions of one name with a shared co-author.

Afterwards a block of a hundred mentions has a handful of groups, and only these are compared pair by pair.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

from indexer.identity.clusters import Group, Link, make_link
from indexer.identity.compatibility import compare
from indexer.identity.evidence import Part, total, weigh
from indexer.identity.keys import fold_name
from indexer.identity.profile import strong_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.weights import Weights


class Union:
    """Disjoint sets over 0..n-1."""

    def __init__(self, size: int) -> None:
        """Start with every item in its own set."""
        self._parent = list(range(size))

    def find(self, item: int) -> int:
        """Return the representative of an item's set."""
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, a: int, b: int) -> None:
        """Unite two sets; the smaller representative stays."""
        a, b = sorted((self.find(a), self.find(b)))
        self._parent[b] = a

    def sets(self) -> list[list[int]]:
        """Return the sets, each in ascending order, ordered by first item."""
        sets: dict[int, list[int]] = defaultdict(list)
        for item in range(len(self._parent)):
            sets[self.find(item)].append(item)
        return list(sets.values())


def by_ids(groups: Sequence[Group], context: Context) -> list[Group]:
    """Join groups that share a strong id, unless another id contradicts it (an ORCID iD assigned to two people)."""
    kept = {group.key: group for group in groups}
    holder: dict[tuple[str, str], Group] = {}
    for group in sorted(groups, key=lambda group: group.key):
        current = group
        for scheme_id in sorted({pair for mention in group.profile.mentions for pair in strong_ids(mention)}):
            other = holder.get(scheme_id)
            other = kept.get(other.key) if other else None
            if other is None or other.key == current.key:
                continue
            if any(current.profile.ids.get(scheme, id_) != id_ for scheme, id_ in other.profile.ids.items()):
                continue
            link = make_link(other, current, inf, (Part("id", inf, (scheme_id[1],)),))
            del kept[other.key]
            kept.pop(current.key, None)
            current = other.joined(current, link, context)
            kept[current.key] = current
        for scheme_id in current.profile.ids.items():
            holder[scheme_id] = current
    return [kept[key] for key in sorted(kept)]


def by_coauthors(groups: Sequence[Group], context: Context, weights: Weights) -> list[Group]:
    """Join groups of one printed name with a shared co-author, where both together are sufficient evidence."""
    named: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        first = group.profile.mentions[0].name
        named["" if len(group.profile.names) > 1 else fold_name(first) or first].append(group)
    result: list[Group] = []
    for name, members in named.items():
        result += members if not name or len(members) == 1 else _joined(members, context, weights)
    return sorted(result, key=lambda group: group.key)


def _joined(members: list[Group], context: Context, weights: Weights) -> list[Group]:
    """Join groups of one name. Nothing is joined when two members are certainly different people."""
    members = sorted(members, key=lambda group: group.key)
    if _conflict(members):
        return members
    union, links = Union(len(members)), defaultdict(list)
    (name,) = members[0].profile.names
    names = (compare(name, name),)
    for a, b in _sharing(members, context):
        if union.find(a) == union.find(b):
            continue
        parts = weigh(members[a].profile, members[b].profile, names, context, weights)
        if (score := total(parts)) >= weights.core:
            union.join(a, b)
            links[a].append(make_link(members[a], members[b], score, parts))
    return [
        _union([members[item] for item in items], [x for i in items for x in links[i]], context)
        for items in union.sets()
    ]


def _union(members: list[Group], links: list[Link], context: Context) -> Group:
    if len(members) == 1:
        return members[0]
    mentions: list[Mention] = [mention for group in members for mention in group.profile.mentions]
    return Group(mentions, context, [link for group in members for link in group.links] + links)


def _conflict(members: Sequence[Group]) -> bool:
    """Return whether a work has the name twice, or members have different ids of one scheme."""
    seen: set[str] = set()
    ids: dict[str, str] = {}
    for group in members:
        if not seen.isdisjoint(group.profile.works):
            return True
        seen |= group.profile.works
        if any(ids.setdefault(scheme, id_) != id_ for scheme, id_ in group.profile.ids.items()):
            return True
    return False


def _sharing(members: Sequence[Group], context: Context) -> Iterable[tuple[int, int]]:
    """Yield adjacent pairs in the list of each co-author, rarest co-author first: linear in the number of names."""
    lists: dict[str, list[int]] = defaultdict(list)
    for item, group in enumerate(members):
        for name in group.profile.coauthors:
            lists[name].append(item)
    for name in sorted((n for n, items in lists.items() if len(items) > 1), key=lambda n: (context.names[n], n)):
        yield from pairwise(lists[name])
