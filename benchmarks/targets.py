"""What all benchmarks share: the folder of the data, and figures held against what was promised."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent


def data_folder() -> Path:
    """Give the folder of corpora and judged collections: `PEERSCOPE_DATA`, else `shared/data` beside the repository."""
    return Path(os.environ.get("PEERSCOPE_DATA") or ROOT.parent / "shared/data")


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
