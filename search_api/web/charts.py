"""Geometry of bar charts; the template draws them as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Width of a bar with its gap, of the gap, and height of the tallest bar, in units of the drawing.
STEP = 28
GAP = 6
HEIGHT = 100
#: Number of years in a chart: with fewer, bars would be too wide; with more, a wrong year of a source, such as 19,
#: would make all others invisible.
MIN_YEARS, MAX_YEARS = 10, 80


@dataclass(frozen=True)
class Bar:
    """The works of a year and their rectangle; y counts down from the top."""

    year: int
    works: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class YearChart:
    """Works per year, including years without any, and the size of the drawing."""

    bars: list[Bar]

    @property
    def width(self) -> int:
        """Width in units."""
        return STEP * len(self.bars)

    @property
    def height(self) -> int:
        """Height in units."""
        return HEIGHT

    @property
    def words(self) -> str:
        """The chart in words, for screen readers."""
        each = ", ".join(f"{bar.year}: {bar.works}" for bar in self.bars if bar.works)
        return f"Works per year. {each}."


def year_chart(counts: Sequence[Mapping[str, Any]]) -> YearChart:
    """Return the chart of `[{"year", "works"}]` for the latest `MIN_YEARS` to `MAX_YEARS` years."""
    works = {entry["year"]: entry["works"] for entry in counts}
    if not works:
        return YearChart([])
    last = max(works)
    first = min(min(works), last - MIN_YEARS + 1)
    years = range(max(first, last - MAX_YEARS + 1), last + 1)
    highest = max(1, *(works[year] for year in years if year in works))
    bars = []
    for position, year in enumerate(years):
        height = HEIGHT * works.get(year, 0) / highest
        left = position * STEP + GAP / 2
        bars.append(Bar(year, works.get(year, 0), left, round(HEIGHT - height, 1), STEP - GAP, round(height, 1)))
    return YearChart(bars)
