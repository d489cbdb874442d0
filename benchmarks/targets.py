"""Shared by all benchmarks: the folder of the data, and figures compared with their targets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from peerscope.evaluation.collection import data_folder

__all__ = ["ROOT", "Target", "data_folder", "targets_table"]

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Target:
    """A measured figure and its target."""

    name: str
    measured: float
    wanted: str
    reached: bool


def targets_table(rows: list[Target], title: str) -> Table:
    """Return the targets as a table, one per row; missed ones are marked."""
    table = Table("figure", "measured", "target", "reached", title=title)
    for row in rows:
        mark = "[green]yes[/]" if row.reached else "[bold red]NOT REACHED[/]"
        table.add_row(row.name, f"{row.measured:.3g}", row.wanted, mark)
    return table
