"""Results of resolution: clusters of mentions, each with the links that explain why it was joined."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from indexer.identity.evidence import Part
from indexer.identity.explain import describe_evidence
from indexer.identity.profile import Profile, strong_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.identity.context import Context
    from indexer.identity.mentions import Mention, MentionKey


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a link: a group of mentions at the time of the join, represented by its first mention."""

    key: MentionKey
    name: str
    size: int

    def __str__(self) -> str:
        more = f" and {self.size - 1} more" if self.size > 1 else ""
        return f"{self.name} [{self.key}{more}]"


@dataclass(frozen=True, slots=True)
class Link:
    """Two groups that were joined (or nearly), the score in nats, and the evidence as text.

    Joins by an id or a decision score inf. The evidence is stored as text: a collection has twice as many joins as
    works, and the parts of all of them as objects would take five times the memory.
    """

    left: Side
    right: Side
    score: float
    evidence: str

    def describe(self, verb: str = "merged with") -> str:
        """Return the link as a sentence: the two sides, the score, and the evidence with what each part adds."""
        return f"{self.left} {verb} {self.right}{self.evidence}"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The mentions of one researcher, ordered by key, and the links that hold them together."""

    mentions: tuple[Mention, ...]
    links: tuple[Link, ...] = ()
    #: Researcher ids that an override or an owner took from these mentions.
    barred: frozenset[str] = frozenset()

    @property
    def key(self) -> MentionKey:
        """Return the key of the first mention, which identifies the cluster within a run."""
        return self.mentions[0].key

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the strong ids of the cluster, sorted; ORCID iDs as `orcid:...`."""
        pairs = {pair for mention in self.mentions for pair in strong_ids(mention)}
        return tuple(sorted(id_ if scheme != "orcid" else f"orcid:{id_}" for scheme, id_ in pairs))

    @property
    def traits(self) -> set[str]:
        """Return the co-authors and institutions of the mentions, folded."""
        return {trait for mention in self.mentions for trait in (*mention.coauthors, *mention.institutions)}

    def side(self) -> Side:
        """Return the cluster as one side of a link."""
        return Side(self.key, self.mentions[0].name, len(self.mentions))

    def describe(self) -> list[str]:
        """Return one sentence for each link, in the order in which the joins were made."""
        return [link.describe() for link in self.links]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Clusters, and the pairs of them that just missed the threshold."""

    clusters: tuple[Cluster, ...]
    probable_duplicates: tuple[Link, ...] = ()


class Group:
    """A cluster under construction: its profile, and the links so far."""

    __slots__ = ("key", "links", "profile")

    def __init__(self, mentions: Sequence[Mention], context: Context, links: Sequence[Link] = ()) -> None:
        """Start from mentions that are known to belong together."""
        ordered = sorted(mentions, key=lambda mention: mention.key)
        self._fill(Profile(ordered, context), links)

    def _fill(self, profile: Profile, links: Sequence[Link]) -> None:
        self.profile, self.key, self.links = profile, profile.mentions[0].key, tuple(links)

    def joined(self, other: Group, link: Link) -> Group:
        """Return the union of both groups."""
        group = Group.__new__(Group)
        group._fill(self.profile.joined(other.profile), (*self.links, *other.links, link))
        return group

    def side(self) -> Side:
        """Return the group as one side of a link."""
        return Side(self.key, self.profile.mentions[0].name, len(self.profile.mentions))

    def cluster(self) -> Cluster:
        """Return the finished cluster."""
        return Cluster(self.profile.mentions, self.links)


def make_link(a: Group, b: Group, score: float, parts: tuple[Part, ...]) -> Link:
    """Return a link between two groups, the one with the earlier key on the left."""
    left, right = (a, b) if a.key <= b.key else (b, a)
    return Link(left.side(), right.side(), score, describe_evidence(parts, score))


def decided_link(left: Side, right: Side, kind: str, *facts: str) -> Link:
    """Return a link for a decision rather than for evidence; `kind` is `id`, `override` or `owner`."""
    return Link(left, right, inf, describe_evidence([Part(kind, inf, facts)], inf))
