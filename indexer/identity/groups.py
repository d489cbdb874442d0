"""Why the works of a researcher are one person's: groups of works that clearly belong together, and what links them."""

from __future__ import annotations

import re
from collections import Counter
from math import exp, isinf
from typing import TYPE_CHECKING

from indexer.identity.union import Union

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.clusters import Cluster, Link
    from mappings.documents import Identity, IdentityGroup

#: Joins with at least this score in nats (odds of 20 to 1) and a concrete connection are made inside of a group.
STRONG = 3.0
#: How phrases of such connections begin: a rare name alone does not connect works visibly.
CONNECTIONS = ("shared co-authors", "shared words in aff", "co-authors who", "similar content", "shared topics")
#: Number of phrases listed for one group.
MAX_PHRASES = 4
#: The value that follows each phrase of a link.
_VALUE = re.compile(r" \(([+-]\d+\.\d)\)$")


def identity_of(cluster: Cluster) -> Identity:
    """Return the groups of a cluster's works, the largest first, and how certain its weakest join is, in [0, 1]."""
    places = {mention.key: index for index, mention in enumerate(cluster.mentions)}
    links = [link for link in cluster.links if link.left.key in places and link.right.key in places]
    union = Union(len(places))
    for link in links:
        if isinf(link.score) or (link.score >= STRONG and _is_connected(link)):
            union.join(places[link.left.key], places[link.right.key])
    sets = union.sets()
    inside: list[list[Link]] = [[] for _ in sets]
    between: list[list[Link]] = [[] for _ in sets]
    number = {item: index for index, items in enumerate(sets) for item in items}
    for link in links:
        left, right = number[places[link.left.key]], number[places[link.right.key]]
        if left == right:
            inside[left].append(link)
        else:
            between[left].append(link)
            between[right].append(link)
    groups: list[IdentityGroup] = []
    for items, own, others in zip(sets, inside, between, strict=True):
        works = list(dict.fromkeys(cluster.mentions[item].work.id for item in items))
        linked = [f"linked to the other works: {phrase}" for phrase in _phrases(others)[:1]]
        groups.append({"works": works, "evidence": [*_phrases(own), *linked]})
    groups.sort(key=lambda group: (-len(group["works"]), group["works"]))
    return {"groups": groups, "confidence": _confidence(links)}


def _is_connected(link: Link) -> bool:
    return any(phrase.startswith(CONNECTIONS) or "shared reference" in phrase for phrase in supporting(link))


def _confidence(links: Iterable[Link]) -> float:
    """Return the chance that the weakest join is right: the logistic function of its score; 1 without any."""
    weakest = min((link.score for link in links), default=float("inf"))
    # A join by evidence is never as certain as one by an id or a decision.
    return 1.0 if isinf(weakest) else min(0.99, round(1.0 / (1.0 + exp(-weakest)), 2))


def _phrases(links: Sequence[Link]) -> list[str]:
    """Return the phrases that support these joins, the most frequent first."""
    counts: Counter[str] = Counter()
    for link in links:
        counts.update(supporting(link))
    return [phrase for phrase, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:MAX_PHRASES]


def supporting(link: Link) -> list[str]:
    """Return the phrases of a link that support it, without values, and those that are facts without a value."""
    _, _, text = link.evidence.partition(": ")
    phrases = text.removesuffix(".").split("; ")
    if isinf(link.score):
        return phrases
    values = [(phrase, _VALUE.search(phrase)) for phrase in phrases]
    return [_VALUE.sub("", phrase) for phrase, match in values if match is None or float(match.group(1)) > 0]
