"""Decisions of an operator about identity. They win over every rule and all evidence, in this run and all later ones.

A TOML file with any number of entries:

    [[merge]]
    ids = ["maite-martin-0a1b2c3d", "teresa-martin-4e5f6a7b"]
    reason = "one person, see the homepage"

    [[split]]
    id = "yang-liu-89abcdef"
    mentions = ["acl:2020.acl-main.1#2", "acl:2021.acl-long.7#1"]
    reason = "these are by Yang Liu of Edinburgh"

    [[merge]]
    works = ["doi:10.1000/xyz", "arxiv:1910.00744"]
    reason = "the second is the preprint of the first"

    [[split]]
    work = "doi:10.1000/book"
    works = ["acl:2020.chapter-1.1"]
    reason = "the chapter has the DOI of the book"

A merge of people may name `mentions` too, or instead of ids. An id is read as the mentions it had in the last run, so
decisions still apply when ids or clusters change later.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from indexer.identity.clusters import Cluster, decided_link
from indexer.identity.mentions import MentionKey, parse_key
from indexer.identity.statements import Statements
from indexer.records.work_decisions import MergeWorks, SplitWork, WorkDecisions
from mappings import work_id
from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path


#: Decisions of accounts, in the format of `overrides.toml`, which takes precedence over them.
CORRECTIONS = "corrections.toml"


class OverridesError(PeerscopeError, ValueError):
    """An overrides file that cannot be applied; the message names the entry and the reason."""


@dataclass(frozen=True, slots=True)
class Merge:
    """Researchers and single mentions that are one person."""

    ids: tuple[str, ...]
    mentions: tuple[MentionKey, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """Mentions that are one person, different from the researcher `id`."""

    id: str
    mentions: tuple[MentionKey, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Overrides:
    """All decisions of a file, and the statements of profile owners, over which the file has precedence."""

    merges: tuple[Merge, ...] = ()
    splits: tuple[Split, ...] = ()
    statements: Statements = field(default_factory=Statements)
    works: WorkDecisions = field(default_factory=WorkDecisions)

    @property
    def named_works(self) -> frozenset[str]:
        """The ids of the works that statements and mentions name."""
        lists = (*(merge.mentions for merge in self.merges), *(split.mentions for split in self.splits))
        return frozenset(
            (*(key.work_id for keys in lists for key in keys), *(item.work_id for item in self.statements.statements))
        )

    def follow(
        self, current_work: Callable[[str], str], current_mention: Callable[[MentionKey], MentionKey]
    ) -> Overrides:
        """Return the decisions with the ids of works that have been merged, and the positions of their authors, now."""
        return replace(
            self,
            merges=tuple(replace(one, mentions=tuple(map(current_mention, one.mentions))) for one in self.merges),
            splits=tuple(replace(one, mentions=tuple(map(current_mention, one.mentions))) for one in self.splits),
            statements=self.statements.follow(current_work),
        )

    def apply(
        self, clusters: Sequence[Cluster], previous: Mapping[MentionKey, str], redirects: Mapping[str, str]
    ) -> tuple[Cluster, ...]:
        """Return the clusters as decided: merges first, then splits, which name mentions and so are more specific.

        `previous` has the researcher id of each mention after the last run, `redirects` the merged ids.
        """
        positions = {mention.key: item for item, cluster in enumerate(clusters) for mention in cluster.mentions}
        result: dict[int, Cluster] = dict(enumerate(clusters))
        owned: dict[str, list[MentionKey]] = defaultdict(list)
        for key in positions:
            if key in previous:
                owned[previous[key]].append(key)
        for merge in self.merges:
            keys = [key for id_ in merge.ids for key in owned.get(current_id(id_, redirects), ())]
            _merge(result, positions, [*keys, *merge.mentions], merge.reason)
        for split in self.splits:
            _split(result, positions, split, current_id(split.id, redirects))
        ordered = sorted(result.values(), key=lambda cluster: cluster.key)
        merged_ids = {current_id(id_, redirects) for merge in self.merges for id_ in merge.ids}
        decided = {key for merge in self.merges for key in merge.mentions}
        decided.update(key for split in self.splits for key in split.mentions)
        return self.statements.apply(
            ordered,
            previous,
            current=lambda id_: current_id(id_, redirects),
            is_decided=lambda key: key in decided or previous.get(key) in merged_ids,
        )


def current_id(id_: str, redirects: Mapping[str, str]) -> str:
    """Follow redirects to the id that is current; a cycle ends at its last new id."""
    seen = {id_}
    while (target := redirects.get(id_)) is not None and target not in seen:
        seen.add(target)
        id_ = target
    return id_


def _merge(
    clusters: dict[int, Cluster], positions: dict[MentionKey, int], keys: Iterable[MentionKey], reason: str
) -> None:
    items = sorted({positions[key] for key in keys if key in positions}, key=lambda item: clusters[item].key)
    for item in items[1:]:
        first, other = clusters[items[0]], clusters.pop(item)
        link = decided_link(first.side(), other.side(), "override", reason)
        mentions = tuple(sorted(first.mentions + other.mentions, key=lambda mention: mention.key))
        clusters[items[0]] = Cluster(mentions, (*first.links, *other.links, link), first.barred | other.barred)
        positions.update((mention.key, items[0]) for mention in other.mentions)


def _split(clusters: dict[int, Cluster], positions: dict[MentionKey, int], split: Split, id_: str) -> None:
    """Move mentions from their clusters into a new one, which cannot receive the old id."""
    keys = {key for key in split.mentions if key in positions}
    moved = []
    for item in sorted({positions[key] for key in keys}):
        cluster = clusters.pop(item)
        moved += [mention for mention in cluster.mentions if mention.key in keys]
        if rest := tuple(mention for mention in cluster.mentions if mention.key not in keys):
            links = tuple(link for link in cluster.links if keys.isdisjoint((link.left.key, link.right.key)))
            clusters[item] = Cluster(rest, links, cluster.barred)
    if moved:
        new = max(clusters, default=-1) + 1
        clusters[new] = Cluster(tuple(sorted(moved, key=lambda mention: mention.key)), (), frozenset({id_, split.id}))
        positions.update((mention.key, new) for mention in moved)


def combine(first: Overrides, second: Overrides) -> Overrides:
    """Return the decisions of two files; for mentions that both name, `first` takes precedence."""
    taken = {key for split in first.splits for key in split.mentions}
    taken.update(key for merge in first.merges for key in merge.mentions)
    rest = [
        replace(split, mentions=tuple(key for key in split.mentions if key not in taken)) for split in second.splits
    ]
    splits = (*first.splits, *(split for split in rest if split.mentions))
    works = WorkDecisions((*first.works.merges, *second.works.merges), (*first.works.splits, *second.works.splits))
    return replace(first, merges=(*first.merges, *second.merges), splits=tuple(splits), works=works)


def parse_text(text: str) -> Overrides:
    """Return the decisions in the text of a file. Raises OverridesError."""
    try:
        return parse(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise OverridesError(str(error)) from error


def load(path: Path) -> Overrides:
    """Return the decisions of an overrides file. Raises OverridesError when it cannot be read or applied."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OverridesError(f"{path} cannot be read: {error}") from error
    try:
        return parse(content)
    except OverridesError as error:
        raise OverridesError(f"{path}: {error}") from error


