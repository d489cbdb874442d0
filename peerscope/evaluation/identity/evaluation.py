"""Quality of author identity, compared with taking each name as a person."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from indexer.identity.corpus import blocks_of, resolve
from indexer.identity.keys import fold_name
from peerscope.evaluation.identity.bcubed import Scores, bcubed, intervals
from peerscope.evaluation.identity.trial import REPORTED, family_of, make_trial
from peerscope.memory import peak_mb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from indexer.identity.mentions import Mention, MentionKey
    from indexer.identity.weights import Weights
    from indexer.records import Work
    from peerscope.evaluation.identity.trial import Trial

    Clustering = Mapping[MentionKey, object]


@dataclass(frozen=True, slots=True)
class Row:
    """One method on one trial; `low` and `high` bound 95 % of the bootstrap samples."""

    trial: str
    method: str
    researchers: int
    mentions: int
    scores: Scores
    low: Scores
    high: Scores


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rows, and the seconds and memory of resolving the trials."""

    rows: tuple[Row, ...]
    seconds: float
    peak_mb: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            "rows": [
                {**asdict(row), **{key: getattr(row, key)._asdict() for key in ("scores", "low", "high")}}
                for row in self.rows
            ],
            "seconds": round(self.seconds, 1),
            "peak_mb": round(self.peak_mb),
        }


def evaluate(works: Sequence[Work], weights: Weights, half: int = REPORTED) -> Evaluation:
    """Measure on one half of the family names. Raises ValueError if no author has an id."""
    rows: list[Row] = []
    seconds = 0.0
    for name, initials in (("as printed", False), ("initials", True)):
        trial = make_trial(works, initials).of(half)
        start = time.perf_counter()
        ours = resolved(trial, weights)
        seconds += time.perf_counter() - start
        rows += _rows(name, trial, ours)
        if trial.curated and not initials:
            rows += _rows("curated", trial, ours, trial.curated)
    return Evaluation(tuple(rows), seconds, peak_mb())


def resolved(trial: Trial, weights: Weights) -> dict[MentionKey, object]:
    """Return the cluster of each mention of a trial."""
    resolution = resolve(blocks_of(trial.mentions), weights, trial.context)
    return {mention.key: cluster.key for cluster in resolution.clusters for mention in cluster.mentions}


def _rows(name: str, trial: Trial, ours: Clustering, keys: frozenset[MentionKey] | None = None) -> list[Row]:
    truth = {key: id_ for key, id_ in trial.truth.items() if keys is None or key in keys}
    groups = {mention.key: family_of(mention) for mention in trial.mentions}
    methods = {
        "printed name": _by(trial.mentions, lambda mention: mention.name),
        "folded name": _by(trial.mentions, lambda mention: fold_name(mention.name)),
        "Peerscope": ours,
    }
    return [_row(name, method, clustering, truth, groups) for method, clustering in methods.items()]


def _row(trial: str, method: str, clusters: Clustering, truth: Mapping[MentionKey, str], groups: Clustering) -> Row:
    low, high = intervals(clusters, truth, groups)
    researchers = len({clusters[key] for key in truth})
    return Row(trial, method, researchers, len(truth), bcubed(clusters, truth), low, high)


def _by(mentions: Sequence[Mention], key: Callable[[Mention], object]) -> dict[MentionKey, object]:
    return {mention.key: key(mention) for mention in mentions}
