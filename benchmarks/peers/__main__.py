"""Fill each system with each collection, send every query, and print the figures side by side."""

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
from peerscope.settings import Settings
from search_api.http.server import prepare_process

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
    """Send every query to a filled system once, after a warm-up query."""
    prepare_process()  # as a worker of the server does
    filled.find("a query to warm up", COUNT)
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
    """Compare Peerscope with the best of the others in every figure."""
    rows = []
    for collection in dict.fromkeys(row.collection for row in figures):
        systems = [row for row in figures if row.collection == collection]
        (mine,) = (row for row in systems if row.system == "Peerscope")
        over_http = [row for row in systems if row.system == "Peerscope, HTTP"]
        others = [row for row in systems if row is not mine and row not in over_http]
        best = max(row.ndcg.mean for row in others)
        rows.append(Target(f"{collection}: nDCG@10", mine.ndcg.mean, f"above {best:.3f}", mine.ndcg.mean > best))
        for name in ("works_per_second", "written_per_second"):
            most = max(getattr(row, name) for row in others)
            rows.append(
                Target(f"{collection}: {name}", getattr(mine, name), f"above {most:.3g}", getattr(mine, name) > most)
            )
        for name in ("p50", "p95"):
            least, value = min(getattr(row, name) for row in others), getattr(mine, name)
            rows.append(Target(f"{collection}: query {name}, ms", value, f"below {least:.3g}", value < least))
            for row in over_http:
                value = getattr(row, name)
                rows.append(Target(f"{collection}: the same over HTTP", value, f"below {least:.3g}", value < least))
    return rows


def table(figures: Sequence[Figures]) -> Table:
    """Return the figures as a table, one row per system and collection."""
    rows = Table("", "", "nDCG@10", "works/s", "without embedding", "query ms p50", "p95", title="Side by side, hybrid")
    for row in figures:
        speeds = (f"{row.works_per_second:.0f}", f"{row.written_per_second:.0f}", f"{row.p50:.1f}", f"{row.p95:.1f}")
        rows.add_row(row.collection, row.system, str(row.ndcg), *speeds)
    return rows


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--collection", "names", multiple=True, default=COLLECTIONS, show_default=True, help="Repeatable.")
def main(as_json: bool, names: Sequence[str]) -> None:
    """Compare Peerscope with txtai and LanceDB."""
    missing = [package for package in ("txtai", "lancedb", "pytrec_eval") if find_spec(package) is None]
    if missing:
        raise click.ClickException(f"NOTHING MEASURED: install {', '.join(missing)} (pip install --group peers)")
    folders = [data_folder(Settings.load()) / "collections" / name for name in names]
    if absent := [str(folder) for folder in folders if not folder.is_dir()]:
        raise click.ClickException(f"NOTHING MEASURED: {', '.join(absent)} does not exist; set PEERSCOPE_DATA")
    figures = compare([load(folder) for folder in folders])
    if as_json:
        rows = {"figures": [asdict(row) for row in figures], "targets": [asdict(row) for row in targets(figures)]}
        click.echo(json.dumps(rows, indent=2))
        return
    console = Console(width=None if sys.stdout.isatty() else 130)
    console.print(table(figures), targets_table(targets(figures), "Peerscope against the best of the others"))
    console.print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
