"""The graph of co-authors in the collection.

Two works of `Wei Wang` without a common co-author are still likely to be one person's if co-authors of the one have
written with co-authors of the other.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

#: Longer lists of authors connect everybody with everybody, so they are ignored.
MAX_AUTHORS = 30
#: Number of works considered for one co-author, the first of them: a more prolific one connects too many people.
MAX_WORKS = 100


class CoauthorGraph:
    """Names and works as arrays of numbers: 97,000 works take 6 MB, as sets of strings 150 MB."""

    def __init__(self) -> None:
        """Start without works."""
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._authors, self._starts = array("i"), array("i", [0])
        self._works: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None

    def add(self, names: Sequence[str]) -> None:
        """Add a work, given as the folded names of its authors."""
        if not 1 < len(names) <= MAX_AUTHORS:
            return
        for name in names:
            number = self._numbers.setdefault(name, len(self._names))
            if number == len(self._names):
                self._names.append(name)
            self._authors.append(number)
        self._starts.append(len(self._authors))
        self._works = None

    def around(self, names: Iterable[str]) -> set[str]:
        """Return the names that have written with any of `names`, those included."""
        starts, works_of = self._index()
        numbers: set[int] = set()
        for name in names:
            number = self._numbers.get(name)
            if number is None:
                continue
            works = works_of[starts[number] : min(starts[number + 1], starts[number] + MAX_WORKS)]
            for work in works.tolist():
                numbers.update(self._authors[self._starts[work] : self._starts[work + 1]])
        return {self._names[number] for number in numbers}

    def _index(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the works by name: where the list of each name starts, and all lists, one after the other."""
        if self._works is None:
            authors = np.frombuffer(self._authors, np.int32) if self._authors else np.zeros(0, np.int32)
            works = np.repeat(np.arange(len(self._starts) - 1, dtype=np.int32), np.diff(np.array(self._starts)))
            order = np.argsort(authors, kind="stable")
            starts = np.zeros(len(self._names) + 1, np.int32)
            np.cumsum(np.bincount(authors, minlength=len(self._names)), out=starts[1:])
            # A copy: an array that is exported cannot grow.
            self._works = starts, works[order].copy()
        return self._works
