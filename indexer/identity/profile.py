"""A group of mentions taken as one person, summed up so that two groups can be compared quickly."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Comparison, Verdict, compare
from indexer.identity.context import place_words
from indexer.identity.names import home_of, parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.names import Name


class Profile:
    """What is known of one group of mentions. `ids` maps a scheme (`acl`, `orcid`) to the one id it has in it."""

    __slots__ = (
        "coauthor_blocks",
        "coauthors",
        "first_year",
        "ids",
        "initialed",
        "last_year",
        "mentions",
        "names",
        "places",
        "topics",
        "vector",
        "venues",
        "words",
        "words_norm",
        "works",
    )

    def __init__(self, mentions: Sequence[Mention], context: Context) -> None:
        """Sum up; `mentions` holds at least one."""
        self.mentions = tuple(mentions)
        self.names: frozenset[Name] = frozenset(parse_name(mention.name) for mention in mentions)
        self.works = frozenset(mention.work.id for mention in mentions)
        self.ids = dict(pair for mention in mentions for pair in strong_ids(mention))
        #: Co-authors, and their home blocks, with the works they are on.
        self.coauthors = Counter(name for mention in mentions for name in mention.coauthors)
        self.coauthor_blocks: Counter[str] = Counter()
        for name, count in self.coauthors.items():
            self.coauthor_blocks[home_of(name)] += count
        self.initialed = frozenset(home_of(name) for name in self.coauthors if name[1:2] == " ")
        self.places = frozenset(word for mention in mentions for word in place_words(mention.institutions))
        self.topics = frozenset(topic for mention in mentions for topic in mention.work.topics)
        self.venues = frozenset(mention.work.venue for mention in mentions if mention.work.venue)
        words = sorted({word for mention in mentions for word in mention.work.words})
        self.words = {word: context.word_weight(word) for word in words}
        self.words_norm = sum(weight * weight for weight in self.words.values())
        years = [mention.work.year for mention in mentions if mention.work.year is not None]
        self.first_year = min(years, default=None)
        self.last_year = max(years, default=None)
        self.vector = _sum(mention.work.vector for mention in mentions)

    def compare(self, other: Profile) -> tuple[Comparison, ...]:
        """Give the comparisons of all pairs of names; empty when any pair does not meet, so that no cluster chains."""
        found = tuple(compare(one, two) for one in self.names for two in other.names)
        if all(comparison.verdict is not Verdict.INCOMPATIBLE for comparison in found):
            return found
        return self._by_ids(other)

    def _by_ids(self, other: Profile) -> tuple[Comparison, ...]:
        """Compare where names do not meet: a group that an id holds together may have two (a name by marriage).

        Its other names are excused then, if all of the smaller group's names are printed in it as they are.
        """
        known, asked = (self, other) if len(self.names) >= len(other.names) else (other, self)
        if known.ids and known.is_split and asked.names <= known.names:
            return tuple(compare(name, name) for name in asked.names)
        return ()

    @property
    def is_split(self) -> bool:
        """Tell whether names in here do not meet, which only an id can have joined."""
        return any(compare(a, b).verdict is Verdict.INCOMPATIBLE for a, b in combinations(self.names, 2))

    def forbids(self, other: Profile) -> bool:
        """Tell whether the two cannot be one person: two ids of one scheme that differ, or one work that has both."""
        ids = any(other.ids.get(scheme, id_) != id_ for scheme, id_ in self.ids.items())
        return ids or not self.works.isdisjoint(other.works)


def strong_ids(mention: Mention) -> list[tuple[str, str]]:
    """Give the ids that a source vouches for, each with its scheme."""
    found = []
    if mention.source_id:
        found.append((mention.source_id.partition(":")[0], mention.source_id))
    if mention.orcid:
        found.append(("orcid", mention.orcid))
    return found


def _sum(vectors: Iterable[NDArray[np.float32] | None]) -> NDArray[np.float32] | None:
    known = [vector for vector in vectors if vector is not None]
    result: NDArray[np.float32] | None = known[0] if known else None
    for vector in known[1:]:
        result = result + vector if result is not None else vector
    return result