def parse(content: Mapping[str, Any]) -> Overrides:
    """Return the decisions of a parsed file. Raises OverridesError for the first entry that is invalid."""
    if unknown := sorted(content.keys() - {"merge", "split"}):
        raise OverridesError(f"{unknown[0]!r} is not a known decision; use [[merge]] or [[split]].")
    merges = [(f"merge {number}", entry) for number, entry in _entries(content, "merge")]
    splits = [(f"split {number}", entry) for number, entry in _entries(content, "split")]
    works = WorkDecisions(
        tuple(_parse_work_merge(entry, place) for place, entry in merges if "works" in entry),
        tuple(_parse_work_split(entry, place) for place, entry in splits if "work" in entry),
    )
    overrides = Overrides(
        tuple(_parse_merge(entry, place) for place, entry in merges if "works" not in entry),
        tuple(_parse_split(entry, place) for place, entry in splits if "work" not in entry),
        works=works,
    )
    _check_consistent(overrides)
    _check_consistent_works(works)
    return overrides


def _entries(content: Mapping[str, Any], kind: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    entries = content.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise OverridesError(f"{kind} must be a list of tables: write [[{kind}]] with two brackets.")
    return enumerate(entries, 1)


def _parse_merge(entry: Mapping[str, Any], place: str) -> Merge:
    _check_keys(entry, {"ids", "mentions", "reason"}, place)
    ids, mentions = _texts(entry, "ids", place), _mention_keys(entry, place)
    if len(ids) + len(mentions) < 2:
        raise OverridesError(f"{place} must name at least two ids or mentions.")
    return Merge(ids, mentions, _reason(entry, place))


def _parse_split(entry: Mapping[str, Any], place: str) -> Split:
    _check_keys(entry, {"id", "mentions", "reason"}, place)
    id_, mentions = entry.get("id"), _mention_keys(entry, place)
    if not isinstance(id_, str) or not id_ or not mentions:
        raise OverridesError(f"{place} needs the id of a researcher and the mentions that belong to someone else.")
    return Split(id_, mentions, _reason(entry, place))


def _parse_work_merge(entry: Mapping[str, Any], place: str) -> MergeWorks:
    _check_keys(entry, {"works", "reason"}, place)
    ids = _work_ids(entry, place)
    if len(ids) < 2:
        raise OverridesError(f"{place} must name at least two works.")
    return MergeWorks(ids, _reason(entry, place))


def _parse_work_split(entry: Mapping[str, Any], place: str) -> SplitWork:
    _check_keys(entry, {"work", "works", "reason"}, place)
    work, others = entry.get("work"), _work_ids(entry, place)
    if not isinstance(work, str) or not work or not others:
        raise OverridesError(f"{place} needs the id of a work, and in works the ids that belong to another work.")
    if work_id(work) in others:
        raise OverridesError(f"{place} separates {work} from itself.")
    return SplitWork(work_id(work), others, _reason(entry, place))


def _work_ids(entry: Mapping[str, Any], place: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(work_id(id_) for id_ in _texts(entry, "works", place)))


def _check_keys(entry: Mapping[str, Any], known: set[str], place: str) -> None:
    if unknown := sorted(entry.keys() - known):
        raise OverridesError(f"{place} has the unknown key {unknown[0]!r}; known keys are {', '.join(sorted(known))}.")


def _texts(entry: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    values = entry.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise OverridesError(f"{place}: {key} must be a list of strings.")
    if len(set(values)) < len(values):
        raise OverridesError(f"{place}: {key} contains {Counter(values).most_common(1)[0][0]!r} twice.")
    return tuple(values)


def _mention_keys(entry: Mapping[str, Any], place: str) -> tuple[MentionKey, ...]:
    texts = _texts(entry, "mentions", place)
    try:
        return tuple(parse_key(text) for text in texts)
    except ValueError as error:
        raise OverridesError(f"{place}: {error}") from error


def _reason(entry: Mapping[str, Any], place: str) -> str:
    reason = entry.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise OverridesError(f"{place} needs a reason, for those who read the file later.")
    return reason.strip()


def _check_consistent(overrides: Overrides) -> None:
    """Raise OverridesError for decisions that contradict each other."""
    split_of: dict[MentionKey, int] = {}
    for number, split in enumerate(overrides.splits, 1):
        for key in split.mentions:
            if split_of.setdefault(key, number) != number:
                raise OverridesError(f"split {number} contains {key}, which is already in split {split_of[key]}.")
    for number, merge in enumerate(overrides.merges, 1):
        splits = {split_of.get(key) for key in merge.mentions}
        if len(splits) > 1:
            raise OverridesError(
                f"merge {number} joins mentions that split {max(filter(None, splits))} separates; remove one of them."
            )


def _check_consistent_works(works: WorkDecisions) -> None:
    """Raise OverridesError if one decision joins works that another separates."""
    for merge in works.merges:
        for split in works.splits:
            if split.id in merge.ids and not set(merge.ids).isdisjoint(split.others):
                raise OverridesError(f"A merge joins {split.id} and {split.others[0]}, which a split separates.")
