"""What all benchmarks share: the folder of the data, and figures held against what was promised."""

from __future__ import annotations

from dataclasses import dataclass

from rich.table import Table

from peerscope.evaluation.data import ROOT, data_folder

__all__ = ["ROOT", "Target", "data_folder", "targets_table"]


@dataclass(frozen=True)
class Target:
    """A figure that was promised."""

    what: str
    measured: float
    wanted: str
    reached: bool


def targets_table(rows: list[Target], title: str) -> Table:
    """Lay out the targets, one a row; one that is missed says so."""
    table = Table("what", "measured", "target", "reached", title=title)
    for row in rows:
        mark = "[green]yes[/]" if row.reached else "[bold red]NOT REACHED[/]"
        table.add_row(row.what, f"{row.measured:.3g}", row.wanted, mark)
    return table
