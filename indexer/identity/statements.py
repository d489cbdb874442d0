"""Statements of profile owners about works, "mine" or "not mine".

They take precedence over evidence, and overrides.toml over them.

A statement names a work but no position on it, so it is interpreted against the clusters of each run. The owner's
cluster is the one that received most of their mentions. A work that is not theirs is split off into a separate cluster
for each mention, because the statement does not say whose it is. A work that is theirs is moved to their cluster if a
name on it is compatible, does not carry another person's ORCID iD, and does not belong to another owner.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from indexer.identity.clusters import Cluster, Side, decided_link
from indexer.identity.compatibility import Verdict, compatible
from indexer.identity.names import parse_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from indexer.identity.mentions import Mention, MentionKey
    from mappings.documents import PersonState


@dataclass(frozen=True, slots=True)
class Statement:
    """The owner of a researcher's profile states that a work is theirs, or not; `at` is the time in ISO 8601."""

    researcher_id: str
    work_id: str
    is_mine: bool
    at: str = ""


@dataclass(frozen=True, slots=True)
class Statements:
    """All statements; `owners` are the ids of all claimed researchers, also of those without statements."""

    owners: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()

    def follow(self, current_work: Callable[[str], str]) -> Statements:
        """Return the statements with the ids that their works have now; of several on one work, the last one."""
        last: dict[tuple[str, str], Statement] = {}
        for item in sorted(self.statements, key=lambda item: item.at):
            last[item.researcher_id, current_work(item.work_id)] = item
        statements = tuple(replace(item, work_id=work) for (_, work), item in last.items())
        return replace(self, statements=statements)

    def apply(
        self,
        clusters: Sequence[Cluster],
        previous: Mapping[MentionKey, str],
        current: Callable[[str], str],
        is_decided: Callable[[MentionKey], bool],
    ) -> tuple[Cluster, ...]:
        """Return the clusters after all statements, ordered by key.

        `previous` has the researcher id of each mention after the last run. `current` follows redirects of merged ids.
        `is_decided` returns True for mentions that overrides.toml names: those stay where it put them.
        """
        if not self.statements:
            return tuple(clusters)
        is_mine = {(current(item.researcher_id), item.work_id): item.is_mine for item in self.statements}
        assignment = _Assignment(clusters, previous, {current(id_) for id_ in self.owners}, is_mine)
        # "Not mine" first, so that another owner can receive the work; then in the order in which they were made.
        for statement in sorted(
            self.statements, key=lambda item: (item.is_mine, item.at, item.researcher_id, item.work_id)
        ):
            assignment.follow(statement, current(statement.researcher_id), is_decided)
        return tuple(sorted(assignment.clusters.values(), key=lambda cluster: cluster.key))


def statements_of(states: Iterable[PersonState]) -> Statements:
    """Return the statements in the stored states of claimed researchers."""
    owners, statements = [], []
    for state in states:
        owners.append(state["researcher_id"])
        statements += [
            Statement(state["researcher_id"], item["work_id"], item["is_mine"], item["at"])
            for item in state["statements"]
        ]
    return Statements(tuple(owners), tuple(statements))


@dataclass
class _Assignment:
    """The clusters while statements are applied: each owner's cluster, and the cluster of each mention in question."""

    initial: Sequence[Cluster]
    previous: Mapping[MentionKey, str]
    owners: set[str]
    is_mine: Mapping[tuple[str, str], bool]
    clusters: dict[int, Cluster] = field(init=False)
    next: int = field(init=False)
    homes: dict[str, int] = field(init=False)
    places: dict[str, dict[MentionKey, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.clusters, self.next = dict(enumerate(self.initial)), len(self.initial)
        self.places = defaultdict(dict)
        works = {work for _, work in self.is_mine}
        votes: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for item, cluster in self.clusters.items():
            for mention in cluster.mentions:
                if mention.key.work_id in works:
                    self.places[mention.key.work_id][mention.key] = item
                id_ = self.previous.get(mention.key)
                # A work with a statement may have been moved there against all evidence: its vote only breaks ties.
                if id_ in self.owners and self.is_mine.get((id_, mention.key.work_id), True):
                    votes[id_][item][(id_, mention.key.work_id) in self.is_mine] += 1
        self.homes = {
            id_: max(counts, key=lambda item: self._rank(counts[item], item)) for id_, counts in votes.items()
        }

    def _rank(self, votes: list[int], item: int) -> tuple[int, int, int]:
        return votes[0], votes[1], -item

    def follow(self, statement: Statement, owner: str, is_decided: Callable[[MentionKey], bool]) -> None:
        """Apply one statement as far as possible."""
        home = self.homes.get(owner)
        if home is None:
            # An owner who rejected every work: no cluster is recognizable as theirs.
            return
        items = {key: item for key, item in self.places[statement.work_id].items() if not is_decided(key)}
        if not statement.is_mine:
            for key in sorted(key for key, item in items.items() if item == home):
                self._split_off(key, home, frozenset({statement.researcher_id, owner}))
        elif home not in self.places[statement.work_id].values():
            owned = set(self.homes.values())
            available = [self._mention(key, item) for key, item in items.items() if item not in owned]
            if mention := self._best(available, self.clusters[home]):
                self._move(mention, items[mention.key], home)

    def _mention(self, key: MentionKey, item: int) -> Mention:
        return next(mention for mention in self.clusters[item].mentions if mention.key == key)

    def _best(self, mentions: Iterable[Mention], home: Cluster) -> Mention | None:
        """Return the mention whose name is closest to the owner's names; None when none is compatible.

        A mention with an ORCID iD qualifies only if a work of the owner carries the same iD: otherwise nothing shows
        whose iD it is.
        """
        names = {parse_name(mention.name) for mention in home.mentions}
        orcids = {mention.orcid for mention in home.mentions if mention.orcid}
        candidates = [
            (verdict, mention.position, mention)
            for mention in mentions
            if not (mention.orcid and mention.orcid not in orcids)
            and (verdict := min(compatible(name, parse_name(mention.name)) for name in names)) < Verdict.INCOMPATIBLE
        ]
        return min(candidates, key=lambda candidate: candidate[:2])[2] if candidates else None

    def _remove(self, key: MentionKey, item: int) -> Mention:
        """Remove a mention from its cluster, and the cluster with its last mention; return the mention."""
        mention, cluster = self._mention(key, item), self.clusters.pop(item)
        rest = tuple(other for other in cluster.mentions if other.key != key)
        if rest:
            links = tuple(link for link in cluster.links if key not in {link.left.key, link.right.key})
            self.clusters[item] = Cluster(rest, links, cluster.barred)
        return mention

    def _split_off(self, key: MentionKey, home: int, barred: frozenset[str]) -> None:
        mention = self._remove(key, home)
        new = self.next
        self.next += 1
        self.clusters[new] = Cluster((mention,), (), barred)
        self.places[mention.key.work_id][key] = new

    def _move(self, mention: Mention, item: int, home: int) -> None:
        self._remove(mention.key, item)
        cluster = self.clusters[home]
        link = decided_link(cluster.side(), Side(mention.key, mention.name, 1), "owner")
        mentions = tuple(sorted((*cluster.mentions, mention), key=lambda member: member.key))
        self.clusters[home] = Cluster(mentions, (*cluster.links, link), cluster.barred)
        self.places[mention.key.work_id][mention.key] = home
