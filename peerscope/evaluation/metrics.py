"""Metrics of ranked lists, computed by trec_eval's code (pytrec_eval), and confidence intervals of their means."""

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

#: trec_eval's names. Its nDCG has linear gain: a grade of 4 counts four times a grade of 1.
MEASURES = {
    "nDCG@5": "ndcg_cut_5",
    "nDCG@10": "ndcg_cut_10",
    "recall@20": "recall_20",
    "recall@50": "recall_50",
    "recall@100": "recall_100",
    "MRR": "recip_rank",
    "MAP": "map",
}
#: Bootstrap samples; between seeds, the interval's bounds differ by less than .002.
SAMPLES = 10_000
SEED = 1


class MetricsMissingError(PeerscopeError):
    """The library pytrec_eval is not installed."""


@dataclass(frozen=True)
class Mean:
    """A mean over queries, and the interval of 95 % of the means of resampled queries."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


def require_pytrec_eval() -> None:
    """Raise `MetricsMissingError` if pytrec_eval is not installed; call it before long work."""
    if importlib.util.find_spec("pytrec_eval") is None:
        raise MetricsMissingError("Evaluation needs pytrec_eval: pip install 'peerscope[evaluate]'")


def per_query(
    qrels: Qrels, lists: Mapping[str, Sequence[str]], measures: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return each measure as float64[queries], in the order of `qrels`.

    `lists` are document ids, best first; a query without a list counts as 0. Raises `MetricsMissingError`.
    """
    require_pytrec_eval()
    import pytrec_eval

    # trec_eval sorts by score and breaks ties by name; scores that decrease with the rank keep our order.
    run = {
        query: {document: float(len(documents) - rank) for rank, document in enumerate(documents)}
        for query, documents in lists.items()
    }
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {MEASURES[name] for name in measures})
    values = evaluator.evaluate(run)
    return {name: np.array([values.get(query, {}).get(MEASURES[name], 0.0) for query in qrels]) for name in measures}


def bootstrap(values: NDArray[np.float64], samples: int = SAMPLES, seed: int = SEED) -> Mean:
    """Return the mean with its 95 % percentile interval over resampled queries (Efron 1979; for IR: Sakai 2006).

    For the differences between two rankings per query, it is the interval of the paired difference.
    """
    drawn = np.random.default_rng(seed).integers(0, len(values), (samples, len(values)))
    means = values[drawn].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Mean(float(values.mean()), float(low), float(high))
