"""Choosing the weights: one number after the other is moved, and stays where the tuning half comes out best.

Run again with `peerscope evaluate identity --tune` when evidence is added or a weight is doubted. It never looks at the
half that is reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from indexer.identity.compatibility import Verdict
from peerscope.evaluation.identity.bcubed import Scores, bcubed
from peerscope.evaluation.identity.evaluation import resolved
from peerscope.evaluation.identity.trial import TUNING, make_trial

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from indexer.identity.weights import Weights
    from indexer.records import Work
    from peerscope.evaluation.identity.trial import Trial

#: A wrong merge hurts more than a split: below this precision every point lost costs three of F1.
PRECISION = 0.97
COST = 3.0
#: One in so many family names of the tuning half is looked at in each step.
PARTS = 2
#: By how much each number is moved, in both directions.
STEPS = {
    "threshold": 0.5,
    "core": 0.5,
    "bridge": 1.0,
    "namesakes": 0.2,
    "coauthors": 0.15,
    "strangers": 0.2,
    "institutions": 0.15,
    "other_institution": 0.5,
    "words": 2.0,
    "topics": 0.15,
    "other_topics": 0.5,
    "venues": 0.1,
}


@dataclass(frozen=True, slots=True)
class Step:
    """Weights that were tried, what was moved in them, and how good they are."""

    move: str
    weights: Weights
    goal: float
    scores: tuple[Scores, ...]
    is_best: bool


def tune(works: Sequence[Work], start: Weights) -> Iterator[Step]:
    """Try one move after another, each from the best weights so far; gives every step as it is made."""
    trials = [make_trial(works, initials).of(TUNING, PARTS) for initials in (False, True)]
    best = _step("start", start, trials, float("-inf"))
    yield best
    moves: list[tuple[str | Verdict, float]] = [*STEPS.items(), *((verdict, 0.5) for verdict in list(Verdict)[1:-1])]
    for what, size in moves:
        for change in (-size, size):
            step = _step(f"{what} {change:+g}", _moved(best.weights, what, change), trials, best.goal)
            yield step
            best = step if step.is_best else best


def _moved(weights: Weights, what: str | Verdict, change: float) -> Weights:
    if isinstance(what, Verdict):
        return replace(weights, verdicts={**weights.verdicts, what: weights.verdicts[what] + change})
    return replace(weights, **{what: getattr(weights, what) + change})


def _step(move: str, weights: Weights, trials: Sequence[Trial], to_beat: float) -> Step:
    scores = measured(weights, trials)
    found = goal(scores)
    return Step(move, weights, found, scores, found > to_beat)


def measured(weights: Weights, trials: Sequence[Trial]) -> tuple[Scores, ...]:
    """Measure on both trials, and on the curated slice of the first, which comes last."""
    scores, curated = [], []
    for trial in trials:
        found = resolved(trial, weights)
        scores.append(bcubed(found, trial.truth))
        curated.append({key: (found[key], trial.truth[key]) for key in trial.curated})
    if curated[0]:
        slice_ = curated[0]
        scores.append(bcubed({k: v for k, (v, _) in slice_.items()}, {k: v for k, (_, v) in slice_.items()}))
    return tuple(scores)


def goal(scores: Sequence[Scores]) -> float:
    """Return what is to be made as large as can be: the mean F1, less the cost of too low a precision.

    The curated slice has no such cost: it is made of the hardest names, where no method comes near that precision.
    """
    low = sum(max(0.0, PRECISION - score.precision) for score in scores[:2])
    return (sum(score.f1 for score in scores) - COST * low) / len(scores)
