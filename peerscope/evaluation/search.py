"""Search for works and for experts: quality of each mode, and the gain of hybrid search over its two parts."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from peerscope.evaluation.collection import CANDIDATE
from peerscope.evaluation.indexed import query_api
from peerscope.evaluation.metrics import Mean, bootstrap, per_query
from search_api.researchers.experts import rank_experts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed

MODES = ("keyword", "semantic", "hybrid")
#: The gain of hybrid search is measured by the first one, as in all evaluations.
MEASURES = ("nDCG@10", "recall@100", "MRR")
EXPERT_MEASURES = ("MAP", "recall@100", "MRR")
DEPTH = 100

#: Ids of the collection by query id, best first; and the milliseconds of each query.
Lists = tuple[dict[str, list[str]], list[float]]


@dataclass(frozen=True)
class Row:
    """Quality of one ranking method: a mean for each measure, and the median and 95th percentile of a query in ms."""

    name: str
    means: dict[str, Mean]
    p50: float
    p95: float


@dataclass(frozen=True)
class Result:
    """An evaluation: its rows, and the gain of the last row over each other by the first measure."""

    collection: str
    works: int
    rejected: int
    queries: int
    rows: list[Row]
    gains: dict[str, Mean]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)

    def mean(self, name: str) -> float:
        """Return a row's mean of the first measure."""
        row = next(row for row in self.rows if row.name == name)
        return next(iter(row.means.values())).mean


def search_lists(collection: Collection, indexed: Indexed, mode: str) -> Lists:
    """Search works for every query in one mode through the API."""
    client = indexed.client()
    lists, times = {}, []
    for id_, text in collection.queries.items():
        response, milliseconds = query_api(client, "works", q=text, mode=mode, per_page=DEPTH, select="id")
        lists[id_] = [collection.original_ids[work["id"]] for work in response["results"]]
        times.append(milliseconds)
    return lists, times


def expert_lists(collection: Collection, indexed: Indexed, mode: str) -> Lists:
    """Rank researchers for every query in one mode, by the function behind the API's `about` and `rank`."""
    candidates = {document["id"]: name for name, document in indexed.researchers(CANDIDATE).items()}
    lists, times = {}, []
    with indexed.app.app_context():
        for id_, text in collection.queries.items():
            start = time.perf_counter()
            experts = rank_experts(indexed.services, text, mode=mode)
            times.append(1000 * (time.perf_counter() - start))
            lists[id_] = [candidates[expert.id] for expert in experts if expert.id in candidates]
    return lists, times


def evaluate_search(collection: Collection, indexed: Indexed, modes: Sequence[str] = MODES) -> Result:
    """Evaluate the search for works in every mode."""
    methods = {mode: search_lists(collection, indexed, mode) for mode in modes}
    return evaluate_lists(collection, indexed, methods, MEASURES)


def evaluate_experts(collection: Collection, indexed: Indexed) -> Result:
    """Evaluate the search for experts in every mode."""
    methods = {mode: expert_lists(collection, indexed, mode) for mode in MODES}
    return evaluate_lists(collection, indexed, methods, EXPERT_MEASURES)


def evaluate_lists(
    collection: Collection, indexed: Indexed, methods: dict[str, Lists], measures: Sequence[str]
) -> Result:
    """Compare the lists of several ranking methods with the judgements; the last method is the one that should win."""
    values = {name: per_query(collection.qrels, lists, measures) for name, (lists, _) in methods.items()}
    rows = [_row(name, values[name], times) for name, (_, times) in methods.items()]
    *others, best = values
    gains = {name: bootstrap(values[best][measures[0]] - values[name][measures[0]]) for name in others}
    return Result(collection.name, indexed.works, indexed.rejected, len(collection.queries), rows, gains)


def _row(name: str, values: dict[str, NDArray[np.float64]], times: Sequence[float]) -> Row:
    p50, p95 = np.percentile(times, [50, 95])
    return Row(name, {measure: bootstrap(each) for measure, each in values.items()}, float(p50), float(p95))
