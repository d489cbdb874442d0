"""The evidence that two groups of mentions are one person, in parts that can be explained.

Each part is a weight of evidence in nats (a logarithm of odds), so parts are added: the name gives the prior, the other
parts raise or lower it. Between groups, a part is the mean over all pairs of their mentions.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

from indexer.identity.compatibility import Verdict
from indexer.identity.context import rarity
from indexer.identity.features import KINDS
from indexer.identity.names import home_of, is_initial, surname_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from indexer.identity.compatibility import Comparison
    from indexer.identity.context import Context
    from indexer.identity.profile import Profile
    from indexer.identity.weights import Weights

#: Parts smaller than this are left out of explanations.
NEGLIGIBLE = 0.05


class Part(NamedTuple):
    """One piece of evidence: its kind, its weight in nats, and the facts that explain it."""

    kind: str
    value: float
    facts: tuple[Any, ...] = ()


def name_part(names: Iterable[Comparison], context: Context, weights: Weights) -> Part:
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
    return round(value, 4), (name.verdict, round(namesakes, 2))


def explained(a: Profile, b: Profile, values: Sequence[float], context: Context) -> list[Part]:
    """Return the parts of two groups with the facts behind them; `values` are in the order of `KINDS`."""
    parts = []
    for kind, value in zip(KINDS, values, strict=True):
        if abs(value) >= NEGLIGIBLE:
            parts.append(Part(kind, float(value), _facts(kind, a, b, context)))
    return parts


def _facts(kind: str, a: Profile, b: Profile, context: Context) -> tuple[Any, ...]:
    if kind == "coauthors":
        return _shared_coauthors(a, b, context)
    if kind == "institutions":
        return _by_rarity(a.places & b.places, lambda word: rarity(context.places[word], context.placed))
    if kind == "words":
        return _by_rarity(a.words.keys() & b.words.keys(), context.word_weight)[:5]
    if kind == "topics":
        return tuple(sorted(a.topics & b.topics))
    if kind == "venues":
        return _by_rarity(a.venues & b.venues, lambda venue: rarity(context.venues[venue], context.works))[:1]
    if kind == "references":
        return (len(a.references & b.references), bool(a.references & b.works or b.references & a.works))
    if kind == "years":
        return (a.gap(b),)
    if kind == "neighbours":
        return _by_rarity(context.graph.around(a.coauthors) & b.coauthors.keys(), context.coauthor_rarity)
    return ()


def _shared_coauthors(a: Profile, b: Profile, context: Context) -> tuple[str, ...]:
    shared = set(a.coauthors.keys() & b.coauthors.keys())
    by_block = (a.initialed & b.coauthor_blocks) | (b.initialed & a.coauthor_blocks)
    names = _by_rarity(shared, context.coauthor_rarity)
    return (*names, *sorted(by_block - {home_of(name) for name in shared}))


def _by_rarity(tokens: Iterable[str], weight: Any) -> tuple[str, ...]:
    return tuple(sorted(tokens, key=lambda token: (-weight(token), token)))
