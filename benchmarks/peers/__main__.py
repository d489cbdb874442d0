"""Fill each system with each collection, ask it every query, and print the figures side by side."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.peers.systems import SYSTEMS
from benchmarks.targets import Target, data_folder, targets_table
from peerscope.evaluation.collection import load
from peerscope.evaluation.metrics import Mean, bootstrap, per_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.peers.systems import Filled
    from peerscope.evaluation.collection import Collection

COLLECTIONS = ("cranfield", "cacm")
COUNT = 10


@dataclass(frozen=True)
class Figures:
    """One system on one collection: quality, docs/s with and without embedding, ms of one query."""

    system: str
    collection: str
    ndcg: Mean
    works_per_second: float
    written_per_second: float
    p50: float
    p95: float


def measure(name: str, collection: Collection, filled: Filled) -> Figures:
    """Ask a filled system every query once, after one that meets cold code."""
    filled.find("a first query that meets cold code", COUNT)
    lists, times = {}, []
    for id_, text in collection.queries.items():
        start = time.perf_counter()
        lists[id_] = filled.find(text, COUNT)
        times.append(1000 * (time.perf_counter() - start))
    ndcg = bootstrap(per_query(collection.qrels, lists, ["nDCG@10"])["nDCG@10"])
    works, (p50, p95) = len(collection.records), np.percentile(times, [50, 95])
    rest = filled.seconds - filled.embedding_seconds
    return Figures(name, collection.name, ndcg, works / filled.seconds, works / rest, float(p50), float(p95))


def compare(collections: Sequence[Collection], systems: Sequence[str] = tuple(SYSTEMS)) -> list[Figures]:
    """Measure each system on each collection."""
    figures = []
    for collection in collections:
        for name in systems:
            with (
                tempfile.TemporaryDirectory(prefix="peers-") as folder,
                SYSTEMS[name].fill(collection, Path(folder)) as filled,
            ):
                figures.append(measure(name, collection, filled))
    return figures


def targets(figures: Sequence[Figures]) -> list[Target]:
    """Hold Peerscope against the best of the others, column by column."""
    rows = []
    for collection in dict.fromkeys(one.collection for one in figures):
        here = [one for one in figures if one.collection == collection]
        (mine,) = (one for one in here if one.system == "Peerscope")
        others = [one for one in here if one is not mine]
        best = max(one.ndcg.mean for one in others)
        rows.append(Target(f"{collection}: nDCG@10", mine.ndcg.mean, f"above {best:.3f}", mine.ndcg.mean > best))
        for what in ("works_per_second", "written_per_second"):
            most = max(getattr(one, what) for one in others)
            rows.append(
                Target(f"{collection}: {what}", getattr(mine, what), f"above {most:.3g}", getattr(mine, what) > most)
            )
        for what in ("p50", "p95"):
            least = min(getattr(one, what) for one in others)
            rows.append(
                Target(
                    f"{collection}: query {what}, ms",
                    getattr(mine, what),
                    f"below {least:.3g}",
                    getattr(mine, what) < least,
                )
            )
    return rows


def table(figures: Sequence[Figures]) -> Table:
    """Lay out the figures, one system on one collection a row."""
    laid = Table("", "", "nDCG@10", "works/s", "without embedding", "query ms p50", "p95", title="Side by side, hybrid")
    for one in figures:
        speeds = (f"{one.works_per_second:.0f}", f"{one.written_per_second:.0f}", f"{one.p50:.1f}", f"{one.p95:.1f}")
        laid.add_row(one.collection, one.system, str(one.ndcg), *speeds)
    return laid


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def main(as_json: bool) -> None:
    """Compare Peerscope with txtai and LanceDB."""
    missing = [name for name in ("txtai", "lancedb", "pytrec_eval") if find_spec(name) is None]
    if missing:
        raise click.ClickException(f"NOTHING MEASURED: install {', '.join(missing)} (pip install --group peers)")
    folders = [data_folder() / "collections" / name for name in COLLECTIONS]
    if absent := [str(folder) for folder in folders if not folder.is_dir()]:
        raise click.ClickException(f"NOTHING MEASURED: there is no {', '.join(absent)}; set PEERSCOPE_DATA")
    figures = compare([load(folder) for folder in folders])
    if as_json:
        rows = {"figures": [asdict(one) for one in figures], "targets": [asdict(row) for row in targets(figures)]}
        click.echo(json.dumps(rows, indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(table(figures), targets_table(targets(figures), "Peerscope against the best of the others"))
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
