"""Metrics of ranked lists by trec_eval's own code (pytrec_eval), and how sure a mean over queries is."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from peerscope.errors import PeerscopeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from peerscope.evaluation.collection import Qrels

#: Our names -> trec_eval's. Its nDCG has linear gain: a grade of 4 counts four times a grade of 1.
MEASURES = {
    "nDCG@10": "ndcg_cut_10",
    "recall@20": "recall_20",
    "recall@50": "recall_50",
    "recall@100": "recall_100",
    "MRR": "recip_rank",
    "MAP": "map",
}
#: Bootstrap samples: the ends of the interval move by less than .002 from seed to seed.
SAMPLES = 10_000
SEED = 1


class MetricsMissingError(PeerscopeError):
    """The library that does the sums is not installed."""


@dataclass(frozen=True)
class Mean:
    """A mean over queries, and the interval that holds 95 % of the means of resampled queries."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


def require() -> None:
    """Raise MetricsMissingError, which says what to install, when the sums cannot be done: before work is begun."""
    if importlib.util.find_spec("pytrec_eval") is None:
        raise MetricsMissingError("Evaluating needs pytrec_eval: install it with pip install 'peerscope[evaluate]'")


def per_query(
    qrels: Qrels, lists: Mapping[str, Sequence[str]], measures: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return each measure for each query, float64[queries], in the order of `qrels`.

    `lists` are document ids, the best first; a query without a list counts as 0. Raises MetricsMissingError.
    """
    require()
    import pytrec_eval

    # Scores that fall with the place keep our order: trec_eval sorts by score, and ties by name.
    run = {
        query: {document: float(len(found) - place) for place, document in enumerate(found)}
        for query, found in lists.items()
    }
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {MEASURES[name] for name in measures})
    values = evaluator.evaluate(run)
    return {name: np.array([values.get(query, {}).get(MEASURES[name], 0.0) for query in qrels]) for name in measures}


def bootstrap(values: NDArray[np.float64], samples: int = SAMPLES, seed: int = SEED) -> Mean:
    """Return the mean with its 95 % percentile interval over resampled queries (Efron 1979; for IR: Sakai 2006).

    Given the differences of two rankings query by query, the interval is that of the paired difference.
    """
    drawn = np.random.default_rng(seed).integers(0, len(values), (samples, len(values)))
    means = values[drawn].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Mean(float(values.mean()), float(low), float(high))
