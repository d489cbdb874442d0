"""Tables of `peerscope evaluate identity --truth`, at most 80 columns wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from peerscope.evaluation.identity.truth import LISTED
from peerscope.terminal import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from peerscope.evaluation.identity.bcubed import Scores
    from peerscope.evaluation.identity.truth import Confusion, Slice, TruthEvaluation

WIDTH = 80
#: Mentions that are listed of one group.
MAX_KEYS = 3


def show_truth(result: TruthEvaluation, works: int, seconds: float) -> None:
    """Print the scores, and the largest wrong merges and splits."""
    console = Console(width=WIDTH, highlight=False)
    table = Table("", "mentions", "people", "P", "R", "F1", "95 % of F1", "same name", box=None, padding=(0, 1))
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for part in [result.all, *([result.ambiguous] if result.ambiguous else [])]:
        table.add_row(*_cells(part))
    for title, parts in (("by namesakes", result.by_namesakes), ("by frequency", result.by_frequency)):
        table.add_row(f"[bold]{title}[/]")
        for _, part in parts:
            table.add_row(*_cells(part))
    console.print(table)
    console.print("P, R, F1: B-cubed. same name: F1 if each folded name is one person. expected: namesakes, estimated.")
    left_out = f"; {result.flagged:,} flagged rows left out" if result.flagged else ""
    missing = f"; {result.missing:,} rows name a work or author that is not there" if result.missing else ""
    console.print(f"{works:,} works, resolved in {seconds:.0f} s of processor time{left_out}{missing}.")
    _list(console, "wrong merges", "people in one researcher", result.wrong_merges)
    _list(console, "wrong splits", "researchers of one person", result.wrong_splits)


def _cells(part: Slice) -> tuple[str, ...]:
    interval = f"{part.low.f1:.3f}-{part.high.f1:.3f}"
    return (
        part.label,
        f"{part.mentions:,}",
        f"{part.people:,}",
        *_triple(part.scores),
        interval,
        _short(part.same_name.f1),
    )


def _triple(scores: Scores) -> tuple[str, str, str]:
    return _short(scores.precision), _short(scores.recall), _short(scores.f1)


def _short(value: float) -> str:
    return f"{value:.3f}"


def _list(console: Console, title: str, meaning: str, items: Sequence[Confusion]) -> None:
    more = f", the {LISTED} largest" if len(items) > LISTED else ""
    console.print(f"\n[bold]{len(items):,} {title}[/] ({meaning}){more}")
    for item in items[:LISTED]:
        console.print(f"  {item.label}: {item.mentions} works")
        for _, keys in item.parts:
            others = f" and {len(keys) - MAX_KEYS} more" if len(keys) > MAX_KEYS else ""
            console.print(f"    - {', '.join(keys[:MAX_KEYS])}{others}", soft_wrap=True, markup=False)


def show_curve(rows: Sequence[tuple[float, TruthEvaluation]]) -> None:
    """Print the scores at each threshold."""
    table = Table("threshold", "all: P", "R", "F1", "ambiguous: P", "R", "F1", box=None)
    for threshold, result in rows:
        ambiguous = _triple(result.ambiguous.scores) if result.ambiguous else ("", "", "")
        table.add_row(f"{threshold:g}", *_triple(result.all.scores), *ambiguous)
    Console(width=WIDTH, highlight=False).print(table)
