"""What owners of profiles say of works, "mine" or "not mine": it wins over evidence, and overrides.toml wins over it.

A statement names a work and not a place on it, so it is read against the clusters of each run: the owner's is the one
that most of their mentions went to. What is not theirs is split off, each place by itself, since nobody said whose it
is. What is theirs is moved to them if a name on the work can be theirs, bears no ORCID iD of somebody else, and is not
with another owner.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from indexer.identity.clusters import Cluster, Link, Side
from indexer.identity.compatibility import Verdict, compatible
from indexer.identity.evidence import Part
from indexer.identity.explain import evidence_of
from indexer.identity.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from indexer.identity.mentions import Mention, MentionKey

REASON = "the owner of the profile says so"


@dataclass(frozen=True, slots=True)
class Statement:
    """The owner of a researcher's profile says of a work that it is theirs, or not; `at` is when, in ISO 8601."""

    researcher_id: str
    work_id: str
    is_mine: bool
    at: str = ""


@dataclass(frozen=True, slots=True)
class Statements:
    """All that owners say; `owners` are all claimed researchers, also those who say nothing."""

    owners: tuple[str, ...] = ()
    said: tuple[Statement, ...] = ()

    def apply(
        self,
        clusters: Sequence[Cluster],
        previous: Mapping[MentionKey, str],
        current: Callable[[str], str],
        is_decided: Callable[[MentionKey], bool],
    ) -> tuple[Cluster, ...]:
        """Return the clusters as said, by key. `current` leads a merged id to the one that holds.

        `is_decided` tells which mentions overrides.toml speaks of: those stay where it put them.
        """
        if not self.said:
            return tuple(clusters)
        said = {(current(one.researcher_id), one.work_id): one.is_mine for one in self.said}
        sorting = _Sorting(clusters, previous, {current(id_) for id_ in self.owners}, said)
        # First what is nobody's any more, so that whose it is can take it; then in the order it was said.
        for one in sorted(self.said, key=lambda one: (one.is_mine, one.at, one.researcher_id, one.work_id)):
            sorting.follow(one, current(one.researcher_id), is_decided)
        return tuple(sorted(sorting.clusters.values(), key=lambda cluster: cluster.key))


def statements_of(states: Iterable[Mapping[str, Any]]) -> Statements:
    """Read the states of claimed researchers as the service keeps them."""
    owners, said = [], []
    for state in states:
        owners.append(state["researcher_id"])
        said += [
            Statement(state["researcher_id"], one["work_id"], one["is_mine"], one["at"]) for one in state["statements"]
        ]
    return Statements(tuple(owners), tuple(said))


@dataclass
class _Sorting:
    """The clusters while statements are followed: which is each owner's, and where mentions of stated works are."""

    given: Sequence[Cluster]
    previous: Mapping[MentionKey, str]
    owners: set[str]
    said: Mapping[tuple[str, str], bool]
    clusters: dict[int, Cluster] = field(init=False)
    next: int = field(init=False)
    homes: dict[str, int] = field(init=False)
    places: dict[str, dict[MentionKey, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.clusters, self.next = dict(enumerate(self.given)), len(self.given)
        self.places = defaultdict(dict)
        works = {work for _, work in self.said}
        votes: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for item, cluster in self.clusters.items():
            for mention in cluster.mentions:
                if mention.key.work_id in works:
                    self.places[mention.key.work_id][mention.key] = item
                id_ = self.previous.get(mention.key)
                # What is spoken of may have been moved there against all evidence: it votes where nothing else does.
                if id_ in self.owners and self.said.get((id_, mention.key.work_id), True):
                    votes[id_][item][(id_, mention.key.work_id) in self.said] += 1
        self.homes = {id_: max(found, key=lambda item: self._rank(found[item], item)) for id_, found in votes.items()}

    def _rank(self, votes: list[int], item: int) -> tuple[int, int, int]:
        return votes[0], votes[1], -item

    def follow(self, one: Statement, owner: str, is_decided: Callable[[MentionKey], bool]) -> None:
        """Do as one statement says, as far as it can be."""
        home = self.homes.get(owner)
        if home is None:
            # An owner whose every work is not theirs: nothing tells which cluster is.
            return
        there = {key: item for key, item in self.places[one.work_id].items() if not is_decided(key)}
        if not one.is_mine:
            for key in sorted(key for key, item in there.items() if item == home):
                self._split_off(key, home, frozenset({one.researcher_id, owner}))
        elif home not in self.places[one.work_id].values():
            taken = set(self.homes.values())
            free = [self._mention(key, item) for key, item in there.items() if item not in taken]
            if found := self._best(free, self.clusters[home]):
                self._move(found, there[found.key], home)

    def _mention(self, key: MentionKey, item: int) -> Mention:
        return next(mention for mention in self.clusters[item].mentions if mention.key == key)

    def _best(self, mentions: Iterable[Mention], home: Cluster) -> Mention | None:
        """Return the mention whose name is nearest to the owner's names, if any can be theirs.

        One that bears an ORCID iD can, if a work of theirs bears it too: where none does, nothing says whose it is.
        """
        names = {parse_name(mention.name) for mention in home.mentions}
        orcids = {mention.orcid for mention in home.mentions if mention.orcid}
        possible = [
            (verdict, mention.position, mention)
            for mention in mentions
            if not (mention.orcid and mention.orcid not in orcids)
            and (verdict := min(compatible(name, parse_name(mention.name)) for name in names)) < Verdict.INCOMPATIBLE
        ]
        return min(possible, key=lambda one: one[:2])[2] if possible else None

    def _take(self, key: MentionKey, item: int) -> Mention:
        """Take a mention out of its cluster, which goes when it was the last."""
        mention, cluster = self._mention(key, item), self.clusters.pop(item)
        rest = tuple(other for other in cluster.mentions if other.key != key)
        if rest:
            links = tuple(link for link in cluster.links if key not in {link.left.key, link.right.key})
            self.clusters[item] = Cluster(rest, links, cluster.barred)
        return mention

    def _split_off(self, key: MentionKey, home: int, barred: frozenset[str]) -> None:
        mention = self._take(key, home)
        new = self.next
        self.next += 1
        self.clusters[new] = Cluster((mention,), (), barred)
        self.places[mention.key.work_id][key] = new

    def _move(self, mention: Mention, item: int, home: int) -> None:
        self._take(mention.key, item)
        cluster = self.clusters[home]
        own = Side(cluster.key, cluster.mentions[0].name, len(cluster.mentions))
        link = Link(own, Side(mention.key, mention.name, 1), inf, evidence_of([Part("override", inf, (REASON,))], inf))
        mentions = tuple(sorted((*cluster.mentions, mention), key=lambda one: one.key))
        self.clusters[home] = Cluster(mentions, (*cluster.links, link), cluster.barred)
        self.places[mention.key.work_id][mention.key] = home
