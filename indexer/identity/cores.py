"""Join mentions with one id, unless the id contradicts itself.

Ids of sources are evidence with an error rate: publishers assign one ORCID iD to every author of a work, and typing
errors put an iD under another name. Such an id is questioned instead of followed.
"""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from indexer.identity.clusters import Group, Link, make_link
from indexer.identity.compatibility import Verdict, compare
from indexer.identity.evidence import Part
from indexer.identity.weights import AUTOMATIC_SCHEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.identity.mentions import MentionKey
    from indexer.identity.names import Name


class ById(NamedTuple):
    """The groups after joins by ids, and the pairs with one id that were not joined."""

    groups: list[Group]
    questioned: list[Link]


def by_ids(groups: Sequence[Group]) -> ById:
    """Join groups that share a strong id.

    They stay apart if an ORCID iD contradicts the id, if both are on one work, or if their names share no word.
    """
    kept = {group.key: group for group in groups}
    holders: dict[tuple[str, str], list[Group]] = defaultdict(list)
    questioned: list[Link] = []
    for group in sorted(groups, key=lambda group: group.key):
        current = group
        # ORCID iDs last: in doubt the id of the curated source decides who the rest of the group is.
        for scheme, ids in sorted(group.profile.ids.items(), key=lambda item: (item[0] == "orcid", item[0])):
            for id_ in sorted(ids):
                for other in _present(holders[scheme, id_], kept, current):
                    if _is_doubtful(other, current, scheme):
                        questioned.append(make_link(other, current, 0.0, (Part("questioned", 0.0, (id_,)),)))
                        continue
                    del kept[other.key]
                    kept.pop(current.key, None)
                    link = make_link(other, current, inf, (Part("id", inf, (id_,)),))
                    current = other.joined(current, link)
                    kept[current.key] = current
        for scheme, ids in current.profile.ids.items():
            for id_ in ids:
                present = _present(holders[scheme, id_], kept, current)
                holders[scheme, id_] = [*present, current]
    return ById([kept[key] for key in sorted(kept)], questioned)


def _present(holders: Sequence[Group], kept: dict[MentionKey, Group], current: Group) -> list[Group]:
    """Return the groups that hold an id now: a group may have been joined since, under the same or another key."""
    present = {kept[group.key].key: kept[group.key] for group in holders if group.key in kept}
    return [group for key, group in sorted(present.items()) if key != current.key]


def _is_doubtful(a: Group, b: Group, scheme: str) -> bool:
    """Return whether two groups with one id of `scheme` are probably two people."""
    if a.profile.forbids(b.profile):
        return True
    if scheme == "orcid" and not AUTOMATIC_SCHEMES.issuperset(a.profile.conflicts(b.profile)):
        return True
    one, other = a.profile.names, b.profile.names
    return one.isdisjoint(other) and not any(_are_related(name, two) for name in one for two in other)


def _are_related(a: Name, b: Name) -> bool:
    """Return whether two names can belong to one person: compatible, or one name changed and the other kept."""
    if compare(a, b).verdict is not Verdict.INCOMPATIBLE:
        return True
    return any(len(word) > 1 and word in b.words for word in a.words)
