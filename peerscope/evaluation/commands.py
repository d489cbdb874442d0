"""`peerscope evaluate identity | search | similar | experts`: tables of quality, or JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from peerscope import engine
from peerscope.evaluation import experts as expertise
from peerscope.evaluation import search as searching
from peerscope.evaluation import similar as likeness
from peerscope.evaluation.collection import load
from peerscope.evaluation.identity.commands import identity
from peerscope.evaluation.indexed import indexed
from peerscope.evaluation.metrics import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed
    from peerscope.evaluation.search import Result

_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
_QRELS = click.option(
    "--qrels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judgements. [default: DIR/qrels/test]",
)
_HALF = click.option(
    "--half", type=click.Choice(["all", "odd", "even"]), default="all", show_default=True, help="Every other query."
)
_KEEP = click.option("--keep", is_flag=True, help="Leave the indices there, and say their prefix.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print the numbers as JSON, for programs.")


@click.group()
def evaluate() -> None:
    """Measure how good the answers are, on data whose truth is known."""


evaluate.add_command(identity)


@evaluate.command()
@_FOLDER
@_QRELS
@click.option("--mode", "modes", type=click.Choice(searching.MODES), multiple=True, help="Only this; may be repeated.")
@_HALF
@_KEEP
@_JSON
def search(folder: Path, qrels: Path | None, modes: tuple[str, ...], half: str, keep: bool, as_json: bool) -> None:
    """Measure search for works on a judged collection in BEIR layout.

    Indexes DIR into indices of its own, asks the API every query in each mode, and removes the indices. Prints nDCG@10
    (linear gain, as trec_eval), recall@100 and MRR, each with the interval that holds 95 % of bootstrap samples.
    """
    chosen = [mode for mode in searching.MODES if mode in modes or not modes]
    _run(
        lambda: load(folder, qrels, half),
        lambda known, on: searching.evaluate(known, on, chosen),
        keep=keep,
        as_json=as_json,
    )


@evaluate.command()
@_FOLDER
@_QRELS
@_HALF
@_KEEP
@_JSON
def similar(folder: Path, qrels: Path | None, half: str, keep: bool, as_json: bool) -> None:
    """Measure similar works: judgements are pairs of works, such as those that cite one another.

    Prints recall@20, nDCG@10 and MRR of what the API gives, beside its keyword part and its vector part alone.
    """
    _run(lambda: load(folder, qrels, half, by_work=True), likeness.evaluate, keep=keep, as_json=as_json)


@evaluate.command()
@_FOLDER
@_QRELS
@_KEEP
@_JSON
def experts(folder: Path, qrels: Path | None, keep: bool, as_json: bool) -> None:
    """Measure who is found for a topic: DIR holds works.jsonl, whose metadata name the candidates that wrote each.

    Prints MAP, recall@100 and MRR of the researchers that a topic leads to, by keyword, by meaning and by both.
    """
    _run(lambda: load(folder, qrels, corpus="works"), expertise.evaluate, keep=keep, as_json=as_json)


def _run(
    read: Callable[[], Collection], measure: Callable[[Collection, Indexed], Result], *, keep: bool, as_json: bool
) -> None:
    """Index a collection, query it, remove it again and print the measurements."""
    console = Console(stderr=True)
    require()
    collection = read()
    console.print(f"indexing {len(collection.records):,} works of {collection.name}")
    engine.keep_alive()
    with indexed(collection.records, keep=keep) as works:
        console.print(f"{works.works:,} works in {works.seconds:.0f} s, {works.rejected} rejected; asking")
        result = measure(collection, works)
        if keep:
            prefix = works.services.names.prefix
            console.print(f"kept; to look: PEERSCOPE_INDEX_PREFIX={prefix} peerscope serve")
    if as_json:
        click.echo(json.dumps(result.to_dict(), indent=2))
    else:
        show(result)


def show(result: Result) -> None:
    """Print an evaluation as a table, with the gain of the last row over the others."""
    measures = list(result.rows[0].means)
    table = Table("", *measures, "ms p50", "p95", title=f"{result.collection}: {result.queries:,} queries", box=None)
    for row in result.rows:
        table.add_row(row.name, *(str(row.means[name]) for name in measures), f"{row.p50:.1f}", f"{row.p95:.1f}")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(table)
    for name, gain in result.gains.items():
        interval = f"{gain.low:+.3f} to {gain.high:+.3f}"
        console.print(f"{result.rows[-1].name} - {name}: {gain.mean:+.3f} {measures[0]} ({interval})")
