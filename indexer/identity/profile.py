"""Summary of a group of mentions that are assumed to be one person, for fast comparison of two groups."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Comparison, Verdict, compare
from indexer.identity.context import place_words
from indexer.identity.names import home_of, parse_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention
    from indexer.identity.names import Name


class Profile:
    """Facts about one group of mentions. Each is computed when it is first used: most groups are soon joined.

    `ids` maps a scheme (`acl`, `orcid`) to the ids that the group has in it: usually one, since sources split people.
    """

    def __init__(self, mentions: Sequence[Mention], context: Context) -> None:
        """Store the mentions, at least one."""
        self.mentions = tuple(mentions)
        self._context = context

    def joined(self, other: Profile) -> Profile:
        """Return the summary of both groups: names, works and ids are united, not read from all mentions again."""
        mentions = sorted(self.mentions + other.mentions, key=lambda mention: mention.key)
        profile = Profile(mentions, self._context)
        ids = {scheme: set(known) for scheme, known in self.ids.items()}
        for scheme, known in other.ids.items():
            ids.setdefault(scheme, set()).update(known)
        profile.names, profile.works, profile.ids = self.names | other.names, self.works | other.works, ids
        return profile

    @cached_property
    def names(self) -> frozenset[Name]:
        """Return the parsed names."""
        return frozenset(map(parse_name, {mention.name for mention in self.mentions}))

    @cached_property
    def works(self) -> frozenset[str]:
        """Return the ids of the works."""
        return frozenset(mention.work.id for mention in self.mentions)

    @cached_property
    def ids(self) -> dict[str, set[str]]:
        """Return the strong ids by scheme."""
        ids: dict[str, set[str]] = {}
        for mention in self.mentions:
            for scheme, id_ in strong_ids(mention):
                ids.setdefault(scheme, set()).add(id_)
        return ids

    @cached_property
    def coauthors(self) -> Counter[str]:
        """Return the number of works with each co-author."""
        return Counter(name for mention in self.mentions for name in mention.coauthors)

    @cached_property
    def coauthor_blocks(self) -> frozenset[str]:
        """Return the home blocks of the co-authors."""
        return frozenset(map(home_of, self.coauthors))

    @cached_property
    def initialed(self) -> frozenset[str]:
        """Return the home blocks of the co-authors whose names begin with an initial."""
        return frozenset(home_of(name) for name in self.coauthors if name[1:2] == " ")

    @cached_property
    def places(self) -> frozenset[str]:
        """Return the words of the institutions."""
        return frozenset(word for mention in self.mentions for word in place_words(mention.institutions))

    @cached_property
    def topics(self) -> frozenset[str]:
        """Return the topics of the works."""
        return frozenset(topic for mention in self.mentions for topic in mention.work.topics)

    @cached_property
    def venues(self) -> frozenset[str]:
        """Return the venues of the works."""
        return frozenset(mention.work.venue for mention in self.mentions if mention.work.venue)

    @cached_property
    def words(self) -> dict[str, float]:
        """Return the words of the titles with their rarity."""
        words = sorted({word for mention in self.mentions for word in mention.work.words})
        return {word: self._context.word_weight(word) for word in words}

    @cached_property
    def references(self) -> frozenset[str]:
        """Return the ids of the works that are cited."""
        return frozenset(id_ for mention in self.mentions for id_ in mention.work.references)

    def gap(self, other: Profile) -> int:
        """Return the number of years between the works of two groups, 0 when they overlap or a year is unknown."""
        one, two = self._years, other._years
        return max(0, max(min(one), min(two)) - min(max(one), max(two))) if one and two else 0

    @property
    def _years(self) -> list[int]:
        return [mention.work.year for mention in self.mentions if mention.work.year is not None]

    def compare(self, other: Profile) -> tuple[Comparison, ...]:
        """Return the comparisons of all pairs of names; empty when any pair is incompatible."""
        comparisons = tuple(compare(a, b) for a in self.names for b in other.names)
        if all(comparison.verdict is not Verdict.INCOMPATIBLE for comparison in comparisons):
            return comparisons
        return self._by_ids(other)

    def _by_ids(self, other: Profile) -> tuple[Comparison, ...]:
        """Compare incompatible names: a group joined by an id may contain some (a changed family name).

        They are accepted if the larger group contains all names of the smaller group.
        """
        larger, smaller = (self, other) if len(self.names) >= len(other.names) else (other, self)
        if larger.ids and larger.is_split and smaller.names <= larger.names:
            return tuple(compare(name, name) for name in smaller.names)
        return ()

    @property
    def is_split(self) -> bool:
        """Return whether the group contains incompatible names, which only an id can have joined."""
        return any(compare(a, b).verdict is Verdict.INCOMPATIBLE for a, b in combinations(self.names, 2))

    def forbids(self, other: Profile) -> bool:
        """Return whether two groups cannot be one person: different ORCID iDs, or both on one work."""
        return "orcid" in self.conflicts(other) or not self.works.isdisjoint(other.works)

    def conflicts(self, other: Profile) -> list[str]:
        """Return the schemes in which both groups have ids, but none in common; sorted."""
        return sorted(s for s, ids in self.ids.items() if s in other.ids and ids.isdisjoint(other.ids[s]))


def strong_ids(mention: Mention) -> list[tuple[str, str]]:
    """Return the strong ids of a mention as pairs (scheme, id)."""
    ids = []
    if mention.source_id:
        ids.append((mention.source_id.partition(":")[0], mention.source_id))
    if mention.orcid:
        ids.append(("orcid", mention.orcid))
    return ids
