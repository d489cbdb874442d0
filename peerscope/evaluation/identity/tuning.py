"""Choosing the weights by coordinate search: each number is moved in turn and kept where the tuning half scores best.

Run `peerscope evaluate identity --tune` when evidence is added or a weight is in doubt. It never uses the half that is
reported.
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

#: Wrong merges are worse than splits: below this precision each lost point costs three points of F1.
PRECISION = 0.97
COST = 3.0
#: Each step uses one in so many family names of the tuning half.
PARTS = 2
#: Step size of each number, in both directions.
STEPS = {
    "threshold": 0.5,
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
    """Weights that were tried, the move that led to them, and their scores."""

    move: str
    weights: Weights
    goal: float
    scores: tuple[Scores, ...]
    is_best: bool


def tune(works: Sequence[Work], start: Weights) -> Iterator[Step]:
    """Try one move after another from the best weights so far, and yield every step."""
    trials = [make_trial(works, initials).of(TUNING, PARTS) for initials in (False, True)]
    best = _step("start", start, trials, float("-inf"))
    yield best
    moves: list[tuple[str | Verdict, float]] = [*STEPS.items(), *((verdict, 0.5) for verdict in list(Verdict)[1:-1])]
    for weight, size in moves:
        for change in (-size, size):
            step = _step(f"{weight} {change:+g}", _moved(best.weights, weight, change), trials, best.goal)
            yield step
            best = step if step.is_best else best


def _moved(weights: Weights, name: str | Verdict, change: float) -> Weights:
    if isinstance(name, Verdict):
        return replace(weights, verdicts={**weights.verdicts, name: weights.verdicts[name] + change})
    return replace(weights, **{name: getattr(weights, name) + change})


def _step(move: str, weights: Weights, trials: Sequence[Trial], to_beat: float) -> Step:
    scores = measured(weights, trials)
    value = goal(scores)
    return Step(move, weights, value, scores, value > to_beat)


def measured(weights: Weights, trials: Sequence[Trial]) -> tuple[Scores, ...]:
    """Return the scores on both trials, then those on the curated slice of the first."""
    scores, curated = [], []
    for trial in trials:
        clusters = resolved(trial, weights)
        scores.append(bcubed(clusters, trial.truth))
        curated.append({key: (clusters[key], trial.truth[key]) for key in trial.curated})
    if curated[0]:
        slice_ = curated[0]
        scores.append(bcubed({k: v for k, (v, _) in slice_.items()}, {k: v for k, (_, v) in slice_.items()}))
    return tuple(scores)


def goal(scores: Sequence[Scores]) -> float:
    """Return the value to maximise: the mean F1, less the cost of a precision below `PRECISION`.

    The curated slice has no such cost: it consists of the hardest names, where no method comes near that precision.
    """
    low = sum(max(0.0, PRECISION - score.precision) for score in scores[:2])
    return (sum(score.f1 for score in scores) - COST * low) / len(scores)
