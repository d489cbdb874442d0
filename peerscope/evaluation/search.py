"""Search for works: each mode's nDCG@10, recall@100 and MRR, and whether hybrid beats its two parts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from peerscope.evaluation.indexed import ask
from peerscope.evaluation.metrics import Mean, bootstrap, per_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed

MODES = ("keyword", "semantic", "hybrid")
#: The first one is what the gain of hybrid over its parts is measured by, here and in the other evaluations.
MEASURES = ("nDCG@10", "recall@100", "MRR")
DEPTH = 100


@dataclass(frozen=True)
class Row:
    """What one way to ask came to: a mean for each measure, and the ms of one answer."""

    name: str
    means: dict[str, Mean]
    p50: float
    p95: float


@dataclass(frozen=True)
class Result:
    """An evaluation: its rows, and how much better the last row is than each other, by the first measure."""

    collection: str
    works: int
    rejected: int
    queries: int
    rows: list[Row]
    gains: dict[str, Mean]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    def mean(self, name: str) -> float:
        """Return a row's mean of the first measure."""
        row = next(row for row in self.rows if row.name == name)
        return next(iter(row.means.values())).mean


def search_lists(collection: Collection, indexed: Indexed, mode: str) -> tuple[dict[str, list[str]], list[float]]:
    """Ask every query in one mode; gives the collection's ids, the best first, and the ms of each answer."""
    client = indexed.client()
    lists, times = {}, []
    for id_, text in collection.queries.items():
        answer, took = ask(client, "works", q=text, mode=mode, per_page=DEPTH, select="id")
        lists[id_] = [collection.given_ids[work["id"]] for work in answer["results"]]
        times.append(took)
    return lists, times


def evaluate(collection: Collection, indexed: Indexed, modes: Sequence[str] = MODES) -> Result:
    """Ask every query in every mode and hold the lists against the judgements."""
    asked = {mode: search_lists(collection, indexed, mode) for mode in modes}
    return result(collection, indexed, asked, MEASURES)


def result(
    collection: Collection,
    indexed: Indexed,
    asked: dict[str, tuple[dict[str, list[str]], list[float]]],
    measures: Sequence[str],
) -> Result:
    """Hold lists that were got in several ways against the judgements; the last way is the one that should win."""
    values = {name: per_query(collection.qrels, lists, measures) for name, (lists, _) in asked.items()}
    rows = [_row(name, values[name], times) for name, (_, times) in asked.items()]
    *others, best = values
    gains = {name: bootstrap(values[best][measures[0]] - values[name][measures[0]]) for name in others}
    return Result(collection.name, indexed.works, indexed.rejected, len(collection.queries), rows, gains)


def _row(name: str, values: dict[str, NDArray[np.float64]], times: Sequence[float]) -> Row:
    p50, p95 = np.percentile(times, [50, 95])
    return Row(name, {measure: bootstrap(each) for measure, each in values.items()}, float(p50), float(p95))
