"""What a person decided about identity: it wins over every rule and every evidence, in this run and all later ones.

A TOML file with as many entries as one likes:

    [[merge]]
    ids = ["maite-martin-0a1b2c3d", "teresa-martin-4e5f6a7b"]
    reason = "one person, see the homepage"

    [[split]]
    id = "yang-liu-89abcdef"
    mentions = ["acl:2020.acl-main.1#2", "acl:2021.acl-long.7#1"]
    reason = "these are by Yang Liu of Edinburgh"

A merge may name `mentions` too, or instead of ids. Decisions are kept by mention: an id is read as the mentions it had,
so that they hold even when ids or clusters change afterwards.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from indexer.identity.clusters import Cluster, Link, Side
from indexer.identity.evidence import Part
from indexer.identity.explain import evidence_of
from indexer.identity.mentions import MentionKey, parse_key
from indexer.identity.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


class OverridesError(ValueError):
    """An overrides file that cannot be followed; the message names the entry and says why."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Researchers, and single mentions, that are one person."""

    ids: tuple[str, ...]
    mentions: tuple[MentionKey, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """Mentions that are one person, and not the one of `id`."""

    id: str
    mentions: tuple[MentionKey, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Overrides:
    """All decisions of a file, and what owners of profiles say, which gives way to the file."""

    merges: tuple[Merge, ...] = ()
    splits: tuple[Split, ...] = ()
    said: Statements = field(default_factory=Statements)

    def apply(
        self, clusters: Sequence[Cluster], previous: Mapping[MentionKey, str], aliases: Mapping[str, str]
    ) -> tuple[Cluster, ...]:
        """Return the clusters as decided: merges first, then splits, which name mentions and so know better."""
        held = {mention.key: item for item, cluster in enumerate(clusters) for mention in cluster.mentions}
        result: dict[int, Cluster] = dict(enumerate(clusters))
        owned: dict[str, list[MentionKey]] = defaultdict(list)
        for key in held:
            if key in previous:
                owned[previous[key]].append(key)
        for merge in self.merges:
            keys = [key for id_ in merge.ids for key in owned.get(_current(id_, aliases), ())]
            _merge(result, held, [*keys, *merge.mentions], merge.reason)
        for split in self.splits:
            _split(result, held, split, _current(split.id, aliases))
        ordered = sorted(result.values(), key=lambda cluster: cluster.key)
        named = {_current(id_, aliases) for merge in self.merges for id_ in merge.ids}
        spoken_of = {key for merge in self.merges for key in merge.mentions}
        spoken_of.update(key for split in self.splits for key in split.mentions)
        return self.said.apply(
            ordered,
            previous,
            current=lambda id_: _current(id_, aliases),
            is_decided=lambda key: key in spoken_of or previous.get(key) in named,
        )


def _current(id_: str, aliases: Mapping[str, str]) -> str:
    """Follow an alias to the id that answers for it; a circle ends where it began."""
    seen = {id_}
    while (found := aliases.get(id_)) is not None and found not in seen:
        seen.add(found)
        id_ = found
    return id_


def _merge(clusters: dict[int, Cluster], held: dict[MentionKey, int], keys: Iterable[MentionKey], reason: str) -> None:
    items = sorted({held[key] for key in keys if key in held}, key=lambda item: clusters[item].key)
    for item in items[1:]:
        one, two = clusters[items[0]], clusters.pop(item)
        link = Link(_side(one), _side(two), inf, evidence_of([Part("override", inf, (reason,))], inf))
        mentions = tuple(sorted(one.mentions + two.mentions, key=lambda mention: mention.key))
        clusters[items[0]] = Cluster(mentions, (*one.links, *two.links, link), one.barred | two.barred)
        held.update((mention.key, items[0]) for mention in two.mentions)


def _side(cluster: Cluster) -> Side:
    return Side(cluster.key, cluster.mentions[0].name, len(cluster.mentions))


def _split(clusters: dict[int, Cluster], held: dict[MentionKey, int], split: Split, id_: str) -> None:
    """Take mentions out of wherever they are, into one cluster of their own that cannot have the old id."""
    away = {key for key in split.mentions if key in held}
    taken = []
    for item in sorted({held[key] for key in away}):
        cluster = clusters.pop(item)
        taken += [mention for mention in cluster.mentions if mention.key in away]
        if rest := tuple(mention for mention in cluster.mentions if mention.key not in away):
            links = tuple(link for link in cluster.links if away.isdisjoint((link.left.key, link.right.key)))
            clusters[item] = Cluster(rest, links, cluster.barred)
    if taken:
        new = max(clusters, default=-1) + 1
        clusters[new] = Cluster(tuple(sorted(taken, key=lambda mention: mention.key)), (), frozenset({id_, split.id}))
        held.update((mention.key, new) for mention in taken)


def load(path: Path) -> Overrides:
    """Read an overrides file. Raises OverridesError when it cannot be followed as it stands."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OverridesError(f"{path}: {error}") from error
    try:
        return parse(raw)
    except OverridesError as error:
        raise OverridesError(f"{path}: {error}") from error


def parse(raw: Mapping[str, Any]) -> Overrides:
    """Check what a file says. Raises OverridesError."""
    if unknown := sorted(raw.keys() - {"merge", "split"}):
        raise OverridesError(f"{unknown[0]!r} is no kind of decision; there are [[merge]] and [[split]]")
    found = Overrides(
        tuple(_parse_merge(entry, f"merge {number}") for number, entry in _entries(raw, "merge")),
        tuple(_parse_split(entry, f"split {number}") for number, entry in _entries(raw, "split")),
    )
    _check(found)
    return found


def _entries(raw: Mapping[str, Any], kind: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    entries = raw.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise OverridesError(f"{kind} is a list of tables: write [[{kind}]] with two brackets")
    return enumerate(entries, 1)


def _parse_merge(entry: Mapping[str, Any], place: str) -> Merge:
    _known(entry, {"ids", "mentions", "reason"}, place)
    ids, mentions = _texts(entry, "ids", place), _keys(entry, place)
    if len(ids) + len(mentions) < 2:
        raise OverridesError(f"{place}: names fewer than two; a merge joins ids, mentions, or both")
    return Merge(ids, mentions, _reason(entry, place))


def _parse_split(entry: Mapping[str, Any], place: str) -> Split:
    _known(entry, {"id", "mentions", "reason"}, place)
    id_, mentions = entry.get("id"), _keys(entry, place)
    if not isinstance(id_, str) or not id_ or not mentions:
        raise OverridesError(f"{place}: needs the id of a researcher and the mentions that are not theirs")
    return Split(id_, mentions, _reason(entry, place))


def _known(entry: Mapping[str, Any], keys: set[str], place: str) -> None:
    if unknown := sorted(entry.keys() - keys):
        raise OverridesError(f"{place}: {unknown[0]!r} is not known here; there are {', '.join(sorted(keys))}")


def _texts(entry: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    values = entry.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise OverridesError(f"{place}: {key} is a list of texts")
    if len(set(values)) < len(values):
        raise OverridesError(f"{place}: {key} names {Counter(values).most_common(1)[0][0]!r} twice")
    return tuple(values)


def _keys(entry: Mapping[str, Any], place: str) -> tuple[MentionKey, ...]:
    try:
        return tuple(parse_key(text) for text in _texts(entry, "mentions", place))
    except ValueError as error:
        raise error if isinstance(error, OverridesError) else OverridesError(f"{place}: {error}") from error


def _reason(entry: Mapping[str, Any], place: str) -> str:
    reason = entry.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise OverridesError(f"{place}: needs a reason; whoever comes after you will ask")
    return reason.strip()


def _check(overrides: Overrides) -> None:
    """Refuse decisions that contradict each other."""
    split: dict[MentionKey, int] = {}
    for number, decision in enumerate(overrides.splits, 1):
        for key in decision.mentions:
            if split.setdefault(key, number) != number:
                raise OverridesError(f"split {number}: {key} is split off in split {split[key]} already")
    for number, merge in enumerate(overrides.merges, 1):
        sides = {split.get(key) for key in merge.mentions}
        if len(sides) > 1:
            raise OverridesError(f"merge {number}: joins mentions that split {max(filter(None, sides))} takes apart")
