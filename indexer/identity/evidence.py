"""How much speaks for two groups of mentions being one person, in parts that can be shown.

Each part is a weight of evidence in nats (a logarithm of odds), so parts add up: the name says how probable it was
before anything else was looked at, the rest moves that up or down. What is not known moves nothing.
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
    """One piece of evidence: its kind, what it adds to the score, and the facts behind it for the explanation."""

    kind: str
    value: float
    facts: tuple[Any, ...] = ()


def weigh(a: Profile, b: Profile, names: Sequence[Comparison], context: Context, weights: Weights) -> tuple[Part, ...]:
    """Return all evidence for and against two profiles being one person, whose names compare as `names`. Symmetric."""
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
    """Tell cheaply that a pair cannot reach `needed`: a common name, and neither co-author nor institution shared."""
    if a.vector is not None or _name(names, context, weights).value + weights.most_without >= needed:
        return False
    return (
        a.places.isdisjoint(b.places)
        and a.coauthors.keys().isdisjoint(b.coauthors)
        and a.initialed.isdisjoint(b.coauthor_blocks)
        and b.initialed.isdisjoint(a.coauthor_blocks)
    )


def total(parts: Iterable[Part]) -> float:
    """Add up; rounded, so that the order of additions never decides between two pairs."""
    return round(sum(part.value for part in parts), 6)


def _name(names: Sequence[Comparison], context: Context, weights: Weights) -> Part:
    """Weigh the names: -ln of how many others could be printed so, less what the difference of the two costs.

    What they agree in is what counts: `Asad Mahmood` and `A. S. M. Ashique Mahmood` have no more than `A. Mahmood` in
    common. Of groups with several names each, the pair that agrees best says it.
    """
    best = max(_name_part(name, context, weights) for name in set(names))
    return Part("name", *best)


def _name_part(name: Comparison, context: Context, weights: Weights) -> tuple[float, tuple[Any, ...]]:
    namesakes = context.namesakes(name.given, name.surname)
    # Two that are both printed with initials agree no better than an initial does with a name.
    initials = name.verdict < Verdict.INITIAL and all(map(is_initial, name.given))
    cost = weights.verdicts[Verdict.INITIAL if initials else name.verdict]
    value = -weights.namesakes * log(namesakes) - cost
    if name.verdict is Verdict.SWAPPED and name.given:
        # `Guo Zhipeng` is a slip, nobody's family is Zhipeng. `Zhou Yu` and `Yu Zhou` are two people: two families.
        either = min(context.surnames[surname_key(word)] for word in (name.given[0], name.surname))
        value -= log(max(either, 1))
    return value, (name.verdict, round(namesakes, 2))


def _coauthors(a: Profile, b: Profile, context: Context, weights: Weights) -> Part | None:
    if not (a.coauthors and b.coauthors):
        return None
    found = [
        (_rarity_of(name, context) + _share(a.coauthors[name], a, b.coauthors[name], b), name)
        for name in a.coauthors.keys() & b.coauthors.keys()
    ]
    loose = (a.initialed & b.coauthor_blocks.keys()) | (b.initialed & a.coauthor_blocks.keys())
    for block in loose - {home_of(name) for _, name in found} if loose else ():
        share = _share(a.coauthor_blocks[block], a, b.coauthor_blocks[block], b)
        found.append((rarity(context.blocks[block], context.works) + share, block))
    found = [pair for pair in found if pair[0] > 0]
    if not found:
        # Two large bodies of work without one common collaborator are seldom one person's.
        return Part("coauthors", -weights.strangers * log(1 + min(len(a.works), len(b.works))))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    # Those after the first come from the same groups, so each says half of what the one before it says.
    value = sum(weight * 0.5**rank for rank, (weight, _) in enumerate(found[:8]))
    return Part("coauthors", weights.coauthors * value, tuple(name for _, name in found))


def _share(one: int, a: Profile, two: int, b: Profile) -> float:
    """Return ln of the share of works that a co-author is on, in the group where it is smaller.

    If both are one person, that is how often one meets that co-author; with a hundred works behind it, a name that is
    on one of them is met by chance (without this, large groups drew in strangers: see docs/identity.md).
    """
    return log(min(1.0, one / len(a.works), two / len(b.works)))


def _rarity_of(name: str, context: Context) -> float:
    """Return how rare a co-author's name is; one that begins with an initial stands for all of its block."""
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
