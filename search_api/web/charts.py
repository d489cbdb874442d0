"""Bar charts as plain SVG shapes: geometry here, drawing in the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Units of a bar with the gap beside it, of the gap, and of the highest bar.
STEP = 28
GAP = 6
HEIGHT = 100
#: Years in a chart at the most; a slip of a source (the year 19) must not make it endless.
MOST = 80


@dataclass(frozen=True)
class Bar:
    """A year's works, and the rectangle that stands for them; y counts down from the top."""

    year: int
    works: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class YearChart:
    """Works per year, years without any included, and the size of the drawing."""

    bars: list[Bar]

    @property
    def width(self) -> int:
        """Units across."""
        return STEP * len(self.bars)

    @property
    def height(self) -> int:
        """Units down."""
        return HEIGHT

    @property
    def words(self) -> str:
        """The chart in one sentence, for those who do not see it."""
        each = ", ".join(f"{bar.year}: {bar.works}" for bar in self.bars if bar.works)
        return f"Works per year. {each}."


def year_chart(counts: Sequence[Mapping[str, Any]]) -> YearChart:
    """Lay out `[{"year", "works"}]`; the latest `MOST` years."""
    works = {entry["year"]: entry["works"] for entry in counts}
    if not works:
        return YearChart([])
    last = max(works)
    years = range(max(min(works), last - MOST + 1), last + 1)
    highest = max(works[year] for year in years if year in works)
    bars = []
    for position, year in enumerate(years):
        height = HEIGHT * works.get(year, 0) / highest
        left = position * STEP + GAP / 2
        bars.append(Bar(year, works.get(year, 0), left, round(HEIGHT - height, 1), STEP - GAP, round(height, 1)))
    return YearChart(bars)
