"""What resolution gives: clusters of mentions, and why each was joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from indexer.identity.explain import evidence_of
from indexer.identity.profile import Profile, strong_ids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.identity.context import Context
    from indexer.identity.evidence import Part
    from indexer.identity.mentions import Mention, MentionKey


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a link: a group of mentions at the time of the join, by its first mention."""

    key: MentionKey
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Link:
    """Two groups that were joined (or nearly), the score, and the evidence in words.

    Joins by an id or an override score inf. The evidence is put into words at once: a collection has twice as many
    joins as works, and as objects the parts of all of them take five times the memory.
    """

    left: Side
    right: Side
    score: float
    evidence: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """The mentions of one researcher, in order of their keys, and the links that hold them together."""

    mentions: tuple[Mention, ...]
    links: tuple[Link, ...] = ()
    #: Researcher ids that an override took these mentions away from.
    barred: frozenset[str] = frozenset()

    @property
    def key(self) -> MentionKey:
        """Return the first mention's key: it names the cluster within a run."""
        return self.mentions[0].key

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the strong ids of the cluster, sorted; ORCID iDs as `orcid:...`."""
        found = {id_ if scheme != "orcid" else f"orcid:{id_}" for m in self.mentions for scheme, id_ in strong_ids(m)}
        return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Resolution:
    """Clusters, and pairs of them that fell just short of being joined."""

    clusters: tuple[Cluster, ...]
    probable_duplicates: tuple[Link, ...] = ()


class Group:
    """A cluster while it grows: its profile, and the links so far."""

    __slots__ = ("key", "links", "profile")

    def __init__(self, mentions: Sequence[Mention], context: Context, links: Sequence[Link] = ()) -> None:
        """Start from mentions that belong together already."""
        ordered = sorted(mentions, key=lambda mention: mention.key)
        self.profile = Profile(ordered, context)
        self.key = ordered[0].key
        self.links = tuple(links)

    def joined(self, other: Group, link: Link, context: Context) -> Group:
        """Return the group of both."""
        mentions = self.profile.mentions + other.profile.mentions
        return Group(mentions, context, (*self.links, *other.links, link))

    def side(self) -> Side:
        """Return how a link names this group."""
        return Side(self.key, self.profile.mentions[0].name, len(self.profile.mentions))

    def cluster(self) -> Cluster:
        """Return the finished cluster."""
        return Cluster(self.profile.mentions, self.links)


def make_link(a: Group, b: Group, score: float, parts: tuple[Part, ...]) -> Link:
    """Make a link between two groups, the one with the earlier key on the left."""
    left, right = (a, b) if a.key <= b.key else (b, a)
    return Link(left.side(), right.side(), score, evidence_of(parts, score))
