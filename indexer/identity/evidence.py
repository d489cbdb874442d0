"""Weigh the evidence that two groups of mentions are one person, in parts that can be explained.

Each part is a weight of evidence in nats (a logarithm of odds), so parts are added: the name gives the prior, the other
parts raise or lower it. What is unknown adds nothing.
"""

from __future__ import annotations

from math import log, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from indexer.identity.compatibility import Verdict
from indexer.identity.context import rarity
from indexer.identity.names import home_of, is_initial, surname_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.compatibility import Comparison
    from indexer.identity.context import Context
    from indexer.identity.profile import Profile
    from indexer.identity.weights import Weights


class Part(NamedTuple):
    """One piece of evidence: its kind, its weight in nats, and the facts that explain it."""

    kind: str
    value: float
    facts: tuple[Any, ...] = ()


def weigh(a: Profile, b: Profile, names: Sequence[Comparison], context: Context, weights: Weights) -> tuple[Part, ...]:
    """Return all evidence for and against two profiles being one person; `names` compares their names. Symmetric."""
    parts = (
        _name(names, context, weights),
        _coauthors(a, b, context, weights),
        _institutions(a, b, context, weights),
        _words(a, b, weights),
        _topics(a, b, context, weights),
        _venues(a, b, context, weights),
        _years(a, b, weights),
        _vectors(a, b, weights),
    )
    known = tuple(part for part in parts if part is not None)
    return known if _is_proven(known) else (*known, Part("unproven", -weights.unproven))


def _is_proven(parts: Sequence[Part]) -> bool:
    """Return False for two forms of a name with neither a co-author nor an institution in common."""
    if parts[0].facts[0] <= Verdict.TRANSLITERATED:
        return True
    return any(part.value > 0 for part in parts if part.kind in ("coauthors", "institutions"))


def is_hopeless(
    a: Profile, b: Profile, names: Sequence[Comparison], context: Context, weights: Weights, needed: float
) -> bool:
    """Return whether a pair surely misses the score `needed`: a common name, no shared co-author or institution."""
    if a.vector is not None or _name(names, context, weights).value + weights.most_without >= needed:
        return False
    return (
        a.places.isdisjoint(b.places)
        and a.coauthors.keys().isdisjoint(b.coauthors)
        and a.initialed.isdisjoint(b.coauthor_blocks)
        and b.initialed.isdisjoint(a.coauthor_blocks)
    )


def total(parts: Iterable[Part]) -> float:
    """Return the sum of the weights, rounded so that the order of additions never decides between two pairs."""
    return round(sum(part.value for part in parts), 6)


def _name(names: Sequence[Comparison], context: Context, weights: Weights) -> Part:
    """Return the evidence of the names: -ln of the number of possible namesakes, minus the cost of their difference.

    Only what both names share counts: `Asad Mahmood` and `A. S. M. Ashique Mahmood` share no more than `A. Mahmood`. Of
    groups with several names, the best pair counts.
    """
    best = max(_name_part(name, context, weights) for name in set(names))
    return Part("name", *best)


def _name_part(name: Comparison, context: Context, weights: Weights) -> tuple[float, tuple[Any, ...]]:
    namesakes = context.namesakes(name.given, name.surname)
    # Two names with initials agree no better than an initial with a name.
    initials = name.verdict < Verdict.INITIAL and all(map(is_initial, name.given))
    cost = weights.verdicts[Verdict.INITIAL if initials else name.verdict]
    value = -weights.namesakes * log(namesakes) - cost
    if name.verdict is Verdict.SWAPPED and name.given:
        # `Guo Zhipeng` is a slip, because Zhipeng is no family name. `Zhou Yu` and `Yu Zhou` are two people.
        either = min(context.surnames[surname_key(word)] for word in (name.given[0], name.surname))
        value -= log(max(either, 1))
    return value, (name.verdict, round(namesakes, 2))


