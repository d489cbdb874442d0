"""Counts over the collection, against which evidence is weighed.

A shared co-author who is on five works of 97,000 is strong evidence, one who is on 500 weak; `Graham Neubig` is one
person, `Wei Wang` many. Both follow from counts over the collection itself, so that no list of common names is needed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, NamedTuple, Protocol

from indexer.identity.keys import fold_name
from indexer.identity.names import home_of, is_initial, parse_name, surname_key
from indexer.identity.neighbours import CoauthorGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from indexer.identity.mentions import Mention

    #: Embeddings of works by id, float32[d], unit length: those of the requested works that are available.
    VectorSource = Callable[[Iterable[str]], Mapping[str, NDArray[np.float32]]]

#: Share of people with a given middle initial, among those with the same other names: about one in ten.
MIDDLE_INITIAL = 0.1
#: Names with at least so many estimated namesakes are compared by embeddings as well: one name in seven.
FREQUENT = 0.06
#: Number of people with a given name that has not been seen with another family name, as in add-one smoothing.
UNSEEN = 0.25
#: Floor of the namesake estimate, so that no name is free evidence.
MIN_NAMESAKES = 0.0003


class Neighbours(Protocol):
    """Who has written with whom."""

    def around(self, names: Iterable[str]) -> set[str]:
        """Return the names that have written with any of `names`, those included."""


@dataclass
class Context:
    """Counts over a whole collection, as far as the mentions that are compared need them."""

    works: int = 0
    #: Number of distinct folded names.
    distinct_names: int = 0
    #: Number of works by folded name.
    names: Counter[str] = field(default_factory=Counter)
    #: The same by home block, for co-authors printed with initials.
    blocks: Counter[str] = field(default_factory=Counter)
    #: Number of distinct names with a whole given name by home block, by family name, and by given names (or initial).
    block_names: Counter[str] = field(default_factory=Counter)
    surnames: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    venues: Counter[str] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    #: Number of mentions by word of their institutions, and of mentions with any institution.
    places: Counter[str] = field(default_factory=Counter)
    placed: int = 0
    #: Number of works that cite a reference.
    references: Counter[str] = field(default_factory=Counter)
    graph: Neighbours = field(default_factory=CoauthorGraph)
    #: Source of embeddings for frequent names; None when there are no embeddings.
    vectors: VectorSource | None = None
    _weights: dict[str, float] = field(default_factory=dict, repr=False, compare=False)
    _namesakes: dict[tuple[tuple[str, ...], str], float] = field(default_factory=dict, repr=False, compare=False)

    def word_weight(self, word: str) -> float:
        """Return the rarity of a word in titles, in nats."""
        weight = self._weights.get(word)
        if weight is None:
            weight = self._weights[word] = rarity(self.words[word], self.works)
        return weight

    def namesakes(self, given: tuple[str, ...], surname: str) -> float:
        """Return the estimated number of other people in the collection with these given names (or initials).

        Given and family names are assumed to be independent: names with the one, times the share of the other.
        """
        estimate = self._namesakes.get((given, surname))
        if estimate is None:
            estimate = self._namesakes[given, surname] = self._count_namesakes(given, surname)
        return estimate

    def is_frequent(self, printed: str) -> bool:
        """Return whether a name has so many namesakes that works are compared by embeddings as well."""
        name = parse_name(printed)
        return self.namesakes(name.given, name.surname) >= FREQUENT

    def coauthor_rarity(self, name: str) -> float:
        """Return the rarity of a co-author's name in nats; a name with an initial counts as its whole block."""
        if name[1:2] == " ":
            return self.block_rarity(home_of(name))
        return rarity(self.names[name], self.works)

    def block_rarity(self, block: str) -> float:
        """Return the rarity of all names of a block together, in nats."""
        return rarity(self.blocks[block], self.works)

    def _count_namesakes(self, given: tuple[str, ...], surname: str) -> float:
        surnames = max(self.surnames.get(surname_key(surname), 0) - 1, 0)
        whole = " ".join(word for word in given if not is_initial(word))
        initials = sum(map(is_initial, given))
        if whole:
            people = surnames * self._share(max(self.given.get(whole, 0) - 1, 0))
        elif given:
            # All whole names that the initial can stand for are known; some more may be printed with initials only.
            known = self.block_names.get(f"{surname_key(surname)}|{given[0][0]}", 0)
            people = max(known - 1, UNSEEN * surnames * self._share(self.given.get(given[0][0], 0)))
            initials -= 1
        else:
            people = float(surnames)
        return max(MIN_NAMESAKES, people * MIDDLE_INITIAL ** max(initials, 0))

    def _share(self, count: int) -> float:
        return (count + UNSEEN) / max(self.distinct_names, 1)


class NameParts(NamedTuple):
    """What is counted of a printed name: the key of its family name, its whole given names, and the first letter.

    `J. Smith` may be any of the others, so its family name is not counted once more: `surname` is None.
    """

    surname: str | None
    given: str
    initial: str | None


def name_parts(printed: str) -> NameParts:
    """Return what is counted of a printed name."""
    name = parse_name(printed)
    return NameParts(
        None if name.is_initialed else surname_key(name.surname),
        " ".join(word for word in name.given if not is_initial(word)),
        name.given[0][0] if name.given else None,
    )


def rarity(count: int, total: int) -> float:
    """Return the evidence in nats of sharing what `count` of `total` have: ln(total / count), at least 0."""
    return max(0.0, log((total + 1) / max(count, 1)))


@lru_cache(maxsize=50_000)
def place_words(institutions: tuple[str, ...]) -> frozenset[str]:
    """Return the words of institutions' names; their rarity decides later how much they count."""
    return frozenset(word for institution in institutions for word in institution.split() if len(word) > 1)


@dataclass
class CollectionContext(Context):
    """Counts over a collection in memory, filled by `add`, work by work, before anything is looked up."""

    graph: CoauthorGraph = field(default_factory=CoauthorGraph)

    def add(self, mentions: Sequence[Mention]) -> None:
        """Count one work, given as all its mentions."""
        if not mentions:
            return
        self.works += 1
        first = mentions[0]
        self.words.update(first.work.words)
        self.topics.update(set(first.work.topics))
        self.references.update(first.work.references)
        self.graph.add(first.work.names)
        if first.work.venue:
            self.venues[first.work.venue] += 1
        for mention in mentions:
            self._add_name(mention.name)
            if places := place_words(mention.institutions):
                self.places.update(places)
                self.placed += 1

    def _add_name(self, printed: str) -> None:
        folded = fold_name(printed) or printed
        self.blocks[home_of(folded)] += 1
        self.names[folded] += 1
        if self.names[folded] == 1:
            self.distinct_names += 1
            parts = name_parts(printed)
            if parts.surname is not None:
                self.surnames[parts.surname] += 1
                self.block_names[home_of(folded)] += 1
            self.given[parts.given] += 1
            if parts.initial is not None:
                self.given[parts.initial] += 1


def context_of(works: Iterable[Sequence[Mention]]) -> Context:
    """Return the counts over works, each given as its mentions."""
    context = CollectionContext()
    for mentions in works:
        context.add(mentions)
    return context
