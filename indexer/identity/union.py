"""Disjoint sets of numbers."""

from __future__ import annotations

from collections import defaultdict


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