def _coauthors(a: Profile, b: Profile, context: Context, weights: Weights) -> Part | None:
    if not (a.coauthors and b.coauthors):
        return None
    shared = [
        (_rarity_of(name, context) + _share(a.coauthors[name], a, b.coauthors[name], b), name)
        for name in a.coauthors.keys() & b.coauthors.keys()
    ]
    by_block = (a.initialed & b.coauthor_blocks.keys()) | (b.initialed & a.coauthor_blocks.keys())
    for block in by_block - {home_of(name) for _, name in shared} if by_block else ():
        share = _share(a.coauthor_blocks[block], a, b.coauthor_blocks[block], b)
        shared.append((rarity(context.blocks[block], context.works) + share, block))
    shared = [pair for pair in shared if pair[0] > 0]
    if not shared:
        # Two large groups of works without a shared co-author are rarely one person's.
        return Part("coauthors", -weights.strangers * log(1 + min(len(a.works), len(b.works))))
    shared.sort(key=lambda pair: (-pair[0], pair[1]))
    # Co-authors of one group are not independent, so each counts half as much as the one before.
    value = sum(weight * 0.5**rank for rank, (weight, _) in enumerate(shared[:8]))
    return Part("coauthors", weights.coauthors * value, tuple(name for _, name in shared))


def _share(count_a: int, a: Profile, count_b: int, b: Profile) -> float:
    """Return ln of the share of works with a co-author, in the group where it is smaller.

    If both groups are one person, this is the chance to meet that co-author; in a group of a hundred works, a name on
    one of them is there by chance (without this term, large groups absorbed other people: see docs/identity.md).
    """
    return log(min(1.0, count_a / len(a.works), count_b / len(b.works)))


def _rarity_of(name: str, context: Context) -> float:
    """Return the rarity of a co-author's name in nats; a name with an initial counts as its whole block."""
    count = context.blocks[home_of(name)] if name[1:2] == " " else context.names[name]
    return rarity(count, context.works)


def _institutions(a: Profile, b: Profile, context: Context, weights: Weights) -> Part | None:
    if not (a.places and b.places):
        return None
    shared = [(rarity(context.places[word], context.placed), word) for word in a.places & b.places]
    value = min(sum(weight for weight, _ in shared), weights.max_institution)
    if value < weights.min_institution:
        return Part("institutions", -weights.other_institution)
    facts = tuple(word for _, word in sorted(shared, key=lambda pair: (-pair[0], pair[1])))
    return Part("institutions", weights.institutions * value, facts)


def _words(a: Profile, b: Profile, weights: Weights) -> Part | None:
    if not (a.words and b.words):
        return None
    few, many = (a.words, b.words) if len(a.words) <= len(b.words) else (b.words, a.words)
    shared = [(weight, word) for word, weight in few.items() if word in many]
    cosine = sum(weight * weight for weight, _ in shared) / (sqrt(a.words_norm * b.words_norm) or 1.0)
    value = weights.words * min(cosine - weights.words_expected, weights.words_most)
    return Part("words", value, tuple(word for _, word in sorted(shared, reverse=True)[:5]))


def _topics(a: Profile, b: Profile, context: Context, weights: Weights) -> Part | None:
    if not (a.topics and b.topics):
        return None
    shared = a.topics & b.topics
    if not shared:
        return Part("topics", -weights.other_topics)
    best = max((rarity(context.topics[topic], context.works), topic) for topic in shared)
    return Part("topics", weights.topics * best[0], tuple(sorted(shared)))


def _venues(a: Profile, b: Profile, context: Context, weights: Weights) -> Part | None:
    shared = a.venues & b.venues
    if not shared:
        return None
    best = max((rarity(context.venues[venue], context.works), venue) for venue in shared)
    return Part("venues", weights.venues * best[0], (best[1],))


def _years(a: Profile, b: Profile, weights: Weights) -> Part | None:
    if a.first_year is None or b.first_year is None or a.last_year is None or b.last_year is None:
        return None
    gap = max(a.first_year, b.first_year) - min(a.last_year, b.last_year)
    span = max(a.last_year, b.last_year) - min(a.first_year, b.first_year)
    over = max(0, gap - weights.usual_gap) + max(0, span - weights.usual_career)
    return Part("years", -min(weights.years * over, weights.max_years), (max(gap, 0), span)) if over else None


def _vectors(a: Profile, b: Profile, weights: Weights) -> Part | None:
    if a.vector is None or b.vector is None:
        return None
    length = float(np.linalg.norm(a.vector) * np.linalg.norm(b.vector))
    cosine = float(a.vector @ b.vector) / length if length else 0.0
    return Part("embedding", weights.vectors * (cosine - weights.vectors_expected), (round(cosine, 3),))
