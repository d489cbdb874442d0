"""Learning the weights of evidence from people whose ORCID iDs are known: `evaluate identity --truth FILE --fit`.

A logistic regression over pairs of mentions with the same family name: pairs of one person against pairs of two people,
who need not have the same given name. The evidence about two namesakes looks like that about any two people, and there
are hundreds of times more pairs of the latter. Coefficients keep their sign, so that evidence is monotone. The name is
not among the facts: the expected number of namesakes is the prior, and the threshold is chosen afterwards.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.identity.corpus import blocks_of
from indexer.identity.features import Features
from indexer.identity.resolve import resolve_block
from indexer.identity.weights import Weights
from peerscope.evaluation.identity.trial import family_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from indexer.identity.mentions import MentionKey
    from peerscope.evaluation.identity.truth import Sample

    Values = NDArray[np.float64]

#: Learned weights, and whether each is evidence for (1) or against (-1) one person.
LEARNED = {
    "coauthors": 1,
    "strangers": -1,
    "neighbours": 1,
    "institutions": 1,
    "other_institution": -1,
    "embedding": 1,
    "words": 1,
}
FOLDS = 5
#: Ridge penalty of standardized coefficients, on pairs that weigh 1,000 on either side.
RIDGE = 1.0
STEPS = 200


@dataclass(frozen=True, slots=True)
class Pairs:
    """Facts of pairs of mentions, float64[pairs, LEARNED], whether each is one person, and its family name."""

    facts: Values
    is_same: NDArray[np.bool_]
    folds: NDArray[np.int64]
    people: NDArray[np.int64]


def pairs_of(sample: Sample) -> Pairs:
    """Return the pairs of mentions of known people with one family name, on different works."""
    families: dict[str, list[MentionKey]] = defaultdict(list)
    for key in sorted(sample.people):
        families[family_of(sample.mentions[key])].append(key)
    people = {person: number for number, person in enumerate(sorted(set(sample.people.values())))}
    columns: list[tuple[Values, list[bool], list[int], list[int]]] = []
    for family, keys in sorted(families.items()):
        cells = [(a, b) for a, b in combinations(range(len(keys)), 2) if keys[a].work_id != keys[b].work_id]
        if not cells:
            continue
        one, other = np.array(cells).T
        facts = _facts(Features([sample.mentions[key] for key in keys], sample.context, all_embeddings=True))
        names = [people[sample.people[key]] for key in keys]
        same = [names[a] == names[b] for a, b in cells]
        columns.append((facts[:, one, other].T, same, [fold_of(family)] * len(cells), [names[a] for a, _ in cells]))
    return Pairs(
        np.vstack([column[0] for column in columns]),
        np.concatenate([column[1] for column in columns]).astype(bool),
        np.concatenate([column[2] for column in columns]),
        np.concatenate([column[3] for column in columns]),
    )


def fold_of(family: str) -> int:
    """Return the fold of a family name, by a hash: all bearers of a name are in one fold."""
    return int(hashlib.sha256(family.encode("utf-8")).hexdigest()[:8], 16) % FOLDS


def _facts(features: Features) -> Values:
    """Return the facts of all pairs, float64[LEARNED, n, n], in the form in which weights are applied to them."""
    embedding = features.embedding
    facts = {
        "coauthors": features.coauthors,
        "strangers": features.strangers,
        "neighbours": features.neighbours,
        "institutions": features.institutions,
        "other_institution": features.other_institution,
        "embedding": np.zeros_like(features.words) if embedding is None else np.nan_to_num(embedding),
        "words": features.words,
    }
    return np.stack([facts[name].astype(np.float64) for name in LEARNED])


def fit(pairs: Pairs, start: Weights, without: int | None = None) -> Weights:
    """Return `start` with learned weights, from all pairs or those outside of one fold."""
    chosen = np.ones(len(pairs.folds), bool) if without is None else pairs.folds != without
    facts, is_same = pairs.facts[chosen], pairs.is_same[chosen]
    # Each side weighs the same, and on the side of one person each pair: people with many works are the hard ones.
    sides = np.where(is_same, 1000.0 / max(is_same.sum(), 1), 1000.0 / max((~is_same).sum(), 1))
    signs = np.array([*LEARNED.values()], float)
    values = np.abs(_logistic_regression(facts, is_same.astype(float), sides, signs))
    learned: dict[str, Any] = {name: round(float(value), 2) for name, value in zip(LEARNED, values, strict=True)}
    return replace(start, **learned)


def _logistic_regression(facts: Values, target: Values, sides: Values, signs: Values) -> Values:
    """Return the coefficients by Newton's method; those that would have the wrong sign stay at zero."""
    scale = facts.std(axis=0) + 1e-9
    matrix = np.hstack([facts / scale, np.ones((len(facts), 1))])
    bounds, ridge = np.append(signs, 0.0), np.append(np.full(len(signs), RIDGE), 0.0)
    theta = np.zeros(matrix.shape[1])
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-(matrix @ theta)))
        gradient = matrix.T @ (sides * (chance - target)) + ridge * theta
        free = ~((theta * bounds <= 0) & (bounds != 0) & (gradient * bounds >= 0))
        weighted = matrix[:, free] * (sides * chance * (1 - chance))[:, None]
        hessian = matrix[:, free].T @ weighted + np.diag(ridge[free] + 1e-6)
        moved = theta.copy()
        moved[free] -= np.linalg.solve(hessian, gradient[free])
        moved[(bounds != 0) & (moved * bounds < 0)] = 0.0
        if np.abs(moved - theta).max() < 1e-6:
            break
        theta = moved
    coefficients: Values = theta[:-1] / scale
    return coefficients


def out_of_fold(sample: Sample, weights: Sequence[Weights]) -> dict[MentionKey, object]:
    """Return the clusters of the known mentions, each family name with the weights of the fold that left it out.

    Blocks are resolved one by one, without joins across blocks.
    """
    known = sample.people.keys()
    blocks = blocks_of(sample.mentions.values())
    clusters: dict[MentionKey, object] = {}
    for mentions in blocks.values():
        if not any(mention.key in known for mention in mentions):
            continue
        resolution = resolve_block(mentions, weights[fold_of(family_of(mentions[0]))], sample.context)
        for cluster in resolution.clusters:
            clusters.update((mention.key, str(cluster.key)) for mention in cluster.mentions if mention.key in known)
    return clusters


def table(weights: Weights) -> Iterator[str]:
    """Yield the learned weights as lines of weights.py."""
    for item in fields(Weights):
        if item.name in LEARNED:
            yield f"    {item.name}: float = {getattr(weights, item.name)}"


def curve(
    sample: Sample, folds: Sequence[Weights], thresholds: Iterable[float]
) -> Iterator[tuple[float, dict[MentionKey, object]]]:
    """Yield the out-of-fold clusters at each threshold."""
    for threshold in thresholds:
        yield threshold, out_of_fold(sample, [replace(weights, threshold=threshold) for weights in folds])
