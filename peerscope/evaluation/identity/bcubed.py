"""B-cubed precision, recall and F1 of a clustering (Bagga and Baldwin, 1998).

For each item, precision is the share of its cluster that is of its class, recall the share of its class that is in its
cluster; both are averaged over items. So a wrong merge of two large clusters costs much, one stray mention little.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

#: An item that is clustered.
Item = TypeVar("Item", bound="Hashable")


class Scores(NamedTuple):
    """Precision, recall and F1 between 0 and 1."""

    precision: float
    recall: float
    f1: float


def items(clusters: Mapping[Item, object], truth: Mapping[Item, object]) -> dict[Item, tuple[float, float]]:
    """Return precision and recall of each item of `truth`; `clusters` must contain every one."""
    cells = Counter((clusters[item], class_) for item, class_ in truth.items())
    sizes = Counter(clusters[item] for item in truth)
    classes = Counter(truth.values())
    return {
        item: (cells[clusters[item], class_] / sizes[clusters[item]], cells[clusters[item], class_] / classes[class_])
        for item, class_ in truth.items()
    }


def bcubed(clusters: Mapping[Item, object], truth: Mapping[Item, object]) -> Scores:
    """Return B-cubed precision, recall and their harmonic mean. Raises ValueError for an empty truth."""
    if not truth:
        raise ValueError("no item has a true class: there is nothing to measure against")
    return _scores(list(items(clusters, truth).values()))


def intervals(
    clusters: Mapping[Item, object],
    truth: Mapping[Item, object],
    groups: Mapping[Item, object],
    draws: int = 200,
) -> tuple[Scores, Scores]:
    """Return the 2.5 and 97.5 percentiles of each score over bootstrap samples of `groups` (family names).

    Whole groups are drawn, because the mentions of a name are right or wrong together.
    """
    sums: dict[object, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for item, (precision, recall) in items(clusters, truth).items():
        total = sums[groups[item]]
        total[0] += precision
        total[1] += recall
        total[2] += 1
    cells, chance = list(sums.values()), random.Random(0)  # noqa: S311 (a statistic, no secret)
    drawn = [_ratio(chance.choices(cells, k=len(cells))) for _ in range(draws)]
    columns = [sorted(column) for column in zip(*drawn, strict=True)]
    low, high = round(0.025 * (draws - 1)), round(0.975 * (draws - 1))
    return Scores(*(column[low] for column in columns)), Scores(*(column[high] for column in columns))


def _ratio(cells: Sequence[Sequence[float]]) -> Scores:
    count = sum(cell[2] for cell in cells) or 1.0
    return _f1(sum(cell[0] for cell in cells) / count, sum(cell[1] for cell in cells) / count)


def _scores(values: Sequence[tuple[float, float]]) -> Scores:
    return _f1(sum(p for p, _ in values) / len(values), sum(r for _, r in values) / len(values))


def _f1(precision: float, recall: float) -> Scores:
    return Scores(precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0)
