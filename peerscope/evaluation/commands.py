"""`peerscope evaluate identity | search | similar | experts`: measurements as tables or JSON."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from peerscope import engine
from peerscope.commands import pass_settings
from peerscope.evaluation.collection import load
from peerscope.evaluation.identity.commands import identity
from peerscope.evaluation.indexed import indexed
from peerscope.evaluation.metrics import require_pytrec_eval
from peerscope.evaluation.search import MODES, evaluate_experts, evaluate_search
from peerscope.evaluation.similar import evaluate_similar
from peerscope.terminal import Console, echo_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from peerscope.evaluation.collection import Collection
    from peerscope.evaluation.indexed import Indexed
    from peerscope.evaluation.search import Result
    from peerscope.settings import Settings

_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
_QRELS = click.option(
    "--qrels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judgements. [default: DIR/qrels/test]",
)
_HALF = click.option(
    "--half",
    type=click.Choice(["all", "odd", "even"]),
    default="all",
    show_default=True,
    help="Use every other query only.",
)
_KEEP = click.option("--keep", is_flag=True, help="Keep the indices, and print their prefix.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def evaluate() -> None:
    """Measure the quality of results on judged data."""


evaluate.add_command(identity)


@evaluate.command()
@_FOLDER
@_QRELS
@click.option("--mode", "modes", type=click.Choice(MODES), multiple=True, help="Only this mode; may be repeated.")
@_HALF
@_KEEP
@_JSON
@pass_settings
def search(
    settings: Settings, folder: Path, qrels: Path | None, modes: tuple[str, ...], half: str, keep: bool, as_json: bool
) -> None:
    """Measure the search for works on a judged collection in BEIR layout.

    Indexes DIR under a temporary prefix, runs every query in each mode through the API, and removes the indices. Prints
    nDCG@10 (linear gain, as trec_eval), recall@100 and MRR, each with a 95 % bootstrap interval.
    """
    chosen = [mode for mode in MODES if mode in modes or not modes]
    _run(
        settings,
        lambda: load(folder, qrels, half),
        lambda collection, works: evaluate_search(collection, works, chosen),
        keep=keep,
        as_json=as_json,
    )


@evaluate.command()
@_FOLDER
@_QRELS
@_HALF
@_KEEP
@_JSON
@pass_settings
def similar(settings: Settings, folder: Path, qrels: Path | None, half: str, keep: bool, as_json: bool) -> None:
    """Measure similar works; the judgements are pairs of works, such as works that cite each other.

    Prints recall@20, nDCG@10 and MRR of the API and of its keyword and vector parts alone.
    """
    _run(settings, lambda: load(folder, qrels, half, by_work=True), evaluate_similar, keep=keep, as_json=as_json)


@evaluate.command()
@_FOLDER
@_QRELS
@_KEEP
@_JSON
@pass_settings
def experts(settings: Settings, folder: Path, qrels: Path | None, keep: bool, as_json: bool) -> None:
    """Measure the search for experts; DIR contains works.jsonl, whose metadata name the candidates who wrote each.

    Prints MAP, recall@100 and MRR of the ranked researchers in each mode.
    """
    _run(settings, lambda: load(folder, qrels, corpus="works"), evaluate_experts, keep=keep, as_json=as_json)


def _run(
    settings: Settings,
    read: Callable[[], Collection],
    measure: Callable[[Collection, Indexed], Result],
    *,
    keep: bool,
    as_json: bool,
) -> None:
    """Index a collection, query it, remove it again and print the measurements."""
    console = Console(stderr=True)
    require_pytrec_eval()
    collection = read()
    console.print(f"indexing {len(collection.records):,} works of {collection.name}")
    engine.keep_alive(settings)
    with indexed(settings, collection.records, keep=keep) as works:
        console.print(f"{works.works:,} works in {works.seconds:.0f} s, {works.rejected} rejected; running the queries")
        result = measure(collection, works)
        if keep:
            prefix = works.services.names.prefix
            console.print(f"kept; to search it: PEERSCOPE_INDEX_PREFIX={prefix} peerscope serve")
    if as_json:
        echo_json(result.to_dict())
    else:
        show(result)


def show(result: Result) -> None:
    """Print an evaluation as a table, with the gains of the last row over the others."""
    measures = list(result.rows[0].means)
    table = Table("", *measures, "ms p50", "p95", title=f"{result.collection}: {result.queries:,} queries", box=None)
    for row in result.rows:
        table.add_row(row.name, *(str(row.means[name]) for name in measures), f"{row.p50:.1f}", f"{row.p95:.1f}")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    console.print(table)
    for name, gain in result.gains.items():
        interval = f"{gain.low:+.3f} to {gain.high:+.3f}"
        console.print(f"{result.rows[-1].name} - {name}: {gain.mean:+.3f} {measures[0]} ({interval})")
